import type { AlarmEvent } from '../model/alarm.ts';
import type { NumberedSummary, Standing } from '../model/outbox.ts';
import type { Inbound, Message, Subscription } from './link.ts';

/**
 * The door for formats: what an uplink says, on which topics, and what it understands of what it hears. How and when
 * things are sent (lanes, windows, back-off, cursors) is the same for all formats and none of their business. A format
 * does no IO and never throws: data that cannot be written is left out, never in the way of an alarm.
 */
export interface Format {
  /** The words of one connection; asked for before each attempt to connect. */
  openSession(): Session;
}

/** One connection in the words of a format. Numbers that must be counted along a connection are counted in here. */
export interface Session {
  /** What the broker publishes when we are gone without a word. */
  readonly will: Message;
  /** Subscribed to before anything is published. */
  readonly subscriptions: readonly Subscription[];
  /**
   * True: nothing is published, the birth included, before the host has said that it is there (`hear` → `host`). The
   * connection is left for the next broker when it says that it is not, or nothing in time.
   */
  readonly waitsForHost: boolean;
  /** Said first of all, and again when `hear` answers `rebirth`; in this order. */
  birth(): readonly Message[];
  /** Said last when we stop in good order. */
  goodbye(): readonly Message[];
  /** One alarm event is one parcel: it waits until the broker takes it. */
  alarm(event: AlarmEvent): readonly Message[];
  /** The alarms that stand. Empty where the format has no such message. */
  standing(standing: Standing, longestBytes: number): readonly Message[];
  /**
   * Summaries in the order given, several in one message where the format can. Every one of them is in exactly one
   * parcel. No message is to be longer than `longestBytes`, except one that cannot be cut.
   */
  summaries(rows: readonly NumberedSummary[], how: SummaryWriting): readonly SummaryParcel[];
  /** The answer to a remote command. Undefined where the format has none. */
  reply(text: string): Message | undefined;
  /**
   * The last touch, called once with each message in the order of publishing, immediately before: what is published in
   * its place, in this order. A format with a sequence number writes it here, and what must come before the message or
   * behind it. May add at most `sealBytes` to a message that can be cut. Empty when there is nothing left to say.
   */
  seal(message: Message): readonly Message[];
  /** What a message means that was heard on one of the subscriptions. */
  hear(inbound: Inbound): Heard;
}

/** Room that is kept for what `seal` adds. */
export const sealBytes = 8;

export interface SummaryWriting {
  readonly longestBytes: number;
  /** Kept during an outage: not the present. */
  readonly isHistorical: boolean;
}

/** Settled together, once the broker has taken all messages. */
export interface SummaryParcel {
  readonly numbers: readonly number[];
  readonly messages: readonly Message[];
}

export type Heard =
  /** All events up to and including the one of this id are safe at the platform. */
  | { readonly kind: 'confirm'; readonly eventId: string }
  /** The text of a remote command; not looked at yet. */
  | { readonly kind: 'command'; readonly text: string }
  /** The birth is to be said again, after so long. */
  | { readonly kind: 'rebirth'; readonly delayMs: number }
  | { readonly kind: 'host'; readonly isOnline: boolean }
  /** Not for us, or nonsense; `reason` says which, in words for the log. */
  | { readonly kind: 'ignored'; readonly reason: string };
