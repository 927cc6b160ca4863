import { addRise, riseOf } from '../model/counter.ts';
import type { Point, Sample } from '../model/point.ts';
import type { CountedSummary } from '../model/summary.ts';
import type { Counter } from './counter.ts';

/** What a point did so far in the open window. Changed in place. */
export interface Tally {
  readonly point: Point;
  /** All samples, bad ones included. */
  all: number;
  good: number;
  min: number;
  max: number;
  mean: number;
  last: number;
  /** Undefined for all points but counters. */
  readonly counter: Counter | undefined;
  /** Undefined until there are two good samples of the counter, be the first in an earlier window. */
  delta: number | undefined;
  resets: number;
}

export function createTally(point: Point, counter: Counter | undefined): Tally {
  return { point, all: 0, good: 0, min: 0, max: 0, mean: 0, last: 0, counter, delta: undefined, resets: 0 };
}

export function addSample(tally: Tally, sample: Sample): void {
  tally.all += 1;
  if (sample.quality !== 'good' || !Number.isFinite(sample.value)) return;
  const { value } = sample;
  tally.good += 1;
  if (tally.counter) count(tally, tally.counter, value);
  tally.last = value;
  if (tally.good === 1) {
    tally.min = value;
    tally.max = value;
    tally.mean = value;
    return;
  }
  if (value < tally.min) tally.min = value;
  if (value > tally.max) tally.max = value;
  // A running mean neither grows with the samples nor loses small values beside a large sum; two divisions instead of
  // one keep the difference of two huge values from overflowing.
  tally.mean += value / tally.good - tally.mean / tally.good;
}

function count(tally: Tally, counter: Counter, value: number): void {
  const { last } = counter;
  counter.last = value;
  if (last === undefined) return;
  if (value < last) tally.resets += 1;
  tally.delta = addRise(counter, tally.delta ?? 0, riseOf(counter, last, value));
}

export function summaryOf(tally: Tally): CountedSummary {
  const { point, all, good, min, max, mean, last, delta, resets } = tally;
  const labels = { point: point.key, unit: point.unit, samples: all };
  if (good > 0) return { ...labels, count: good, min, max, mean, last, goodShare: good / all, delta, resets };
  const nothing = { min: undefined, max: undefined, mean: undefined, last: undefined, delta: undefined };
  return { ...labels, count: 0, ...nothing, goodShare: 0, resets: 0 };
}
