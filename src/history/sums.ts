import type { CountedSummary } from '../model/summary.ts';
import type { SeriesName } from './frame.ts';

/** The points of a device in the order in which its sums count them; the same for all of its windows. */
export interface SumLayout {
  readonly names: SeriesName[];
  readonly places: Map<string, number>;
}

/**
 * What the points of a device did so far in a window, eight numbers a point: ten thousand points have two of these open at
 * any time, and as objects those took ten times as much.
 */
export type Sums = number[];

const field = { count: 0, samples: 1, min: 2, max: 3, mean: 4, last: 5, delta: 6, resets: 7 } as const;
const fieldCount = 8;

export function createSumLayout(): SumLayout {
  return { names: [], places: new Map() };
}

/** Adds the next window of a point. What was measured in another unit cannot be added to: the point starts anew. */
export function addToSums(layout: SumLayout, sums: Sums, next: CountedSummary): void {
  const at = fieldCount * placeOf(layout, sums, next);
  while (sums.length < at + fieldCount) sums.push(Number.NaN);
  const hasBefore = !Number.isNaN(sums[at + field.samples]);
  const count = hasBefore ? numberAt(sums, at + field.count) : 0;
  sums[at + field.mean] = meanOf(count, numberAt(sums, at + field.mean), next);
  sums[at + field.count] = count + next.count;
  sums[at + field.samples] = (hasBefore ? numberAt(sums, at + field.samples) : 0) + next.samples;
  sums[at + field.resets] = (hasBefore ? numberAt(sums, at + field.resets) : 0) + next.resets;
  if (next.delta !== undefined) {
    const delta = numberAt(sums, at + field.delta);
    sums[at + field.delta] = hasBefore && !Number.isNaN(delta) ? delta + next.delta : next.delta;
  } else if (!hasBefore) {
    sums[at + field.delta] = Number.NaN;
  }
  if (next.min === undefined || next.max === undefined || next.last === undefined) return;
  sums[at + field.min] = count > 0 ? Math.min(numberAt(sums, at + field.min), next.min) : next.min;
  sums[at + field.max] = count > 0 ? Math.max(numberAt(sums, at + field.max), next.max) : next.max;
  sums[at + field.last] = next.last;
}

/** Points that had no window among them are left out. */
export function summariesOf({ names }: SumLayout, sums: Sums): CountedSummary[] {
  return names.flatMap(({ point, unit }, place) => {
    const at = fieldCount * place;
    const samples = sums[at + field.samples];
    if (samples === undefined || Number.isNaN(samples)) return [];
    const count = numberAt(sums, at + field.count);
    const valueAt = (offset: number) => (count > 0 ? numberAt(sums, at + offset) : undefined);
    const delta = numberAt(sums, at + field.delta);
    return {
      ...{ point, unit, count, samples },
      ...{ min: valueAt(field.min), max: valueAt(field.max), mean: valueAt(field.mean), last: valueAt(field.last) },
      goodShare: samples === 0 ? 0 : count / samples,
      delta: Number.isNaN(delta) ? undefined : delta,
      resets: numberAt(sums, at + field.resets),
    };
  });
}

function placeOf({ names, places }: SumLayout, sums: Sums, { point, unit }: CountedSummary): number {
  const known = places.get(point);
  if (known === undefined) {
    places.set(point, names.length);
    return names.push({ point, unit }) - 1;
  }
  if (names[known]?.unit !== unit) {
    names[known] = { point, unit };
    sums.fill(Number.NaN, fieldCount * known, fieldCount * (known + 1));
  }
  return known;
}

function numberAt(sums: Sums, at: number): number {
  return sums[at] ?? Number.NaN;
}

function meanOf(count: number, mean: number, next: CountedSummary): number {
  if (next.mean === undefined) return mean;
  if (count === 0 || mean === next.mean) return next.mean;
  const all = count + next.count;
  const sum = mean * count + next.mean * next.count;
  // Of huge numbers there is no sum, but there are shares.
  return Number.isFinite(sum) ? sum / all : mean * (count / all) + next.mean * (next.count / all);
}
