import type { Reference } from '../model/alarm.ts';
import type { Inputs } from './inputs.ts';

/** What a value is compared with, as a straight line through the other point; of a constant the line is level. */
export interface Level {
  readonly factor: number;
  readonly offset: number;
  readonly isConstant: boolean;
}

export function createLevel(reference: Reference): Level {
  if (reference.kind === 'constant') return { factor: 0, offset: reference.value, isConstant: true };
  return { factor: reference.factor, offset: reference.offset, isConstant: false };
}

export function levelOf({ factor, offset, isConstant }: Level, inputs: Inputs): number {
  return isConstant ? offset : inputs.other * factor + offset;
}

/**
 * How much two numbers may differ and still be the same to the person who wrote them: 0.4 − 0.1 is more than 0.3 in binary.
 */
export function dustOf(one: number, other: number): number {
  return 1e-12 * (Math.abs(one) + Math.abs(other));
}
