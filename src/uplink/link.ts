import type { TlsSettings } from '../model/site.ts';

/** What carries messages to the broker. mqtt-link.ts is the real one; tests script others. */

export interface Message {
  readonly topic: string;
  /** Text is sent as UTF-8; it is only turned into bytes on its way, which leaves no buffers behind. */
  readonly payload: string | Uint8Array;
  /** MQTT 5 content type; undefined for none, which is how a payload that is no text is sent. */
  readonly contentType: string | undefined;
  /**
   * With 0 the broker acknowledges nothing; the link then asks it for a sign of life behind the message, so that all
   * publishes resolve alike.
   */
  readonly qos: 0 | 1;
  readonly isRetained: boolean;
}

export interface Subscription {
  readonly topic: string;
  /** Whether a message that the broker retained is wanted at once. */
  readonly wantsRetained: boolean;
}

/** A message that the broker has passed on to us. */
export interface Inbound {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly isRetained: boolean;
}

export interface LinkOptions {
  /** mqtt://host:port or mqtts://host:port */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly keepaliveMs: number;
  readonly tls: TlsSettings | undefined;
  /** What the broker publishes when we are gone without a word. */
  readonly will: Message;
  /** Called with each message that comes in on a subscription, also before the link is handed out. Must not throw. */
  readonly onMessage: (inbound: Inbound) => void;
}

/** Opens one connection. Never rejects; lets go of everything when the signal is aborted first. */
export type OpenLink = (options: LinkOptions, signal: AbortSignal) => Promise<Opened>;

export type Opened =
  | { readonly kind: 'open'; readonly link: Link }
  | { readonly kind: 'failed'; readonly failure: LinkFailure };

/** One connection, from the broker's consent to its end. It is never opened again. */
export interface Link {
  /** Most publishes the broker takes unanswered. */
  readonly receiveMaximum: number;
  /** Longest MQTT packet the broker takes, in bytes. */
  readonly longestPacketBytes: number;
  /** Resolves when the connection has ended, for whatever reason. Never rejects. */
  readonly closed: Promise<LinkFailure>;
  /** Resolves to the broker's reason code, or to undefined when the connection ended before. Never rejects. */
  publish(message: Message): Promise<number | undefined>;
  /**
   * Resolves to the broker's reason code for each topic (from 0x80 on: refused), or to undefined when the connection
   * ended before. Never rejects.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<readonly number[] | undefined>;
  /** Says goodbye, so that the broker drops the will, and resolves when the connection is down. May take for ever. */
  close(): Promise<void>;
  /** Cuts the connection at once; the broker publishes the will. */
  destroy(): void;
}

/** Why there is no connection. failure.ts has the words. */
export type LinkFailure =
  /** The network or TLS; `code` is the system's. */
  | { readonly kind: 'network'; readonly code: string | undefined; readonly detail: string }
  /** The broker answered the connection request with a reason code. */
  | { readonly kind: 'refused'; readonly reasonCode: number }
  /** The broker ended the connection with a reason code. */
  | { readonly kind: 'disconnected'; readonly reasonCode: number }
  /** The connection ended without a word. */
  | { readonly kind: 'lost' }
  /** Something on our side that is needed to connect cannot be used: a certificate, a key, the password. */
  | { readonly kind: 'unusable'; readonly detail: string }
  /** The host that the data is for is not there (Session.waitsForHost). */
  | { readonly kind: 'host-offline' }
  /** No consent within the time. */
  | { readonly kind: 'connect-timeout'; readonly afterMs: number }
  /** No answer to a publish within the time. */
  | { readonly kind: 'publish-timeout'; readonly afterMs: number; readonly topic: string };
