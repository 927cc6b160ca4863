import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { ModbusTable } from './point.ts';

/**
 * Something that a device was found to refuse, so that it is not asked for again at every poll and after every start.
 * Times are wall time, since it outlives the process.
 */
export interface Learned {
  /**
   * `cut`: no read may hold both the address before this one and the address itself. `hole`: a single value that is
   * refused, in `count` registers or bits from this address.
   */
  readonly kind: 'cut' | 'hole';
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
  readonly learnedAt: number;
  /** When it was refused last. */
  readonly triedAt: number;
}

/** Kept for one device; what is beyond is learned anew after each start. */
export const mostLearned = 500;

/** What was learned, kept over a restart: asked for when a bus is planned, told when something changes. */
export interface ReadMemory<Device> {
  recall(device: Device): readonly Learned[];
  /** All that is known of this device now. Returns at once, whatever the disk does. */
  keep(device: Device, learned: readonly Learned[]): void;
}

/** A hole costs one request each time; a wrong address in the site file is mended by people, and they reload. */
export const holeBackoff: Backoff = { firstMs: 10_000, longestMs: 86_400_000 };

/** Trying a read whole that had to be cut costs one request as well. */
export const wholeBackoff: Backoff = { firstMs: 60_000, longestMs: 86_400_000 };

/** Without jitter: a device is asked by one gateway, and the other reads keep their own times. */
export function retryDelayMs(backoff: Backoff, tries: number): number {
  return backoffDelayMs(backoff, tries, { next: () => 0 });
}

/**
 * How often it was tried in vain, by how long it is known: waits that double from `firstMs` have taken
 * `firstMs × (2^tries − 1)` so far. A clock that jumped makes it a few tries more or less; the longest wait stays a day.
 */
export function triesSince(backoff: Backoff, { learnedAt, triedAt }: Learned): number {
  const knownMs = Math.max(0, triedAt - learnedAt);
  return Math.min(30, Math.round(Math.log2(knownMs / backoff.firstMs + 1)));
}

/** How long until it is tried again, ms: never longer than its wait, whatever the clock says. */
export function retryInMs(learned: Learned, nowWall: number): number {
  const backoff = learned.kind === 'hole' ? holeBackoff : wholeBackoff;
  const delayMs = retryDelayMs(backoff, triesSince(backoff, learned));
  return Math.min(delayMs, Math.max(0, learned.triedAt + delayMs - nowWall));
}
