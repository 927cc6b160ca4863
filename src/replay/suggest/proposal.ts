import type { Point } from '../../model/point.ts';
import { type Guidance, guidanceFor } from './guidance.ts';
import { roundDelay, roundDown, roundSize, roundUp, stepBelow } from './rounding.ts';
import type { Series } from './series.ts';
import { movesOver, noiseOf, quantile, runsOf, sigmaOf, sortedValues } from './statistics.ts';

/** What the values say, in the point's unit. */
export interface Basis {
  readonly count: number;
  readonly least: number;
  readonly most: number;
  readonly median: number;
  readonly sigma: number;
  readonly noise: number;
  /** Beyond these no value is ordinary; they take no part in the limits. */
  readonly fence: readonly [low: number, high: number];
  /** 0 to 1: the share of values beyond the fence. */
  readonly strayShare: number;
  readonly guidance: Guidance;
}

export interface LimitProposal {
  readonly level: 'high' | 'low';
  readonly limit: number;
  readonly deadband: number;
  readonly onDelayMs: number;
  readonly offDelayMs: number;
}

export interface RateProposal {
  readonly ratePerS: number;
  readonly windowMs: number;
  readonly minChange: number;
}

/** The rarest thousandth on either side is where a limit may lie. */
const edgeShare = 0.001;

/** Tukey's fence for what is far out, in quartile distances. */
const fenceWidth = 3;

/** So many standard deviations of the noise a value must come back. */
const noiseWidth = 3;

/** What lasts longer is no excursion that a delay should hide. */
const longestDelayMs = 600_000;

export function basisOf(series: Series, point: Point): Basis {
  const sorted = sortedValues(series);
  const [lower = 0, median = 0, upper = 0] = [0.25, 0.5, 0.75].map(share => quantile(sorted, share));
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  // Of a value that stands still most of the time the quartiles say nothing.
  const reach = upper > lower ? fenceWidth * (upper - lower) : Number.POSITIVE_INFINITY;
  const fence = [lower - reach, upper + reach] as const;
  const strays = sorted.reduce((sum, value) => sum + (value < fence[0] || value > fence[1] ? 1 : 0), 0);
  return {
    ...{ count: sorted.length, least, most, median, sigma: sigmaOf(sorted), noise: noiseOf(series), fence },
    strayShare: sorted.length === 0 ? 0 : strays / sorted.length,
    guidance: guidanceFor(point.unit),
  };
}

/** How far a value must come back: never less than is usual for its kind, nor than its noise, nor than is recorded. */
export function deadbandFor({ least, most, noise, fence, guidance }: Basis, point: Point): number {
  const [low, high] = [Math.max(least, fence[0]), Math.min(most, fence[1])];
  const range = point.unit === '%' ? 100 : Math.max(Math.abs(low), Math.abs(high), high - low);
  const recorded = 2 * (point.recording?.deadband ?? 0);
  return roundSize(Math.max(guidance.deadbandShare * range, noiseWidth * noise, recorded));
}

/** A limit on each side where one means something. */
export function proposeLimits(series: Series, point: Point, basis: Basis): LimitProposal[] {
  const deadband = deadbandFor(basis, point);
  if (deadband === 0) return [];
  const ordinary = sortedValues(series).filter(value => value >= basis.fence[0] && value <= basis.fence[1]);
  const step = stepBelow(deadband / 2);
  const high = roundUp(quantile(ordinary, 1 - edgeShare) + deadband, step);
  const low = roundDown(quantile(ordinary, edgeShare) - deadband, step);
  const withDelays = (level: 'high' | 'low', limit: number): LimitProposal => ({
    ...{ level, limit, deadband },
    ...delaysFor(series, point, basis, level === 'high' ? value => value > limit : value => value < limit),
  });
  // Below nothing there is nothing: a pump that stops has no low flow.
  const hasLow = basis.least < 0 || low > 0;
  return [withDelays('high', high), ...(hasLow ? [withDelays('low', low)] : [])];
}

/**
 * The on-delay outlasts nine in ten of the short excursions, the off-delay nine in ten of the short pauses between them. What
 * goes far out for more than a moment is no excursion that a delay should hide.
 */
function delaysFor(series: Series, point: Point, { guidance, fence }: Basis, isMet: (value: number) => boolean) {
  const isFarOut = (value: number) => value < fence[0] || value > fence[1];
  const { met, between } = runsOf(series, isMet, isFarOut);
  const floorMs = Math.max(guidance.delayMs, 2 * point.intervalMs);
  const delay = (lengths: readonly number[]) => {
    const short = lengths.filter(ms => ms <= longestDelayMs).sort((one, other) => one - other);
    const most = short.length === 0 ? 0 : quantile(short, 0.9) + point.intervalMs;
    return roundDelay(Math.max(floorMs, Math.min(most, longestDelayMs)));
  };
  return { onDelayMs: delay(met), offDelayMs: delay(between) };
}

const leastWindowMs = 60_000;
const leastSamplesInWindow = 10;

/** Half as fast again as it ordinarily gets. */
const rateMargin = 1.5;

/** A change that is faster than all but one in a thousand. Undefined where the value never moves. */
export function proposeRate(series: Series, point: Point, basis: Basis): RateProposal | undefined {
  const windowMs = roundDelay(Math.max(leastWindowMs, leastSamplesInWindow * point.intervalMs));
  const move = quantile(movesOver(series, windowMs), 1 - edgeShare);
  const deadband = deadbandFor(basis, point);
  if (!(move > 0) && deadband === 0) return undefined;
  const change = roundSize(Math.max(rateMargin * (move || 0), 2 * deadband));
  return { ratePerS: change / (windowMs / 1_000), windowMs, minChange: roundSize(2 * deadband) };
}
