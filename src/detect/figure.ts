import type { Rule } from '../model/alarm.ts';
import type { JointRow, PointRow } from './alarm-row.ts';

/** What a person wants to see beside the limit: the value itself, or what was made of it and compared. */
export function figureOfSample({ condition }: PointRow, value: number): number | undefined {
  switch (condition.kind) {
    case 'rate':
      return condition.slope;
    case 'spread':
      return condition.spread;
    case 'counter-rate':
      return condition.window.rise;
    case 'stale':
      // That there is no value is the alarm.
      return undefined;
    default:
      return value;
  }
}

export function figureOfInputs({ condition }: JointRow): number {
  switch (condition.kind) {
    case 'deviation':
      return condition.difference;
    case 'crossings':
      return condition.count;
    default:
      return condition.inputs.value;
  }
}

/** The rule in the words that fit what happened: a pump that does not start is another matter than one that does not stop. */
export function spokenRule({ condition, rule }: JointRow): Rule {
  if (condition.kind !== 'mismatch' || rule.kind !== 'mismatch') return rule;
  return { ...rule, message: condition.owes === 'start' ? rule.startMessage : rule.stopMessage };
}
