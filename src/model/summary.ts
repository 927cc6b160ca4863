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
}

/** The summaries of one device over one window: stored and sent as one record. */
export interface SummaryRecord {
  /** `<store id>-<run>-<count>`: the same however often it is sent, and never another's, whatever the clock did. */
  readonly id: string;
  readonly device: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly points: readonly Summary[];
}
