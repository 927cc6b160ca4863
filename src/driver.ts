import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { BacnetFound, BacnetPlace, BacnetProperty, BacnetShown, BacnetTarget } from './model/bacnet-view.ts';
import type { Bus } from './model/bus.ts';
import type { Device } from './model/device.ts';
import type { ReadMemory } from './model/learned.ts';
import type { ModbusTable, Point } from './model/point.ts';
import type { BadReason, Quality } from './model/quality.ts';

/**
 * What a driver must do. It speaks one protocol on one bus and knows nothing of intervals, scaling or alarms.
 * drivers/README.md tells how to write one; test/contract/ holds what every driver has to keep.
 */
export interface Driver {
  readonly protocol: Bus['protocol'];
  /** Touches nothing: the bus is opened by its first read, and opened again by the read after it broke. */
  create(options: DriverOptions): OpenBus;
}

export interface DriverOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** What was learned of the devices before; without one, what is learned lasts as long as the bus. */
  readonly memory?: ReadMemory<Device>;
}

export interface OpenBus {
  /** How many reads may be under way at once: 1 but for an endpoint that is known to take more. */
  readonly window: number;
  /** How many reads of one device may be under way at once; left out: as many as `window`. */
  readonly deviceWindow?: number;
  readonly silences: Silences;
  /**
   * The cheapest legal reads that fetch these points, which are of one device. Every point is in exactly one read.
   *
   * @param turnaroundMs how long the device takes to answer, as measured; undefined before that is known
   */
  plan(device: Device, points: readonly Point[], turnaroundMs?: number): readonly Read[];
  /**
   * Makes one read and tells its outcome: exactly once, never before it returns, never past its deadline (a read that had to be cut has one for each part), and never by
   * an exception, since a failed read is an outcome. There are never more than `window` reads and questions under way.
   * The next may be started from within `onOutcome`.
   *
   * All readings of a failed read are bad at once. Those of an answered one are filled by `decode`.
   *
   * @param timeoutMs how long the device may take to answer, beyond what its answer takes on the wire
   */
  read(read: Read, timeoutMs: number, onOutcome: (outcome: ReadOutcome) => void): void;
  /**
   * Fills the readings of an answered read. Other requests may go out first, so that the device works while we do;
   * the outcome of another read may not: then the answer is gone.
   */
  decode(read: Read): void;
  /** Asks what a person at the command line wants to know, in the place of a read and by the same rules. */
  ask(question: Question, timeoutMs: number, onAnswer: (answer: Answer) => void): void;
  /** Values that devices tell by themselves, once the bus is open. Called before the first read, and once. */
  listen?(onPush: (push: Push) => void): void;
  /** What is known of a device beside its reads, for people: where it was found, what it does not take. */
  describe?(device: Device): readonly string[];
  /** Until when a device is not to be asked, since an answer of it may still come; 0 when it may be at once. */
  restsUntilMono(device: Device): number;
  /** Forgets what was learned of a device, and of these reads of it, which are all that go on: it is asked for all again. */
  forget(device: Device, reads: readonly Read[]): void;
  /** Lets go of the wire within a second, whatever the other side does. A read under way ends as `no-connection`. */
  close(): Promise<void>;
}

/**
 * How long the wire has to be silent at least, ms: before an answer and after it, whoever the device is. Part of the `wireMs`
 * of every read; 0 where there is no such rule.
 */
export interface Silences {
  readonly beforeAnswerMs: number;
  readonly afterAnswerMs: number;
}

export const noSilences: Silences = { beforeAnswerMs: 0, afterAnswerMs: 0 };

/** One request on the wire. Drivers extend it with what they need to send it. */
export interface Read {
  readonly device: Device;
  /** For people: `holding-register 0–9`. */
  readonly label: string;
  readonly points: readonly Point[];
  /** One for each point, in the same order; overwritten for every read. */
  readonly readings: readonly Reading[];
  /**
   * How long request and answer take on the wire, ms, with both silences and the rest that the bus is told to keep; without
   * the device's own time. 0 over TCP and for the gateway itself.
   */
  readonly wireMs: number;
}

/** The raw answer for one point: decoded from bytes, not yet scaled. */
export interface Reading {
  /** NaN for a text. */
  value: number;
  text: string | undefined;
  quality: Quality;
}

/** A value that came without being asked for. The device was heard with it. */
export interface Push {
  readonly device: Device;
  readonly point: Point;
  readonly reading: Readonly<Reading>;
  readonly atMono: number;
}

export type ReadOutcome =
  /**
   * `responseMs`: from the end of the request to the end of the answer, without what the answer's bytes took on the wire; the
   * silence before an answer is in it, as it is in a timeout.
   */
  | { readonly kind: 'answered'; readonly atMono: number; readonly responseMs: number }
  /** All readings of the read are bad for this reason; `detail` is for the log. */
  | {
      readonly kind: 'failed';
      readonly atMono: number;
      readonly reason: BadReason;
      readonly detail: string;
      /** False when nothing was sent, since the answer to an earlier request may still come: it says nothing new of the device. */
      readonly wasAsked: boolean;
    };

export function createReadings(points: readonly Point[]): Reading[] {
  return points.map(() => ({ value: Number.NaN, text: undefined, quality: 'not-read' }));
}

/** Makes every reading of a read bad for one reason. */
export function spoilReadings({ readings }: Read, quality: BadReason): void {
  for (const reading of readings) spoilReading(reading, quality);
}

export function spoilReading(reading: Reading, quality: BadReason): void {
  reading.value = Number.NaN;
  reading.text = undefined;
  reading.quality = quality;
}

/** What a person may ask a device, outside of what the site file says. It reads, as everything does. */
export type Question = ModbusQuestion | BacnetQuestion;

export type ModbusQuestion =
  | {
      readonly kind: 'raw';
      readonly unitId: number;
      readonly table: ModbusTable;
      readonly address: number;
      /** Registers or bits. */
      readonly count: number;
    }
  /** Who made the device (FC 43/14). Many devices do not know the question. */
  | { readonly kind: 'identify'; readonly unitId: number };

export type BacnetQuestion =
  /** Properties of one device; most at once: `mostPropertiesAsked`. */
  | {
      readonly kind: 'bacnet-read';
      readonly target: BacnetTarget;
      readonly properties: readonly BacnetProperty[];
    }
  /** Which devices there are: those that answer within the time of the question. */
  | {
      readonly kind: 'who-is';
      /** Instances from and to, both included; undefined: all. */
      readonly range: { readonly low: number; readonly high: number } | undefined;
      /** Undefined: everybody is asked. */
      readonly at: BacnetPlace | undefined;
    };

export const mostPropertiesAsked = 200;

export type Answer = ModbusAnswer | BacnetAnswer | NoAnswer;

export type ModbusAnswer =
  /** Registers as 16-bit numbers, or bits as 0 and 1. */
  | { readonly kind: 'raw'; readonly values: readonly number[]; readonly responseMs: number }
  | { readonly kind: 'identity'; readonly identity: Identity; readonly responseMs: number }
  /** The device answers, but not this. */
  | { readonly kind: 'exception'; readonly code: number; readonly text: string; readonly responseMs: number };

export type BacnetAnswer =
  /** In the order of the question. */
  | { readonly kind: 'bacnet-values'; readonly values: readonly BacnetShown[]; readonly responseMs: number }
  /** In the order in which they answered. */
  | { readonly kind: 'bacnet-devices'; readonly devices: readonly BacnetFound[] };

export interface NoAnswer {
  readonly kind: 'failed';
  readonly reason: BadReason;
  readonly detail: string;
}

/** The basic objects of a device identification; empty where the device gives none. */
export interface Identity {
  readonly vendor: string;
  readonly product: string;
  readonly revision: string;
}
