import { addRow, isClose, moveTo, type SlidingWindow, timeBack } from '../base/sliding-window.ts';

/**
 * A window of single values, for the straight line through them. Values that come close together are thinned: the newest
 * replaces the one before it, until that is no longer close to the one before. So the newest always takes part.
 */

/** Takes the next sample, good or bad. One that is no later than the last tells nothing about a slope and is left out. */
export function addToSlope(window: SlidingWindow, mono: number, value: number, isGood: boolean): void {
  if (mono <= window.lastMono) return;
  moveTo(window, mono, isGood);
  if (!isGood) return;
  if (isClose(window, 2, timeBack(window, 1))) window.tail -= window.width;
  addRow(window, value);
}

/** Seconds from the oldest to the newest value in the window. */
export function spanS(window: SlidingWindow): number {
  return (timeBack(window, 1) - (window.rows[window.head] as number)) / 1_000;
}
