import { createHistogram } from 'node:perf_hooks';
import type { LatencyView, StatusView } from '../model/view.ts';

/** A histogram of durations with three significant digits, from 1 µs up; an HDR histogram underneath. */
export interface Latency {
  record(durationMs: number): void;
  view(): LatencyView;
}

/** Times the way from one step of an event to a later one, by the event's number. */
export interface Stopwatch {
  start(eventNumber: number, atMono: number): void;
  /** A number that was never started, or was started too long ago, is not measured. */
  stop(eventNumber: number, atMono: number): void;
}

/** With the broker away the starts pile up; only the newest of them are worth measuring. */
const mostStarted = 1_000;

export function createStopwatch(latency: Latency): Stopwatch {
  const started = new Map<number, number>();
  return {
    start(eventNumber, atMono) {
      started.set(eventNumber, atMono);
      const [oldest] = started.keys();
      if (started.size > mostStarted && oldest !== undefined) started.delete(oldest);
    },
    stop(eventNumber, atMono) {
      const startedMono = started.get(eventNumber);
      if (startedMono === undefined) return;
      started.delete(eventNumber);
      latency.record(atMono - startedMono);
    },
  };
}

/** Longer durations are counted as this one: an hour. */
const longestUs = 3_600_000_000;

export function createLatency(): Latency {
  const histogram = createHistogram({ lowest: 1, highest: longestUs, figures: 3 });
  return {
    record(durationMs) {
      // The histogram starts at 1 µs; a duration that rounds to none is recorded as one.
      histogram.record(Math.min(longestUs, Math.max(1, Math.round(durationMs * 1_000))));
    },
    view() {
      if (histogram.count === 0) return { count: 0, p50: 0, p99: 0, max: 0 };
      return {
        count: histogram.count,
        p50: histogram.percentile(50) / 1_000,
        p99: histogram.percentile(99) / 1_000,
        max: histogram.max / 1_000,
      };
    },
  };
}

/** What is measured of the way of a value. */
export type Latencies = Readonly<Record<keyof StatusView['latency'], Latency>>;

export function createLatencies(): Latencies {
  return {
    sampledToDetected: createLatency(),
    detectedToCommitted: createLatency(),
    committedToAcknowledged: createLatency(),
    detectedToAcknowledged: createLatency(),
    lateness: createLatency(),
  };
}
