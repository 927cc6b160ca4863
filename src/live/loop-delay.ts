import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How long the event loop kept others waiting: everything in this process is late by that much. */
export interface LoopDelay {
  /** The longest delay since the last call, ms. */
  takeLongestMs(): number;
  stop(): void;
}

const resolutionMs = 20;

export function startLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  return {
    takeLongestMs() {
      // What is measured is the time between two beats; the beat itself is no delay.
      const longestMs = Math.max(0, histogram.max / 1e6 - resolutionMs);
      histogram.reset();
      return longestMs;
    },
    stop: () => histogram.disable(),
  };
}
