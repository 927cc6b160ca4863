import { addRise, type CounterTerms } from '../model/counter.ts';

/**
 * What a counter rose in the last windowMs, and how much of that time it was known. Changed in place.
 *
 * The window moves in steps of 1/120: a rise leaves it up to one step early, never late, so that a window never holds more
 * than its time. All is summed up anew at each change: one absurd float leaves with its slot.
 */
export interface RiseWindow {
  readonly windowMs: number;
  readonly terms: CounterTerms;
  /** By number of the slot modulo their count. */
  readonly rises: Float64Array;
  readonly goodMs: Float64Array;
  /** Monotonic ms of the first good sample; NaN before it. */
  beganMono: number;
  /** Number of the slot that is filled, counted from the beginning. */
  newest: number;
  /** The sums over the window. */
  rise: number;
  knownMs: number;
}

export const windowSlots = 120;

export function createRiseWindow(windowMs: number, terms: CounterTerms): RiseWindow {
  return {
    windowMs,
    terms,
    rises: new Float64Array(windowSlots),
    goodMs: new Float64Array(windowSlots),
    beganMono: Number.NaN,
    newest: 0,
    rise: 0,
    knownMs: 0,
  };
}

/** Moves the window so that it ends now; the first call begins it. */
export function moveWindow(window: RiseWindow, mono: number): void {
  if (Number.isNaN(window.beganMono)) window.beganMono = mono;
  const newest = slotOf(window, mono);
  if (newest <= window.newest) return;
  const left = Math.min(newest - window.newest, windowSlots);
  for (let slot = newest - left + 1; slot <= newest; slot += 1) {
    window.rises[slot % windowSlots] = 0;
    window.goodMs[slot % windowSlots] = 0;
  }
  window.newest = newest;
  sumUp(window);
}

/** A rise that was seen at this time, which may have left the window meanwhile. */
export function addToRises(window: RiseWindow, mono: number, rise: number): void {
  const slot = slotOf(window, mono);
  if (rise === 0 || slot <= window.newest - windowSlots) return;
  window.rises[slot % windowSlots] = (window.rises[slot % windowSlots] as number) + rise;
  sumUp(window);
}

/** So much time up to now the counter was known. */
export function addGoodTime(window: RiseWindow, ms: number): void {
  const slot = window.newest % windowSlots;
  window.goodMs[slot] = (window.goodMs[slot] as number) + ms;
  window.knownMs += ms;
}

/** Whether a rise would have been seen in the whole window: it has gone by, and half of it under good quality. */
export function isWholeWindow({ windowMs, beganMono, knownMs }: RiseWindow, mono: number): boolean {
  return mono - beganMono >= windowMs && knownMs >= windowMs / 2;
}

export function slotOf({ beganMono, windowMs }: RiseWindow, mono: number): number {
  return Math.floor(((mono - beganMono) * windowSlots) / windowMs);
}

export function sumUp(window: RiseWindow): void {
  let rise = 0;
  let knownMs = 0;
  for (let slot = 0; slot < windowSlots; slot += 1) {
    rise += window.rises[slot] as number;
    knownMs += window.goodMs[slot] as number;
  }
  // Rounded once: 0.1 is no binary number, and a counter of tenths counts in tenths.
  window.rise = addRise(window.terms, 0, rise);
  window.knownMs = knownMs;
}
