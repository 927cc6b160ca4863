import type { StaleRule } from '../../model/alarm.ts';
import type { Judgement } from '../judgement.ts';

/** A point that has had no good value for too long. */
export interface StaleCondition {
  readonly kind: 'stale';
  readonly longestMs: number;
  /** Monotonic ms of the last good sample, or of the first sample of all; NaN before that. */
  goodMono: number;
}

export function createStaleCondition({ longestMs }: StaleRule): StaleCondition {
  return { kind: 'stale', longestMs, goodMono: Number.NaN };
}

/** The bad samples of failed reads are what tells that a value does not come. Any good sample ends it. */
export function judgeStale(condition: StaleCondition, mono: number, isGood: boolean): Judgement {
  if (isGood || Number.isNaN(condition.goodMono)) condition.goodMono = mono;
  if (isGood) return 'gone';
  // Not long enough yet: an alarm that stood before a restart must not return for that.
  return mono - condition.goodMono > condition.longestMs ? 'met' : 'unsure';
}
