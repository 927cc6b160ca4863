import { createDetector } from '../detect/detector.ts';
import type { Change, Rule } from '../model/alarm.ts';
import type { SampleBatch } from '../model/point.ts';
import type { Minute } from './minutes.ts';
import { createRebuilder, type RecordedPoint } from './rebuild.ts';
import { createTally, type Occurrence } from './tally.ts';

/**
 * What decides: the detector alone, or the chain of all that the gateway puts around it. It gets the batches in the order
 * of time, and knows no other clock than theirs.
 */
export type Judge = (batch: SampleBatch) => readonly Change[];

/** The very detector of the gateway, with no alarm standing at the beginning. */
export function detectorJudge(rules: readonly Rule[]): Judge {
  return createDetector(rules, []).step;
}

/** Takes a recording through the judge, a minute at a time, and keeps what comes of it. Pure but for its own state. */
export interface Replay {
  play(minute: Minute): void;
  /** What stood at some time from `from` on and before `to`. */
  occurrences(from: number, to: number): readonly Occurrence[];
  /** How much of a time that begins with `countFrom` each place was good: 0 to 1. */
  knownShares(from: number, to: number): readonly number[];
  readonly samples: number;
}

export interface ReplayOptions {
  /** In the order of their devices. */
  readonly points: readonly RecordedPoint[];
  readonly judge: Judge;
  /** From then on it is counted how much is known; what comes before only makes delays, windows and alarms begin right. */
  readonly countFrom: number;
  /** Looks at each batch before it is judged. */
  readonly onBatch?: (batch: SampleBatch) => void;
}

export function createReplay({ points, judge, countFrom, onBatch }: ReplayOptions): Replay {
  const rebuilder = createRebuilder(points);
  const tally = createTally();
  let goodBefore: Float64Array | undefined;

  function take(batch: SampleBatch): void {
    onBatch?.(batch);
    for (const { kind, rule, sampledAt } of judge(batch))
      tally.add({ kind: kind === 'met' ? 'began' : 'ended', alarm: rule.key, at: sampledAt });
  }

  return {
    play(minute) {
      if (goodBefore === undefined && minute.startAt >= countFrom) goodBefore = rebuilder.good.slice();
      rebuilder.play(minute, take);
    },
    occurrences: tally.occurrences,
    knownShares(from, to) {
      const countedMs = Math.max(1, to - from);
      return points.map(({ point }, place) => {
        const count = (rebuilder.good[place] ?? 0) - (goodBefore?.[place] ?? 0);
        return Math.min(1, (count * point.intervalMs) / countedMs);
      });
    },
    get samples() {
      return rebuilder.samples;
    },
  };
}
