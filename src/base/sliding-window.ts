/**
 * The good values of a point over the last windowMs, in rows of numbers. Changed in place.
 *
 * It knows its gaps: how much of its time was under good quality, where a good sample stands until the next sample. What it
 * is asked is worked out anew from the rows. Running sums would be cheaper, but one absurd float from a device would spoil
 * them for long after it has left the window.
 *
 * Values that come faster than `windowParts` in a window must share rows, or the window grows with their number. Who adds
 * them decides how, because it depends on what is asked: a line is thinned, an extreme must not be.
 */
export interface SlidingWindow {
  readonly windowMs: number;
  /** Numbers in a row: the first three of the columns below if it holds one value, all of them if it holds a group. */
  readonly width: number;
  rows: Float64Array;
  /** Where the first row in the window begins, and where the first free one behind it would. */
  head: number;
  tail: number;
  /** Time under good quality since the window was made. */
  goodMs: number;
  /** The same up to the newest good sample. */
  toldMs: number;
  lastMono: number;
  wasGood: boolean;
}

/** Values less than such a share of the window apart are close. */
export const windowParts = 120;

/** What stands where in a row. `goodMs`: how much good time had passed by then since the window was made. */
export const column = { mono: 0, value: 1, goodMs: 2, count: 3, lowest: 4, highest: 5, sum: 6 } as const;

const widths = { single: 3, grouped: 7 };
const firstRows = 8;
const minValues = 3;

export function createSlidingWindow(windowMs: number, row: 'single' | 'grouped'): SlidingWindow {
  const width = widths[row];
  const rows = new Float64Array(firstRows * width);
  const nothingSeen = { head: 0, tail: 0, goodMs: 0, toldMs: 0, lastMono: Number.NEGATIVE_INFINITY, wasGood: false };
  return { windowMs, width, rows, ...nothingSeen };
}

/** Moves the window to the next sample, good or bad. What is too old for a good one leaves. */
export function moveTo(window: SlidingWindow, mono: number, isGood: boolean): void {
  if (window.wasGood) window.goodMs += mono - window.lastMono;
  window.lastMono = mono;
  window.wasGood = isGood;
  if (!isGood) return;
  window.toldMs = window.goodMs;
  const { rows, width, tail } = window;
  while (window.head < tail && (rows[window.head] as number) < mono - window.windowMs) window.head += width;
}

/**
 * Adds the value of the sample that the window was moved to as a row of its own. Where rows are groups it is one of one
 * value, and begins with this sum.
 */
export function addRow(window: SlidingWindow, value: number, sum = 0): void {
  if (window.tail === window.rows.length) makeRoom(window);
  window.tail += window.width;
  redateRow(window, value);
  if (window.width === widths.single) return;
  const row = newestRow(window);
  window.rows[row + column.count] = 1;
  window.rows[row + column.lowest] = value;
  window.rows[row + column.highest] = value;
  window.rows[row + column.sum] = sum;
}

/** Gives the newest row the time of the sample that the window was moved to, and this value. */
export function redateRow(window: SlidingWindow, value: number): void {
  const row = newestRow(window);
  window.rows[row + column.mono] = window.lastMono;
  window.rows[row + column.value] = value;
  window.rows[row + column.goodMs] = window.goodMs;
}

/** One more value of the newest group, and what it adds to the group's sum. */
export function joinGroup(window: SlidingWindow, value: number, summand: number): void {
  const { rows } = window;
  const row = newestRow(window);
  rows[row + column.count] = (rows[row + column.count] as number) + 1;
  rows[row + column.lowest] = Math.min(rows[row + column.lowest] as number, value);
  rows[row + column.highest] = Math.max(rows[row + column.highest] as number, value);
  rows[row + column.sum] = (rows[row + column.sum] as number) + summand;
}

/** Where the newest row begins; only while there is one. */
export function newestRow({ tail, width }: SlidingWindow): number {
  return tail - width;
}

/** Whether a time is close behind the row that is so many rows back, 1 being the newest; never if there is none. */
export function isClose(window: SlidingWindow, rowsBack: number, mono: number): boolean {
  return mono - timeBack(window, rowsBack) < window.windowMs / windowParts;
}

/** Monotonic ms of the row that is so many rows back, 1 being the newest. */
export function timeBack({ rows, width, head, tail }: SlidingWindow, rowsBack: number): number {
  const row = tail - rowsBack * width;
  return row < head ? Number.NEGATIVE_INFINITY : (rows[row] as number);
}

/** Good time within the window, up to the newest good sample. */
export function coveredMs({ rows, head, toldMs }: SlidingWindow): number {
  return toldMs - (rows[head + column.goodMs] as number);
}

/** Whether there is enough to say something: three good values, and half of the window under good quality. */
export function isTelling(window: SlidingWindow): boolean {
  return valuesIn(window) >= minValues && coveredMs(window) >= window.windowMs / 2;
}

export function valuesIn({ rows, width, head, tail }: SlidingWindow): number {
  if (width === widths.single) return (tail - head) / width;
  let values = 0;
  for (let row = head; row < tail; row += width) values += rows[row + column.count] as number;
  return values;
}

/** Of grouped rows; infinite without any. */
export function lowestOf({ rows, width, head, tail }: SlidingWindow): number {
  let least = Number.POSITIVE_INFINITY;
  for (let row = head; row < tail; row += width) least = Math.min(least, rows[row + column.lowest] as number);
  return least;
}

/** Of grouped rows; infinite without any. */
export function highestOf({ rows, width, head, tail }: SlidingWindow): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let row = head; row < tail; row += width) most = Math.max(most, rows[row + column.highest] as number);
  return most;
}

/** Slope of the least-squares line through the rows, in units per second. NaN when it cannot be told. */
export function slopePerS(window: SlidingWindow): number {
  if (!isTelling(window)) return Number.NaN;
  const { rows, width, head, tail } = window;
  // Times are taken from the newest row and values from the first, so that small slopes survive large numbers.
  const newestMono = timeBack(window, 1);
  const base = rows[head + column.value] as number;
  let times = 0;
  let values = 0;
  let squares = 0;
  let products = 0;
  for (let row = head; row < tail; row += width) {
    const ms = (rows[row] as number) - newestMono;
    const rise = (rows[row + column.value] as number) - base;
    times += ms;
    values += rise;
    squares += ms * ms;
    products += ms * rise;
  }
  const points = (tail - head) / width;
  return finite((1_000 * (points * products - times * values)) / (points * squares - times * times));
}

/** NaN in place of what is too large to reckon with. */
export function finite(result: number): number {
  return Number.isFinite(result) ? result : Number.NaN;
}

/** The window slides along its rows; at their end it goes back to the front, or gets twice the rows if it needs them. */
function makeRoom(window: SlidingWindow): void {
  const { rows, head, tail } = window;
  const target = (tail - head) * 2 <= rows.length ? rows : new Float64Array(rows.length * 2);
  target.set(rows.subarray(head, tail));
  window.rows = target;
  window.tail = tail - head;
  window.head = 0;
}
