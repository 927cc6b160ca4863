import type { OutputPattern } from '../model/output.ts';

/**
 * How an output blinks. The rates are those of IEC 60073: a slow one of 0.4 to 0.8 Hz, a fast one of 1.4 to 2.8 Hz for
 * what is most urgent, and below the 3 Hz from which flashes are a danger to people with photosensitive epilepsy.
 */
const halfPeriodMs: Readonly<Record<OutputPattern | 'off', number>> = {
  off: Number.POSITIVE_INFINITY,
  steady: Number.POSITIVE_INFINITY,
  slow: 1_000,
  fast: 250,
};

export interface Level {
  readonly isOn: boolean;
  /** When it changes next; Infinity when it does not. */
  readonly untilMono: number;
}

/** Counted from a common start, so that outputs of one pattern blink together. */
export function levelAt(pattern: OutputPattern | 'off', nowMono: number): Level {
  const halfMs = halfPeriodMs[pattern];
  if (halfMs === Number.POSITIVE_INFINITY) return { isOn: pattern === 'steady', untilMono: halfMs };
  const half = Math.floor(nowMono / halfMs);
  return { isOn: half % 2 === 0, untilMono: (half + 1) * halfMs };
}
