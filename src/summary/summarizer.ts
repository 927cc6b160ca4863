import { isText, type Point, type SampleBatch } from '../model/point.ts';
import type { CountedSummary } from '../model/summary.ts';
import type { Moment } from '../model/time.ts';
import { type Counter, createCounter } from './counter.ts';
import { addSample, createTally, summaryOf, type Tally } from './tally.ts';

/** What the points of one device did in one window, by the wall clock. Points without a sample in it are left out. */
export interface DeviceWindow {
  /** Number of the device. */
  readonly device: number;
  readonly windowStart: number;
  readonly windowEnd: number;
  /** Its first sample. */
  readonly began: Moment;
  readonly points: readonly CountedSummary[];
}

/**
 * Sums samples up in windows. A window belongs to one device and is closed by that device's first sample in another one,
 * so the work of closing spreads over the devices by itself. Text points have no numbers and no summary.
 *
 * Windows end at whole multiples of windowMs of wall time and start there too, but for the first one of a device and the
 * first one after the wall clock went back: those start at their first sample, because nothing is known from before it.
 * No window is longer than windowMs, however the wall clock jumps.
 */
export interface Summarizer {
  /** Counts the samples of one read. Returns the window that they closed by being in another one. */
  add(batch: SampleBatch): DeviceWindow | undefined;
  /** At stop: closes all windows. They end at `wall`, or where they end anyway when that is sooner. */
  flush(wall: number): readonly DeviceWindow[];
  /** Closes the window of a device that was removed, or whose points changed, at its last sample. */
  forget(device: number): DeviceWindow | undefined;
}

interface OpenWindow {
  readonly began: Moment;
  start: number;
  /** The next whole multiple of windowMs. */
  readonly end: number;
  /** Wall time of the latest sample. */
  latest: number;
  /** By point number, in the order in which the points first came. */
  readonly tallies: Map<number, Tally>;
}

export function createSummarizer(options: { windowMs: number }): Summarizer {
  const { windowMs } = options;
  const windows = new Map<number, OpenWindow>();
  /** By point number. */
  const counters = new Map<number, Counter>();

  function counterOf(point: Point): Counter | undefined {
    if (!point.isCounter) return undefined;
    const known = counters.get(point.number);
    if (known && isSameMeasure(known.point, point)) return known;
    const made = createCounter(point);
    counters.set(point.number, made);
    return made;
  }

  return {
    add(batch) {
      const { device, sampledAt } = batch;
      const current = windows.get(device);
      if (current && sampledAt >= current.end - windowMs && sampledAt < current.end) {
        addBatch(current, batch, counterOf);
        return undefined;
      }
      const next = openWindow(current, { wallMs: sampledAt, monoMs: batch.sampledAtMono }, windowMs);
      windows.set(device, next);
      addBatch(next, batch, counterOf);
      return current && closeWindow(device, current, sampledAt < current.start ? current.latest : current.end);
    },
    flush(wall) {
      const open = [...windows];
      windows.clear();
      return open.flatMap(([device, window]) => {
        const windowEnd = Math.min(window.end, Math.max(wall, window.latest));
        return closeWindow(device, window, windowEnd) ?? [];
      });
    },
    forget(device) {
      const window = windows.get(device);
      windows.delete(device);
      for (const [number, { point }] of counters) if (point.device === device) counters.delete(number);
      return window && closeWindow(device, window, window.latest);
    },
  };
}

function openWindow(previous: OpenWindow | undefined, began: Moment, windowMs: number): OpenWindow {
  const wall = began.wallMs;
  const aligned = Math.floor(wall / windowMs) * windowMs;
  const isContinued = previous !== undefined && previous.end <= aligned;
  return { began, start: isContinued ? aligned : wall, end: aligned + windowMs, latest: wall, tallies: new Map() };
}

/** Undefined when there is nothing to tell, as of a device that has only texts. */
function closeWindow(device: number, window: OpenWindow, windowEnd: number): DeviceWindow | undefined {
  if (window.tallies.size === 0) return undefined;
  const points = Array.from(window.tallies.values(), summaryOf);
  // Samples carry fractions of a millisecond; windows do not, and still hold all their samples.
  const { began } = window;
  return { device, windowStart: Math.floor(window.start), windowEnd: Math.ceil(windowEnd), began, points };
}

function addBatch(window: OpenWindow, batch: SampleBatch, counterOf: (point: Point) => Counter | undefined): void {
  if (batch.sampledAt > window.latest) window.latest = batch.sampledAt;
  if (batch.sampledAt < window.start) window.start = batch.sampledAt;
  for (const sample of batch.samples) {
    const { point } = sample;
    let tally = window.tallies.get(point.number);
    if (tally === undefined || !isSameMeasure(tally.point, point)) {
      if (isText(point)) continue;
      tally = createTally(point, counterOf(point));
      window.tallies.set(point.number, tally);
    }
    addSample(tally, sample);
  }
}

/** After a reload the same number may have another unit or scale. The two must not be mixed: the point starts anew. */
function isSameMeasure(one: Point, other: Point): boolean {
  if (one === other) return true;
  return (
    one.unit === other.unit &&
    one.scale === other.scale &&
    one.offset === other.offset &&
    one.isCounter === other.isCounter
  );
}
