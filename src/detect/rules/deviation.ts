import type { DeviationRule } from '../../model/alarm.ts';
import { areGood, createInputs, type Inputs } from '../inputs.ts';
import type { Judgement } from '../judgement.ts';
import { createLevel, dustOf, type Level, levelOf } from '../level.ts';

/** A value too far from where it should be. */
export interface DeviationCondition {
  readonly kind: 'deviation';
  readonly inputs: Inputs;
  readonly from: Level;
  readonly direction: DeviationRule['direction'];
  readonly metAbove: number;
  readonly goneAt: number;
  /** Value less reference, as it was judged last. */
  difference: number;
}

export function createDeviationCondition({ from, direction, limit, deadband }: DeviationRule): DeviationCondition {
  return {
    kind: 'deviation',
    inputs: createInputs(from.kind === 'point'),
    from: createLevel(from),
    direction,
    metAbove: limit,
    goneAt: limit - deadband,
    difference: Number.NaN,
  };
}

export function judgeDeviation(condition: DeviationCondition, isActive: boolean): Judgement {
  const { inputs, direction, metAbove, goneAt } = condition;
  if (!areGood(inputs)) return 'unsure';
  const reference = levelOf(condition.from, inputs);
  const difference = inputs.value - reference;
  // Two absurd numbers may have no difference that is a number.
  if (!Number.isFinite(difference)) return 'unsure';
  condition.difference = difference;
  const distance = direction === 'above' ? difference : direction === 'below' ? -difference : Math.abs(difference);
  return distance > (isActive ? goneAt : metAbove) + dustOf(inputs.value, reference) ? 'met' : 'gone';
}
