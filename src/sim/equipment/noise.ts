import type { Random } from '../../base/random.ts';

/**
 * One step of a noise that wanders and always comes back to zero (Ornstein-Uhlenbeck): what loads and voltages do.
 *
 * @param spread the standard deviation it settles at
 * @param tauS how long it remembers
 */
export function stepNoise(value: number, spread: number, tauS: number, random: Random, dtS: number): number {
  const keep = Math.exp(-dtS / tauS);
  return value * keep + spread * Math.sqrt(1 - keep * keep) * drawNormal(random);
}

/** A normal number of mean 0 and deviation 1, held within ±3 so that nothing simulated has a tail. */
function drawNormal(random: Random): number {
  // The sum of twelve uniform numbers has deviation 1.
  let sum = -6;
  for (let drawn = 0; drawn < 12; drawn += 1) sum += random.next();
  return Math.min(3, Math.max(-3, sum));
}

/** Moves a value towards a target with a first-order lag: never overshoots, whatever the step. */
export function approach(value: number, target: number, tauS: number, dtS: number): number {
  return target + (value - target) * Math.exp(-dtS / tauS);
}

/**
 * A share from 0 to 1 over the day, in hours by the plant's clock: linear between the given corners, and over midnight.
 *
 * @param corners [hour, share], by rising hour
 */
export function dayShare(hour: number, corners: readonly (readonly [number, number])[]): number {
  const first = corners[0];
  const last = corners.at(-1);
  if (!first || !last) return 0;
  const around = [[last[0] - 24, last[1]] as const, ...corners, [first[0] + 24, first[1]] as const];
  for (let index = 1; index < around.length; index += 1) {
    const from = around[index - 1] ?? first;
    const to = around[index] ?? last;
    if (hour <= to[0]) return from[1] + ((to[1] - from[1]) * (hour - from[0])) / (to[0] - from[0]);
  }
  return last[1];
}
