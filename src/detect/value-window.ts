/**
 * What the good samples of a point were like over the last windowMs: how far they spread, and how much of the time is
 * known. Changed in place.
 *
 * Sums are kept for each 1/120 of the window and put together anew each time. One sum over everything would be cheaper, but
 * an absurd float from a device would spoil it for long after it has left the window.
 */
export interface ValueWindow {
  readonly windowMs: number;
  /** Rows of `width`, one for each slice of the window that has good samples. */
  rows: Float64Array;
  /** First row in the window, and the first free one behind it. */
  head: number;
  tail: number;
  /** Time under good quality since the window was made; a good sample stands until the next sample. */
  goodMs: number;
  lastMono: number;
  wasGood: boolean;
}

/** Samples that come within so small a share of the window share a row: that bounds the memory of a window. */
const slices = 120;

/** Of a row: time of its first sample, good time until then, and of its samples count, mean, squares, lowest, highest. */
const width = 7;
const firstCapacity = 8;
const minSamples = 3;

export function createValueWindow(windowMs: number): ValueWindow {
  return {
    windowMs,
    rows: new Float64Array(firstCapacity * width),
    head: 0,
    tail: 0,
    goodMs: 0,
    lastMono: Number.NEGATIVE_INFINITY,
    wasGood: false,
  };
}

/** Takes the next sample, good or bad. Of several at one time the later ones count as values, but take no time. */
export function addValue(window: ValueWindow, mono: number, value: number, isGood: boolean): void {
  if (window.wasGood) window.goodMs += mono - window.lastMono;
  window.lastMono = mono;
  window.wasGood = isGood;
  while (window.head < window.tail && at(window, window.head) < mono - window.windowMs) window.head += 1;
  if (!isGood) return;
  const newest = window.tail - 1;
  if (newest >= window.head && mono - at(window, newest) < window.windowMs / slices) {
    joinRow(window.rows, newest * width, value);
    return;
  }
  if (window.tail * width === window.rows.length) makeRoom(window);
  window.rows.set([mono, window.goodMs, 1, value, 0, value, value], window.tail * width);
  window.tail += 1;
}

/** Good time within the window, up to the newest sample. */
export function coveredMs({ rows, head, tail, goodMs }: ValueWindow): number {
  return head === tail ? 0 : goodMs - (rows[head * width + 1] as number);
}

/** Whether there is enough to say something: three good samples, and half of the window under good quality. */
export function isTelling(window: ValueWindow): boolean {
  let count = 0;
  for (let row = window.head; row < window.tail; row += 1) count += window.rows[row * width + 2] as number;
  return count >= minSamples && coveredMs(window) >= window.windowMs / 2;
}

/** Distance from the lowest to the highest value, whatever is covered; NaN of no sample, or too large to reckon with. */
export function peakToPeak({ rows, head, tail }: ValueWindow): number {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let row = head * width; row < tail * width; row += width) {
    lowest = Math.min(lowest, rows[row + 5] as number);
    highest = Math.max(highest, rows[row + 6] as number);
  }
  return finite(highest - lowest);
}

/** Of all good samples in the window, each with the same weight; NaN of no sample, or too large to reckon with. */
export function standardDeviation({ rows, head, tail }: ValueWindow): number {
  let count = 0;
  let mean = 0;
  let squares = 0;
  // The sums of two groups make those of both (Chan, Golub and LeVeque): exact where a sum of raw squares is not.
  for (let row = head * width; row < tail * width; row += width) {
    const more = rows[row + 2] as number;
    const distance = (rows[row + 3] as number) - mean;
    const all = count + more;
    squares += (rows[row + 4] as number) + (distance * distance * count * more) / all;
    mean += (distance * more) / all;
    count = all;
  }
  return finite(Math.sqrt(squares / count));
}

/** Welford's step: one more value of a row. */
function joinRow(rows: Float64Array, row: number, value: number): void {
  const count = (rows[row + 2] as number) + 1;
  const distance = value - (rows[row + 3] as number);
  const mean = (rows[row + 3] as number) + distance / count;
  rows[row + 2] = count;
  rows[row + 3] = mean;
  rows[row + 4] = (rows[row + 4] as number) + distance * (value - mean);
  rows[row + 5] = Math.min(rows[row + 5] as number, value);
  rows[row + 6] = Math.max(rows[row + 6] as number, value);
}

/** The window slides along its rows; at their end it goes back to the front, or gets twice the rows if it needs them. */
function makeRoom(window: ValueWindow): void {
  const { rows, head, tail } = window;
  const isRoomy = (tail - head) * width * 2 <= rows.length;
  const target = isRoomy ? rows : new Float64Array(rows.length * 2);
  target.set(rows.subarray(head * width, tail * width));
  window.rows = target;
  window.tail = tail - head;
  window.head = 0;
}

function at(window: ValueWindow, row: number): number {
  return window.rows[row * width] as number;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}
