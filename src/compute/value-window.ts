/**
 * The good values of a point over the last windowMs. Changed in place.
 *
 * It knows its gaps: what it says is NaN with fewer than three good values, or while less than half of the window was
 * under good quality. A good sample stands for the time until the next sample.
 */
export interface ValueWindow {
  readonly windowMs: number;
  /** Rows of seven: see the names below. */
  rows: Float64Array;
  /** First row in the window, and the first free one behind it. */
  head: number;
  tail: number;
  goodMs: number;
  lastMono: number;
  wasGood: boolean;
}

export type WindowFigure = 'rate' | 'mean' | 'min' | 'max';

/**
 * Where values come faster than this many in a window, those that are less than such a share apart have one row, which
 * keeps their extremes, their sum and the newest of them: a window has at most twice as many rows.
 */
const sharesInWindow = 120;

const minValues = 3;
const width = 7;
/** What stands where in a row. `goodMs`: how much good time had passed by then since the window was made. */
const [mono, latest, goodMs, lowest, highest, sum, count] = [0, 1, 2, 3, 4, 5, 6];

export function createValueWindow(windowMs: number): ValueWindow {
  const rows = new Float64Array(16 * width);
  return { windowMs, rows, head: 0, tail: 0, goodMs: 0, lastMono: Number.NEGATIVE_INFINITY, wasGood: false };
}

/** Takes the next sample, good or bad. One that is no later than the last is left out. */
export function addValue(window: ValueWindow, atMono: number, value: number, isGood: boolean): void {
  if (atMono <= window.lastMono) return;
  if (window.wasGood) window.goodMs += atMono - window.lastMono;
  window.lastMono = atMono;
  window.wasGood = isGood;
  if (!isGood) return;
  while (window.head < window.tail && cell(window, window.head, mono) < atMono - window.windowMs) window.head += 1;
  if (isCrowded(window, atMono)) mergeValue(window, atMono, value);
  else appendValue(window, atMono, value);
}

/** The figure over the window: `rate` in units per second, the others in units. NaN when it cannot be told. */
export function figureOf(window: ValueWindow, figure: WindowFigure): number {
  const { rows, head, tail } = window;
  let values = 0;
  for (let at = head; at < tail; at += 1) values += cell(window, at, count);
  if (values < minValues || coveredMs(window) < window.windowMs / 2) return Number.NaN;
  if (figure === 'rate') return slopePerS(window);
  let found = rows[head * width + (figure === 'max' ? highest : lowest)] as number;
  if (figure === 'mean') found = 0;
  for (let at = head; at < tail; at += 1) {
    if (figure === 'mean') found += cell(window, at, sum) / values;
    else if (figure === 'min') found = Math.min(found, cell(window, at, lowest));
    else found = Math.max(found, cell(window, at, highest));
  }
  return found;
}

/** Slope of the least-squares line through the rows, reckoned from the newest time and the first value. */
function slopePerS(window: ValueWindow): number {
  const { head, tail } = window;
  const rows = tail - head;
  const newest = cell(window, tail - 1, mono);
  const base = cell(window, head, latest);
  let [times, values, squares, products] = [0, 0, 0, 0];
  for (let at = head; at < tail; at += 1) {
    const time = cell(window, at, mono) - newest;
    const value = cell(window, at, latest) - base;
    times += time;
    values += value;
    squares += time * time;
    products += time * value;
  }
  const slope = (1_000 * (rows * products - times * values)) / (rows * squares - times * times);
  return Number.isFinite(slope) ? slope : Number.NaN;
}

function coveredMs(window: ValueWindow): number {
  return cell(window, window.tail - 1, goodMs) - cell(window, window.head, goodMs);
}

/** Whether the newest row is still so young that the next value belongs into it; the first row of all stays alone. */
function isCrowded(window: ValueWindow, atMono: number): boolean {
  const { head, tail, windowMs } = window;
  if (tail - head < 2) return false;
  const share = windowMs / sharesInWindow;
  return atMono - cell(window, tail - 2, mono) < share;
}

function mergeValue(window: ValueWindow, atMono: number, value: number): void {
  const { rows } = window;
  const at = (window.tail - 1) * width;
  rows[at + mono] = atMono;
  rows[at + latest] = value;
  rows[at + goodMs] = window.goodMs;
  rows[at + lowest] = Math.min(rows[at + lowest] as number, value);
  rows[at + highest] = Math.max(rows[at + highest] as number, value);
  rows[at + sum] = (rows[at + sum] as number) + value;
  rows[at + count] = (rows[at + count] as number) + 1;
}

function appendValue(window: ValueWindow, atMono: number, value: number): void {
  if (window.tail * width === window.rows.length) makeRoom(window);
  window.rows.set([atMono, value, window.goodMs, value, value, value, 1], window.tail * width);
  window.tail += 1;
}

/** The window slides along its rows; at their end it goes back to the front, or gets twice the rows if it needs them. */
function makeRoom(window: ValueWindow): void {
  const { rows, head, tail } = window;
  const used = tail - head;
  const target = used * width * 2 <= rows.length ? rows : new Float64Array(rows.length * 2);
  target.set(rows.subarray(head * width, tail * width));
  window.rows = target;
  window.head = 0;
  window.tail = used;
}

function cell(window: ValueWindow, row: number, column: number): number {
  return window.rows[row * width + column] as number;
}
