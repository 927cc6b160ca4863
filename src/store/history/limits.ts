import type { SummarySpan } from '../../model/summary.ts';

/** What is kept in the history, each with a budget of its own. The order is that in which they are given up. */
export const historyClasses = ['raw', '1min', '15min', '1day'] as const;
export type HistoryClass = 'raw' | SummarySpan;

/**
 * Shares of `store.size`; what is left is for alarms. A class that is over its share loses its oldest, by number and not by
 * age: a wrong clock removes nothing.
 */
export const classShares: Readonly<Record<HistoryClass, number>> = {
  raw: 0.45,
  '1min': 0.35,
  '15min': 0.1,
  '1day': 0.05,
};

/** The file never grows beyond this share of `store.size`: what does not fit makes older things go, the raw ones first. */
export const fileShare = 0.96;

/** What a row takes of the file besides its content. */
export const rowOverheadBytes = 32;

/** Pages are not filled to the brim: a row takes so much more of the file than it has bytes. */
export const pageOverhead = 1.12;

/** Things go a chunk at a time: so many bytes of a class, or its budget divided by `leastChunks` where that is less … */
export const chunkBytes = 256 * 1_024;
export const leastChunks = 32;
/** … and at most so many chunks after each write, so that nothing waits long behind it. */
export const chunksPerStep = 4;

/** A write that finds no room gives up so many chunks at most before it is refused, to be tried again later. */
export const shedsPerWrite = 64;

/** Freed pages that are given back to the disk in one step. */
export const vacuumPages = 256;

export const pageBytes = 8_192;

/**
 * Kept back for the day the disk is full: this many bytes, or this share of `store.size` where that is less. Even to give
 * something up takes room: what is in the write-ahead file must find its way into the database first.
 */
const reserveBytes = 6_000_000;
const reserveShare = 1 / 16;

export function reserveFor(sizeBytes: number): number {
  return Math.floor(Math.min(reserveBytes, sizeBytes * reserveShare));
}

/**
 * The write-ahead file is moved into the database when it has this share of the reserve. Where the database has no room for
 * it nothing more is written until it has: so what is owed is never more than this, and one write.
 */
export const walShare = 1 / 3;

/**
 * One write is at most this share of the reserve, what is more waits for the next; a minute at the end of a day also closes
 * its quarter and its day, so that it takes up to three times as much.
 */
const writeShare = 1 / 6;

export function mostWriteBytes(sizeBytes: number): number {
  return Math.floor(reserveFor(sizeBytes) * writeShare);
}

/** Ranges of unsent summaries of one uplink and span. Beyond it two neighbours become one: duplicates, never a loss. */
export const mostRanges = 64;

/** Rows in the answer to one read; a caller that asks for more gets this many. */
export const readRows = 1_000;

/** Rows whose times are put right in one transaction. */
export const correctionRows = 500;

export interface HistoryLimits {
  /** What waits in memory for the disk. Beyond it the oldest raw frames are dropped and counted, then the summaries. */
  readonly waitingBytes: number;
  /** How long what comes first waits for more: each write costs several pages whatever it holds. */
  readonly gatherMs: number;
  /** More than this is written at once. */
  readonly gatherBytes: number;
  /** Settled summaries are written down after so long; a kill before it sends them again, with the same ids. */
  readonly settleMs: number;
  /** A thread that does not answer for so long is taken for hung. */
  readonly hangMs: number;
  readonly closeMs: number;
}

export const defaultHistoryLimits: HistoryLimits = {
  waitingBytes: 8_000_000,
  gatherMs: 5_000,
  gatherBytes: 1_000_000,
  settleMs: 1_000,
  hangMs: 10_000,
  closeMs: 3_000,
};
