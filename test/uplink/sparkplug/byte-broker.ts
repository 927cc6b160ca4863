import type { Inbound, Link, LinkFailure, LinkOptions, Message, Opened, OpenLink } from '../../../src/uplink/link.ts';

/** A broker that reads what was published when a test says so, and passes it on to one subscriber. */
export class ByteBroker {
  readonly retained = new Map<string, Uint8Array>();
  readonly #pass: (message: Message) => void;
  #open: ((opened: Opened) => void) | undefined;
  #options: LinkOptions | undefined;
  #unread: { readonly message: Message; readonly resolve: (reasonCode: number | undefined) => void }[] = [];
  #end: ((isClean: boolean) => void) | undefined;

  constructor(pass: (message: Message) => void) {
    this.#pass = pass;
  }

  readonly openLink: OpenLink = (options, signal) => {
    this.#options = options;
    return new Promise(resolve => {
      this.#open = opened => {
        this.#open = undefined;
        resolve(opened);
      };
      signal.addEventListener('abort', () => this.#open?.({ kind: 'failed', failure: { kind: 'lost' } }));
    });
  };

  get unread(): readonly Message[] {
    return this.#unread.map(({ message }) => message);
  }

  /** Lets the node in, where it asks for that. */
  admit(): void {
    if (!this.#open) return;
    const closed = new Promise<LinkFailure>(resolve => {
      const will = this.#options?.will;
      this.#end = isClean => {
        this.#end = undefined;
        for (const { resolve } of this.#unread.splice(0)) resolve(undefined);
        if (will && !isClean) this.#pass(will);
        resolve({ kind: 'lost' });
      };
    });
    this.#open({ kind: 'open', link: this.#createLink(closed) });
  }

  /** Reads the oldest message. */
  read(): void {
    const oldest = this.#unread.shift();
    if (!oldest) return;
    this.#pass(oldest.message);
    oldest.resolve(0);
  }

  /** The connection breaks; the first so many unread messages were read, only nobody says so. */
  cut(count: number): void {
    if (!this.#end) return;
    for (const message of this.unread.slice(0, count)) this.#pass(message);
    this.#end(false);
  }

  /** Somebody publishes to the node. */
  send(topic: string, payload: Uint8Array, isRetained: boolean): void {
    if (isRetained) this.retained.set(topic, payload);
    if (this.#end) this.#options?.onMessage({ topic, payload, isRetained: false });
  }

  #createLink(closed: Promise<LinkFailure>): Link {
    return {
      receiveMaximum: 65_535,
      longestPacketBytes: 268_435_460,
      closed,
      subscribe: async subscriptions => {
        for (const { topic } of subscriptions) {
          const payload = this.retained.get(topic);
          const inbound: Inbound | undefined = payload && { topic, payload, isRetained: true };
          if (inbound) this.#options?.onMessage(inbound);
        }
        return subscriptions.map(() => 1);
      },
      publish: message => {
        if (!this.#end) return Promise.resolve(undefined);
        return new Promise(resolve => {
          this.#unread.push({ message, resolve });
        });
      },
      close: async () => this.#end?.(true),
      destroy: () => this.#end?.(false),
    };
  }
}
