import {
  addRow,
  column,
  highestOf,
  isClose,
  isTelling,
  joinGroup,
  lowestOf,
  moveTo,
  redateRow,
  type SlidingWindow,
  slopePerS,
  valuesIn,
} from '../base/sliding-window.ts';

/**
 * A window of grouped values, for what expressions ask of it. A group has the time of its newest value and that value, so
 * that the newest always takes part in a rate and nothing leaves early; it keeps the sum of its values.
 */

export type WindowFigure = 'rate' | 'mean' | 'min' | 'max';

/** Takes the next sample, good or bad. One that is no later than the last is left out. */
export function addToFigures(window: SlidingWindow, mono: number, value: number, isGood: boolean): void {
  if (mono <= window.lastMono) return;
  moveTo(window, mono, isGood);
  if (!isGood) return;
  // Close to the row before the newest: two rows in each part of the window at most. The first row of all stays alone.
  if (isClose(window, 2, mono)) {
    redateRow(window, value);
    joinGroup(window, value, value);
  } else addRow(window, value, value);
}

/** The figure over the window: `rate` in units per second, the others in units. NaN when it cannot be told. */
export function figureOf(window: SlidingWindow, figure: WindowFigure): number {
  if (figure === 'rate') return slopePerS(window);
  if (!isTelling(window)) return Number.NaN;
  if (figure === 'mean') return meanOf(window);
  return figure === 'min' ? lowestOf(window) : highestOf(window);
}

/** Divided before it is added up: values that are very large have a mean all the same. */
function meanOf(window: SlidingWindow): number {
  const { rows, width, head, tail } = window;
  const values = valuesIn(window);
  let mean = 0;
  for (let row = head; row < tail; row += width) mean += (rows[row + column.sum] as number) / values;
  return mean;
}
