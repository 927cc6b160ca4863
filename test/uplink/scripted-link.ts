import type { Link, LinkFailure, LinkOptions, Message, Opened, OpenLink } from '../../src/uplink/link.ts';

interface Waiting {
  readonly message: Message;
  readonly resolve: (reasonCode: number | undefined) => void;
}

/** A link to a broker that does what a test tells it to, one step at a time. */
export class ScriptedBroker {
  receiveMaximum = 65_535;
  longestPacketBytes = 268_435_460;
  /** All that subscribers were given, in order: what was acknowledged, and what was taken before a connection broke. */
  readonly delivered: Message[] = [];
  /** Payloads that were acknowledged with a code below 0x80. */
  readonly acknowledged = new Set<string>();
  /** All that was ever published to it. */
  readonly published: Message[] = [];
  readonly attempts: LinkOptions[] = [];
  /** Most publishes that were unanswered at once. */
  deepest = 0;
  goodbyes = 0;
  #open: ((opened: Opened) => void) | undefined;
  #waiting: Waiting[] = [];
  #cut: ((failure: LinkFailure) => void) | undefined;

  readonly openLink: OpenLink = (options, signal) => {
    this.attempts.push(options);
    return new Promise(resolve => {
      this.#open = opened => {
        this.#open = undefined;
        resolve(opened);
      };
      signal.addEventListener('abort', () => this.#open?.({ kind: 'failed', failure: { kind: 'lost' } }));
    });
  };

  get isAsked(): boolean {
    return this.#open !== undefined;
  }

  get isConnected(): boolean {
    return this.#cut !== undefined;
  }

  /** Published on this connection and not yet answered, oldest first. */
  get unanswered(): readonly Message[] {
    return this.#waiting.map(({ message }) => message);
  }

  admit(): void {
    const closed = new Promise<LinkFailure>(resolve => {
      this.#cut = failure => {
        this.#cut = undefined;
        for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
        resolve(failure);
      };
    });
    this.#open?.({ kind: 'open', link: this.#createLink(closed) });
  }

  turnAway(failure: LinkFailure = { kind: 'network', code: 'ECONNREFUSED', detail: 'connection refused' }): void {
    this.#open?.({ kind: 'failed', failure });
  }

  /** Answers the oldest unanswered publish. */
  answer(reasonCode = 0): void {
    const oldest = this.#waiting.shift();
    if (!oldest) return;
    if (reasonCode < 0x80) {
      this.delivered.push(oldest.message);
      this.acknowledged.add(oldest.message.payload);
    }
    oldest.resolve(reasonCode);
  }

  /** Breaks the connection. The first `taken` unanswered publishes had arrived, only their acknowledgements are lost. */
  cut(taken = 0, failure: LinkFailure = { kind: 'lost' }): void {
    if (!this.isConnected) return;
    this.delivered.push(...this.unanswered.slice(0, taken));
    this.#cut?.(failure);
  }

  #createLink(closed: Promise<LinkFailure>): Link {
    return {
      receiveMaximum: this.receiveMaximum,
      longestPacketBytes: this.longestPacketBytes,
      closed,
      publish: message => {
        if (!this.isConnected) return Promise.resolve(undefined);
        this.published.push(message);
        return new Promise(resolve => {
          this.#waiting.push({ message, resolve });
          this.deepest = Math.max(this.deepest, this.#waiting.length);
        });
      },
      close: async () => {
        this.goodbyes += 1;
        this.#cut?.({ kind: 'lost' });
      },
      destroy: () => this.#cut?.({ kind: 'lost' }),
    };
  }
}
