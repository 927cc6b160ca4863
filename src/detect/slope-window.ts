/**
 * The good samples of a point over the last windowMs, and the straight line through them. Changed in place.
 *
 * The line is fitted anew from the samples each time. Running sums would be cheaper, but one absurd float from a device
 * would spoil them for long after it has left the window.
 */
export interface SlopeWindow {
  readonly windowMs: number;
  /** Rows of three: monotonic ms, value, and how much good time had passed by then, in ms. */
  rows: Float64Array;
  /** First row in the window, and the first free one behind it. */
  head: number;
  tail: number;
  /** Time under good quality since the window was made; a good sample stands until the next sample. */
  goodMs: number;
  lastMono: number;
  wasGood: boolean;
}

/**
 * Most samples a window is divided into. When they come faster they are thinned: the newest replaces the one before it
 * until a share of 1/120 of the window lies between two kept ones. The newest always takes part.
 */
export const maxWindowSamples = 120;

const minSamples = 3;
const width = 3;
const firstCapacity = 16;

export function createSlopeWindow(windowMs: number): SlopeWindow {
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

/** Takes the next sample, good or bad. One that is no later than the last tells nothing about a slope and is left out. */
export function addToWindow(window: SlopeWindow, mono: number, value: number, isGood: boolean): void {
  if (mono <= window.lastMono) return;
  if (window.wasGood) window.goodMs += mono - window.lastMono;
  window.lastMono = mono;
  window.wasGood = isGood;
  if (!isGood) return;
  while (window.head < window.tail && timeOf(window, window.head) < mono - window.windowMs) window.head += 1;
  if (isCrowded(window)) window.tail -= 1;
  if (window.tail * width === window.rows.length) makeRoom(window);
  const at = window.tail * width;
  window.rows[at] = mono;
  window.rows[at + 1] = value;
  window.rows[at + 2] = window.goodMs;
  window.tail += 1;
}

/**
 * Slope of the least-squares line in units per second. NaN when it cannot be told: fewer than 3 samples, less than half
 * of the window under good quality, or values too large to reckon with.
 */
export function slopePerS(window: SlopeWindow): number {
  const { rows, head, tail } = window;
  const count = tail - head;
  if (count < minSamples || coveredMs(window) < window.windowMs / 2) return Number.NaN;
  // Times are taken from the newest sample and values from the first, so that small slopes survive large numbers.
  const newestMono = timeOf(window, tail - 1);
  const base = rows[head * width + 1] as number;
  let times = 0;
  let values = 0;
  let squares = 0;
  let products = 0;
  for (let at = head * width; at < tail * width; at += width) {
    const time = (rows[at] as number) - newestMono;
    const value = (rows[at + 1] as number) - base;
    times += time;
    values += value;
    squares += time * time;
    products += time * value;
  }
  const slope = (1_000 * (count * products - times * values)) / (count * squares - times * times);
  return Number.isFinite(slope) ? slope : Number.NaN;
}

/** Seconds from the oldest to the newest sample in the window. */
export function spanS(window: SlopeWindow): number {
  return (timeOf(window, window.tail - 1) - timeOf(window, window.head)) / 1_000;
}

function coveredMs({ rows, head, tail }: SlopeWindow): number {
  return (rows[(tail - 1) * width + 2] as number) - (rows[head * width + 2] as number);
}

function isCrowded(window: SlopeWindow): boolean {
  const { head, tail, windowMs } = window;
  return tail - head >= 2 && timeOf(window, tail - 1) - timeOf(window, tail - 2) < windowMs / maxWindowSamples;
}

/** The window slides along its rows; at their end it goes back to the front, or gets twice the rows if it needs them. */
function makeRoom(window: SlopeWindow): void {
  const { rows, head, tail } = window;
  const count = tail - head;
  const isRoomy = count * width * 2 <= rows.length;
  const target = isRoomy ? rows : new Float64Array(rows.length * 2);
  target.set(rows.subarray(head * width, tail * width));
  window.rows = target;
  window.head = 0;
  window.tail = count;
}

function timeOf(window: SlopeWindow, row: number): number {
  return window.rows[row * width] as number;
}
