import type { LimitRule } from '../../model/alarm.ts';
import type { Judgement } from '../judgement.ts';

/** A limit as two comparisons. A low limit is a high one upside down: its values are judged with the opposite sign. */
export interface LimitCondition {
  readonly kind: 'limit';
  readonly sign: 1 | -1;
  /** Signed value above which the condition is met. */
  readonly metAbove: number;
  /** Signed value at or below which an active alarm is over. */
  readonly goneAt: number;
}

export function createLimitCondition(rule: Pick<LimitRule, 'level' | 'limit' | 'deadband'>): LimitCondition {
  const sign = rule.level === 'high' || rule.level === 'high-high' ? 1 : -1;
  const metAbove = sign * rule.limit;
  return { kind: 'limit', sign, metAbove, goneAt: withoutBinaryDust(metAbove - rule.deadband) };
}

/**
 * A value at the limit itself is not an alarm, and with a deadband of nothing it ends one: an alarm on "more than 0
 * faults" can return. The deadband serves only to clear: while the alarm is normal, a value within it is below the limit.
 */
export function judgeLimit(condition: LimitCondition, value: number, isActive: boolean): Judgement {
  return condition.sign * value > (isActive ? condition.goneAt : condition.metAbove) ? 'met' : 'gone';
}

/** 0.3 − 0.1 is 0.2 to the person who wrote it, and 0.19999999999999998 in binary: a value of 0.2 has to clear. */
function withoutBinaryDust(value: number): number {
  return Number(value.toPrecision(12));
}
