import { type CounterTerms, riseOf } from '../model/counter.ts';

/**
 * Follows a counter from one good value to the next. Changed in place.
 *
 * A rise counts once the value after it bears it out. A single value that leaps up or falls, and from which the next one
 * is back, was misread: it raises no alarm and hides none.
 */
export interface CounterTrack {
  readonly terms: CounterTerms;
  /** The last good value and its monotonic ms; NaN while there is none. */
  last: number;
  lastMono: number;
  /** The one before it. */
  prior: number;
  priorMono: number;
  /** What it rose from `prior` to `last`. */
  pending: number;
}

export function createCounterTrack(terms: CounterTerms): CounterTrack {
  const none = Number.NaN;
  return { terms, last: none, lastMono: none, prior: none, priorMono: none, pending: 0 };
}

/** Takes the next good value. Returns the rise from the value before last to the last one, now that it is borne out. */
export function followCounter(track: CounterTrack, mono: number, value: number): number {
  const isBack = isMisread(track, value);
  const rise = isBack ? 0 : track.pending;
  if (!isBack) {
    track.prior = track.last;
    track.priorMono = track.lastMono;
  }
  track.pending = Number.isNaN(track.prior) ? 0 : riseOfStep(track.terms, track.prior, value);
  track.last = value;
  track.lastMono = mono;
  return rise;
}

/** Did the last value leave the one before it only for this one to come back? */
function isMisread({ prior, last }: CounterTrack, value: number): boolean {
  return value >= prior && (last < prior || value < last);
}

/**
 * A counter that falls to less than half was reset, or has wrapped around, and counts on. One that falls a little was not: some
 * devices round to and fro in the last digit.
 */
function riseOfStep(terms: CounterTerms, from: number, to: number): number {
  const isReset = to - terms.lowest <= (from - terms.lowest) / 2;
  const rise = to >= from || isReset ? riseOf(terms, from, to) : 0;
  // A value beyond the range of its counter would make it less than nothing.
  return Number.isFinite(rise) ? Math.max(0, rise) : 0;
}
