import type { StateRule } from '../../model/alarm.ts';
import type { Judgement } from '../judgement.ts';

/** A point that has reached one of the states that are an alarm. */
export interface StateCondition {
  readonly kind: 'state';
  readonly states: readonly number[];
}

export function createStateCondition(rule: StateRule): StateCondition {
  return { kind: 'state', states: rule.states };
}

export function judgeState(condition: StateCondition, value: number): Judgement {
  return condition.states.includes(value) ? 'met' : 'gone';
}
