import { assert } from '../base/assert.ts';
import { type BookTime, createJudge, type JudgedSite, type Verdict } from '../judge/judge.ts';
import type { Rule } from '../model/alarm.ts';
import { usualPolicies } from '../model/deadline.ts';
import type { SampleBatch } from '../model/point.ts';
import type { TimeStamp } from '../model/time.ts';
import type { Minute } from './minutes.ts';
import { createRebuilder, type RecordedPoint } from './rebuild.ts';
import { createTally, type Occurrence } from './tally.ts';

/** Takes a recording through the judge of the gateway, a minute at a time, and keeps what comes of it. */
export interface Replay {
  play(minute: Minute): void;
  /** What stood at some time from `from` on and before `to`. Nothing can be played after it. */
  occurrences(from: number, to: number): readonly Occurrence[];
  /** How much of a time that begins with `countFrom` each place was good: 0 to 1. */
  knownShares(from: number, to: number): readonly number[];
  readonly samples: number;
}

export interface ReplayOptions {
  /** In the order of their devices. */
  readonly points: readonly RecordedPoint[];
  readonly site: JudgedSite;
  /** From then on it is counted how much is known; what comes before only makes delays, windows and alarms begin right. */
  readonly countFrom: number;
  /** Looks at each batch before it is judged. */
  readonly onBatch?: (batch: SampleBatch) => void;
}

export function createReplay({ points, site, countFrom, onBatch }: ReplayOptions): Replay {
  const rebuilder = createRebuilder(points);
  const tally = createTally();
  const judge = createRecordedJudge(site, ({ happenings }) => {
    for (const { kind, alarm, sampledAt } of happenings) tally.add({ kind, alarm, at: sampledAt });
  });
  let goodBefore: Float64Array | undefined;

  function take(batch: SampleBatch): void {
    onBatch?.(batch);
    judge.step(batch);
  }

  return {
    play(minute) {
      if (goodBefore === undefined && minute.startAt >= countFrom) goodBefore = rebuilder.good.slice();
      rebuilder.play(minute, take);
    },
    occurrences(from, to) {
      judge.wait(to);
      return tally.occurrences(from, to);
    },
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

/**
 * The very judge of the gateway, with no alarm standing at the beginning, and by the clock of the record: wall time is the
 * monotonic time too, and what is due between two batches happens when it is due.
 * @param onVerdict of a step or of what ended by itself; not called for nothing
 */
export function createRecordedJudge(site: JudgedSite, onVerdict: (verdict: Verdict) => void) {
  let nowMs = Number.NEGATIVE_INFINITY;
  let dueMs = Number.POSITIVE_INFINITY;
  const stampAt = (mono: number): TimeStamp => ({ clock: 'synchronised', bootId: 'replay', bootMs: mono });
  const now = (): BookTime => ({ mono: nowMs, wall: nowMs, stamp: stampAt(nowMs) });
  const judge = createJudge({
    ...{ site, states: [], lastSign: undefined, stampAt, now },
    isClockInDoubt: () => false,
    pointNow: () => undefined,
  });

  function tell(verdict: Verdict): void {
    dueMs = judge.nextDueMono() ?? Number.POSITIVE_INFINITY;
    onVerdict(verdict);
  }

  function wait(until: number): void {
    while (dueMs <= until) {
      nowMs = dueMs;
      tell(judge.expire());
      assert(dueMs > nowMs, 'what was due is due for ever');
    }
  }

  return {
    wait,
    step(batch: SampleBatch): void {
      if (dueMs <= batch.sampledAtMono) wait(batch.sampledAtMono);
      nowMs = batch.sampledAtMono;
      const verdict = judge.step(batch);
      if (verdict) tell(verdict);
    },
  };
}

/** A site of some alarms on points that are read, and nothing else. */
export function siteOfRules(rules: readonly Rule[]): JudgedSite {
  return {
    ...{ rules, expressions: [], suppressions: [], groups: [] },
    policies: usualPolicies,
    gateway: { timeZone: undefined },
  };
}
