import type { MismatchRule } from '../../model/alarm.ts';
import { createDelay, type Delay, freezeDelay, runDelay, stopDelay } from '../delay.ts';
import { areGood, createInputs, type Inputs } from '../inputs.ts';
import type { Judgement } from '../judgement.ts';

/** A feedback that does not follow its command. */
export interface MismatchCondition {
  readonly kind: 'mismatch';
  readonly inputs: Inputs;
  readonly commandOn: readonly number[] | undefined;
  readonly feedbackOn: readonly number[] | undefined;
  readonly startMs: number;
  readonly stopMs: number;
  /** How long the feedback has been owing. */
  readonly owing: Delay;
  /** What it owes, or owed last. */
  owes: 'start' | 'stop';
}

export function createMismatchCondition(rule: MismatchRule): MismatchCondition {
  const { commandOn, feedbackOn, startMs, stopMs } = rule;
  const terms = { commandOn, feedbackOn, startMs, stopMs };
  return { kind: 'mismatch', inputs: createInputs(true), ...terms, owing: createDelay(), owes: 'start' };
}

/** Time in which one of the two is not known does not count. */
export function judgeMismatch(condition: MismatchCondition): Judgement {
  const { inputs, owing, startMs, stopMs } = condition;
  const { mono } = inputs;
  if (!areGood(inputs)) {
    freezeDelay(owing, mono);
    return 'unsure';
  }
  const isCommanded = isOn(inputs.other, condition.commandOn);
  if (isCommanded === isOn(inputs.value, condition.feedbackOn)) {
    stopDelay(owing);
    return 'gone';
  }
  const owes = isCommanded ? 'start' : 'stop';
  if (owes !== condition.owes) stopDelay(owing);
  condition.owes = owes;
  // Within its time nothing is wrong yet, but an alarm that stands is not over for that.
  return runDelay(owing, mono, isCommanded ? startMs : stopMs) ? 'met' : 'unsure';
}

function isOn(value: number, on: readonly number[] | undefined): boolean {
  return on === undefined ? value !== 0 : on.includes(value);
}
