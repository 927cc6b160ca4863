import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Bus } from './model/bus.ts';
import type { Device } from './model/device.ts';
import type { Point } from './model/point.ts';
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
}

export interface OpenBus {
  /**
   * The fewest legal reads that fetch these points, which are of one device. Pure. Every point is in exactly one read.
   */
  plan(device: Device, points: readonly Point[]): readonly Read[];
  /**
   * Makes one read and tells its outcome: exactly once, never before it returns, never past its deadline (a read that had to be cut has one for each part), and never by
   * an exception, since a failed read is an outcome. The caller waits for each outcome before it starts the next read:
   * one bus, one request. It may start that from within `onOutcome`.
   *
   * All readings of a failed read are bad at once. Those of an answered one are filled by `decode`.
   */
  read(read: Read, onOutcome: (outcome: ReadOutcome) => void): void;
  /**
   * Fills the readings of an answered read. The next request may go out first, so that the device works while we do;
   * its outcome may not: then the answer is gone.
   */
  decode(read: Read): void;
  /** Lets go of the wire within a second, whatever the other side does. A read under way ends as `no-connection`. */
  close(): Promise<void>;
}

/** One request on the wire. Drivers extend it with what they need to send it. */
export interface Read {
  readonly device: Device;
  /** For people: `holding-register 0–9`. */
  readonly label: string;
  readonly points: readonly Point[];
  /** One for each point, in the same order; overwritten for every read. */
  readonly readings: readonly Reading[];
}

/** The raw answer for one point: decoded from bytes, not yet scaled. */
export interface Reading {
  /** NaN for a text. */
  value: number;
  text: string | undefined;
  quality: Quality;
}

export type ReadOutcome =
  | { readonly kind: 'answered'; readonly atMono: number }
  /** All readings of the read are bad for this reason; `detail` is for the log. */
  | { readonly kind: 'failed'; readonly atMono: number; readonly reason: BadReason; readonly detail: string };

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
