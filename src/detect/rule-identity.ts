import { otherPointOf, type Rule } from '../model/alarm.ts';
import { learnedTermsOf } from '../model/rule-memory.ts';

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

/** True when what one has learned of its point is what the other would have learned of it. */
export function hasLearnedAlike(one: Rule, other: Rule): boolean {
  return JSON.stringify(learnedTermsOf(one)) === JSON.stringify(learnedTermsOf(other));
}

function subjectOf(rule: Rule): string {
  switch (rule.kind) {
    case 'limit':
      return `limit ${rule.point} ${rule.level}`;
    case 'rate':
      return `rate ${rule.point} ${rule.direction}`;
    case 'forecast':
      return `forecast ${rule.point} ${rule.limit}`;
    case 'spread':
      return `spread ${rule.point} ${rule.measure}`;
    case 'deviation':
      return `deviation ${rule.point} ${rule.direction} ${otherPointOf(rule)}`;
    case 'crossings':
    case 'mismatch':
      return `${rule.kind} ${rule.point} ${otherPointOf(rule)}`;
    case 'state':
    case 'stale':
    case 'frozen':
    case 'counter-rate':
    case 'duration':
    case 'missing':
    case 'band':
      return `${rule.kind} ${rule.point}`;
    case 'communication':
      return `communication ${rule.device}`;
    case 'bus-communication':
      return `bus ${rule.bus}`;
  }
}

const notTerms: readonly string[] = ['message', 'startMessage', 'stopMessage', 'priority', 'life'];

function termsOf(rule: Rule): string {
  const terms = Object.entries(rule).filter(([name]) => !notTerms.includes(name));
  return JSON.stringify(terms.sort(([one], [other]) => (one < other ? -1 : 1)));
}
