import { unreachable } from '../base/assert.ts';
import type { Rule } from '../model/alarm.ts';

/**
 * What an alarm is about. When the rule behind a key changes its subject, it is another alarm: a standing one must not
 * go on under the name of something else.
 */
export function hasSameSubject(one: Rule, other: Rule): boolean {
  return one.key === other.key && subjectOf(one) === subjectOf(other);
}

/** True when both rules judge every sample alike: they may differ in what people read of them. */
export function hasSameTerms(one: Rule, other: Rule): boolean {
  return termsOf(one) === termsOf(other);
}

function subjectOf(rule: Rule): string {
  switch (rule.kind) {
    case 'limit':
      return `limit ${rule.point} ${rule.level}`;
    case 'rate':
      return `rate ${rule.point} ${rule.direction}`;
    case 'state':
      return `state ${rule.point}`;
    case 'communication':
      return `communication ${rule.device}`;
    case 'bus-communication':
      return `bus ${rule.bus}`;
    default:
      return unreachable(rule);
  }
}

function termsOf(rule: Rule): string {
  const { message: _message, priority: _priority, life: _life, ...terms } = rule;
  return JSON.stringify(terms, Object.keys(terms).sort());
}
