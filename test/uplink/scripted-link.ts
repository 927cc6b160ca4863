import type {
  Inbound,
  Link,
  LinkFailure,
  LinkOptions,
  Message,
  Opened,
  OpenLink,
  Subscription,
} from '../../src/uplink/link.ts';

/** A message as a subscriber reads it. */
export interface Read extends Omit<Message, 'payload'> {
  readonly payload: string;
}

export function readMessage(message: Message): Read {
  return { ...message, payload: Buffer.from(message.payload).toString('utf8') };
}

interface Waiting {
  readonly message: Read;
  readonly resolve: (reasonCode: number | undefined) => void;
}

/** A link to a broker that does what a test tells it to, one step at a time. */
export class ScriptedBroker {
  receiveMaximum = 65_535;
  longestPacketBytes = 268_435_460;
  /** All that subscribers were given, in order: what was acknowledged, and what was taken before a connection broke. */
  readonly delivered: Read[] = [];
  /** Acknowledged with 0x10: nobody subscribed. */
  readonly unheard: Read[] = [];
  /** Payloads that were acknowledged with a code below 0x80, and heard. */
  readonly acknowledged = new Set<string>();
  /** All that was ever published to it. */
  readonly published: Read[] = [];
  readonly attempts: LinkOptions[] = [];
  /** Most publishes that were unanswered at once. */
  deepest = 0;
  goodbyes = 0;
  readonly subscriptions: Subscription[] = [];
  /** Reason codes for the next subscriptions; 1 (granted, QoS 1) for those beyond. */
  subscribeCodes: number[] = [];
  /** What it had retained: comes with the subscription. */
  readonly retained: Inbound[] = [];
  #onMessage: ((inbound: Inbound) => void) | undefined;
  #open: ((opened: Opened) => void) | undefined;
  #waiting: Waiting[] = [];
  #cut: ((failure: LinkFailure) => void) | undefined;

  readonly openLink: OpenLink = (options, signal) => {
    this.attempts.push(options);
    this.#onMessage = options.onMessage;
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
  get unanswered(): readonly Read[] {
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
    this.#answer(this.#waiting.shift(), reasonCode);
  }

  /** Answers this publish, though older ones are unanswered. */
  answerOnly(message: Read, reasonCode = 0): void {
    const [found] = this.#waiting.filter(other => other.message === message);
    this.#waiting = this.#waiting.filter(other => other !== found);
    this.#answer(found, reasonCode);
  }

  #answer(oldest: Waiting | undefined, reasonCode: number): void {
    if (!oldest) return;
    if (reasonCode === 0x10) this.unheard.push(oldest.message);
    else if (reasonCode < 0x80) {
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

  /** Passes a message on to the gateway. */
  pass(topic: string, payload: string, isRetained = false): void {
    if (this.isConnected) this.#onMessage?.({ topic, payload: Buffer.from(payload), isRetained });
  }

  #createLink(closed: Promise<LinkFailure>): Link {
    return {
      receiveMaximum: this.receiveMaximum,
      longestPacketBytes: this.longestPacketBytes,
      closed,
      subscribe: async subscriptions => {
        if (!this.isConnected) return undefined;
        this.subscriptions.push(...subscriptions);
        for (const message of this.retained) {
          const wanted = subscriptions.find(({ topic }) => topic === message.topic);
          if (wanted?.wantsRetained) this.#onMessage?.({ ...message, isRetained: true });
        }
        return subscriptions.map(() => this.subscribeCodes.shift() ?? 1);
      },
      publish: written => {
        const message = readMessage(written);
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
