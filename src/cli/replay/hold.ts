import type { Point } from '../../model/point.ts';

/** Where a site file records a point no more, a value stands for as long as it does by default. */
const defaultHoldMs = 300_000;

/** How long a recorded value stands when no other comes: as long as the recorder lets it. */
export function holdOf({ recording }: Point): number {
  return recording?.longestGapMs ?? defaultHoldMs;
}
