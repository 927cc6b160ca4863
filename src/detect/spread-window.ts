import {
  addRow,
  column,
  finite,
  highestOf,
  isClose,
  joinGroup,
  lowestOf,
  moveTo,
  newestRow,
  type SlidingWindow,
} from '../base/sliding-window.ts';

/**
 * A window of grouped values, for how far they spread. A group has the time of its first value, so that nothing older than
 * the window counts, and keeps the mean of its values and the sum of their squared distances from it.
 */

/** Takes the next sample, good or bad. Of several at one time the later ones count as values, but take no time. */
export function addToSpread(window: SlidingWindow, mono: number, value: number, isGood: boolean): void {
  moveTo(window, mono, isGood);
  if (!isGood) return;
  if (isClose(window, 1, mono)) joinSums(window, value);
  else addRow(window, value);
}

/** Welford's step: one more value of a group. */
function joinSums(window: SlidingWindow, value: number): void {
  const { rows } = window;
  const row = newestRow(window);
  const distance = value - (rows[row + column.value] as number);
  const mean = (rows[row + column.value] as number) + distance / ((rows[row + column.count] as number) + 1);
  rows[row + column.value] = mean;
  joinGroup(window, value, distance * (value - mean));
}

/** Distance from the lowest to the highest value, whatever is covered; NaN of no sample, or too large to reckon with. */
export function peakToPeak(window: SlidingWindow): number {
  return finite(highestOf(window) - lowestOf(window));
}

/** Of all good values in the window, each with the same weight; NaN of no sample, or too large to reckon with. */
export function standardDeviation({ rows, width, head, tail }: SlidingWindow): number {
  let count = 0;
  let mean = 0;
  let squares = 0;
  // The sums of two groups make those of both (Chan, Golub and LeVeque): exact where a sum of raw squares is not.
  for (let row = head; row < tail; row += width) {
    const more = rows[row + column.count] as number;
    const distance = (rows[row + column.value] as number) - mean;
    const all = count + more;
    squares += (rows[row + column.sum] as number) + (distance * distance * count * more) / all;
    mean += (distance * more) / all;
    count = all;
  }
  return finite(Math.sqrt(squares / count));
}
