import type { ClockQuality } from './time.ts';

/** How long the window of a summary is. A day begins at midnight of the gateway's time zone. */
export const summarySpans = ['1min', '15min', '1day'] as const;
export type SummarySpan = (typeof summarySpans)[number];

/** What a point did in one window, by the wall clock. */
export interface Summary {
  readonly point: string;
  readonly unit: string;
  /** Good samples in the window. */
  readonly count: number;
  /** Undefined when there was no good sample. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly mean: number | undefined;
  readonly last: number | undefined;
  /** 0 to 1: the share of the window's samples that was good. */
  readonly goodShare: number;
  /**
   * Of a counter: how much it rose since its last good sample, be that in an earlier window; after a reset it counts from
   * zero, and where it can only have wrapped around, over the end of its range. Undefined for points that are no counters,
   * without a good sample in the window, and while there is no earlier one.
   */
  readonly delta: number | undefined;
  /** Of a counter: how often it fell, be it a reset or a wrap-around. 0 for all others. */
  readonly resets: number;
}

/** A summary before it is stored: coarser ones are made from it, by the number of samples. */
export interface CountedSummary extends Summary {
  /** All samples in the window, bad ones included. */
  readonly samples: number;
}

/** The summaries of one device over one window: stored and sent as one record. */
export interface SummaryRecord {
  /**
   * `<history id>-<run>-<span>-<number>`: the same however often it is sent, and never another's, whatever the clock or a
   * power cut did.
   */
  readonly id: string;
  readonly device: string;
  readonly span: SummarySpan;
  readonly windowStart: number;
  readonly windowEnd: number;
  /** How far the two times can be trusted. */
  readonly clock: ClockQuality;
  readonly points: readonly Summary[];
}
