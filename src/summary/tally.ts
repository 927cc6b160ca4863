import type { Point, Sample } from '../model/point.ts';
import type { Summary } from '../model/summary.ts';

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
}

export function createTally(point: Point): Tally {
  return { point, all: 0, good: 0, min: 0, max: 0, mean: 0, last: 0 };
}

export function addSample(tally: Tally, sample: Sample): void {
  tally.all += 1;
  if (sample.quality !== 'good' || !Number.isFinite(sample.value)) return;
  const { value } = sample;
  tally.good += 1;
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

const noCounter = { delta: undefined, resets: 0 };

export function summaryOf(tally: Tally): Summary {
  const { point, all, good, min, max, mean, last } = tally;
  const labels = { point: point.key, unit: point.unit };
  if (good === 0) {
    return {
      ...labels,
      count: 0,
      min: undefined,
      max: undefined,
      mean: undefined,
      last: undefined,
      goodShare: 0,
      ...noCounter,
    };
  }
  return { ...labels, count: good, min, max, mean, last, goodShare: good / all, ...noCounter };
}
