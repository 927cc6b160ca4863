import type { Series } from './series.ts';

/** Robust statistics of a series: what is rare does not move them. */

/** Good values in rising order. */
export function sortedValues({ value }: Series): Float64Array {
  return value.filter(one => !Number.isNaN(one)).sort();
}

/** The value below which a share of them lies, 0 to 1; NaN for none. */
export function quantile(sorted: Float64Array | readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** Of a normal distribution the median of absolute deviations is so much less than the standard deviation. */
const madToSigma = 1.4826;

export function sigmaOf(sorted: Float64Array): number {
  const median = quantile(sorted, 0.5);
  const deviations = sorted.map(value => Math.abs(value - median)).sort();
  return madToSigma * quantile(deviations, 0.5);
}

/**
 * How much a value jumps from one sample to the next, as a standard deviation: of those differences that are none, since a
 * record leaves out what did not move. 0 where it never moves.
 */
export function noiseOf({ value }: Series): number {
  const steps: number[] = [];
  for (let row = 1; row < value.length; row += 1) {
    const step = Math.abs((value[row] as number) - (value[row - 1] as number));
    if (step > 0) steps.push(step);
  }
  if (steps.length === 0) return 0;
  const sorted = Float64Array.from(steps).sort();
  return (madToSigma * quantile(sorted, 0.5)) / Math.SQRT2;
}

/** So long a pump that starts may go far out; what lasts longer is what an alarm is for. */
const longestFarOutMs = 60_000;

/**
 * How long a condition stood each time, and how long it was gone between two times; ms. Unknown time ends both.
 * @param isFarOut what goes so far for longer than `longestFarOutMs` is left out of the times that it stood
 */
export function runsOf(
  { at, value }: Series,
  isMet: (value: number) => boolean,
  isFarOut: (value: number) => boolean = () => false,
): { met: number[]; between: number[] } {
  const met: number[] = [];
  const between: number[] = [];
  let since = Number.NaN;
  let was: boolean | undefined;
  let hasMet = false;
  let wasFarOut = false;
  for (let row = 0; row < value.length; row += 1) {
    const one = value[row] as number;
    const now = Number.isNaN(one) ? undefined : isMet(one);
    if (now === was) {
      wasFarOut ||= now === true && isFarOut(one);
      continue;
    }
    const lengthMs = (at[row] as number) - since;
    if (was === true && (!wasFarOut || lengthMs <= longestFarOutMs)) met.push(lengthMs);
    wasFarOut = now === true && isFarOut(one);
    if (was === false && now === true && hasMet) between.push(lengthMs);
    hasMet = now !== undefined && (hasMet || was === true);
    since = at[row] as number;
    was = now;
  }
  return { met, between };
}

/** How far the value moves over a window, each way as it comes; only over windows of which all is known. */
export function movesOver({ at, value }: Series, windowMs: number): Float64Array {
  const moves: number[] = [];
  let first = 0;
  let known = 0;
  for (let row = 0; row < value.length; row += 1) {
    if (Number.isNaN(value[row])) {
      known = row + 1;
      continue;
    }
    while ((at[first] as number) < (at[row] as number) - windowMs) first += 1;
    if (first < known) continue;
    moves.push(Math.abs((value[row] as number) - (value[first] as number)));
  }
  return Float64Array.from(moves).sort();
}
