import type { CountedSummary } from '../model/summary.ts';
import { type Bounds, type CoarseSpan, windowAround } from './span-window.ts';
import { addToSums, createSumLayout, type SumLayout, type Sums, summariesOf } from './sums.ts';

/** What one device did in one window. */
export interface DeviceSummary {
  /** Id of the device. */
  readonly device: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly points: readonly CountedSummary[];
}

/** A coarse window, and which of the finer ones went into it. */
export interface Coarse {
  readonly summary: DeviceSummary;
  /** Number of the last finer one. */
  readonly upTo: number;
}

/**
 * Puts windows together to those of a coarser span. A window of a device is closed by the device's own first finer window
 * beyond it, and where the device has none any more, when the others are a whole window further.
 *
 * Like the finer ones they begin and end at whole multiples, but for the first one of a device and the one after the wall
 * clock went back, which begin with what is known, and the one before that, which ends with it.
 */
export interface Coarsener {
  /** Takes a finer window with its number; numbers rise. Returns the windows that it closed. */
  add(number: number, finer: DeviceSummary): readonly Coarse[];
  /** By device: the number of the first finer window that is not in a closed window yet. */
  readonly open: ReadonlyMap<string, number>;
}

interface OpenWindow {
  start: number;
  readonly bounds: Bounds;
  latest: number;
  readonly firstNumber: number;
  lastNumber: number;
  readonly sums: Sums;
}

/** `known`: devices that had a window before the start, so that their next one begins where it should. */
export function createCoarsener(span: CoarseSpan, known: Iterable<string> = []): Coarsener {
  const windows = new Map<string, OpenWindow>();
  const open = new Map<string, number>();
  const layouts = new Map<string, SumLayout>();
  /** Where the last closed window of a device ended. */
  const ends = new Map<string, number>(Array.from(known, device => [device, Number.NEGATIVE_INFINITY]));
  let sweptTo = Number.NEGATIVE_INFINITY;

  function add(number: number, finer: DeviceSummary): Coarse[] {
    const closed: Coarse[] = [];
    const { device, windowStart } = finer;
    const current = windows.get(device);
    if (current && windowStart >= current.bounds.start && windowStart < current.bounds.end) {
      addFiner(current, layoutOf(device), number, finer);
    } else {
      if (current) closed.push(close(device, current, windowStart < current.bounds.start));
      const bounds = windowAround(span, windowStart);
      const isContinued = (ends.get(device) ?? Number.POSITIVE_INFINITY) <= bounds.start;
      const start = isContinued ? bounds.start : windowStart;
      const next = { start, bounds, latest: windowStart, firstNumber: number, lastNumber: number, sums: [] };
      windows.set(device, next);
      open.set(device, number);
      addFiner(next, layoutOf(device), number, finer);
    }
    sweep(windowStart, closed);
    return closed;
  }

  function layoutOf(device: string): SumLayout {
    const known = layouts.get(device);
    if (known) return known;
    const made = createSumLayout();
    layouts.set(device, made);
    return made;
  }

  /** Closes what was left behind by devices that are gone. */
  function sweep(now: number, closed: Coarse[]): void {
    const { start } = windowAround(span, now);
    if (start <= sweptTo) {
      // After the clock went back, what is ahead of it closes with its own device.
      if (now < sweptTo) sweptTo = start;
      return;
    }
    sweptTo = start;
    for (const [device, window] of windows)
      if (window.bounds.end + (window.bounds.end - window.bounds.start) <= now)
        closed.push(close(device, window, false));
  }

  function close(device: string, window: OpenWindow, hasGoneBack: boolean): Coarse {
    windows.delete(device);
    open.delete(device);
    const windowEnd = hasGoneBack ? window.latest : window.bounds.end;
    ends.set(device, hasGoneBack ? Number.POSITIVE_INFINITY : windowEnd);
    const summary = {
      device,
      windowStart: window.start,
      windowEnd,
      points: summariesOf(layoutOf(device), window.sums),
    };
    return { summary, upTo: window.lastNumber };
  }

  return { add, open };
}

function addFiner(window: OpenWindow, layout: SumLayout, number: number, finer: DeviceSummary): void {
  window.lastNumber = number;
  window.latest = Math.max(window.latest, finer.windowEnd);
  window.start = Math.min(window.start, finer.windowStart);
  for (const point of finer.points) addToSums(layout, window.sums, point);
}
