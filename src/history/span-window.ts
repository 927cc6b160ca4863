import type { SummarySpan } from '../model/summary.ts';

export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** The spans whose windows are put together from finer ones, and from which. */
export type CoarseSpan = Exclude<SummarySpan, '1min'>;

export const coarseSpans: readonly CoarseSpan[] = ['15min', '1day'];

export function finerSpan(span: CoarseSpan): SummarySpan {
  return span === '15min' ? '1min' : '15min';
}

const quarterMs = 15 * 60_000;

/**
 * The whole window of wall time in which a moment lies. A day goes from midnight to midnight of the process's time zone,
 * so it has 23 or 25 hours where the clocks change; where they change at midnight, it begins with the first hour there is.
 */
export function windowAround(span: CoarseSpan, at: number): Bounds {
  if (span === '15min') {
    const start = Math.floor(at / quarterMs) * quarterMs;
    return { start, end: start + quarterMs };
  }
  const date = new Date(at);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  return { start: midnight(year, month, day), end: midnight(year, month, day + 1) };
}

/** The constructor of Date takes the years 0 to 99 for those of the last century: a clock may be that wrong. */
function midnight(year: number, month: number, day: number): number {
  return new Date(2000, 0, 1).setFullYear(year, month, day);
}
