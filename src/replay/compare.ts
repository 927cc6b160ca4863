import type { Rule } from '../model/alarm.ts';
import { type AlarmSum, groupByAlarm, type Occurrence, sumUp } from './tally.ts';

/**
 * What would be different. `longer` and `shorter`: as often, but for another time. `hidden`: it is announced alike, and hidden more or less often. `untold`: the record does not say whether
 * it would have come.
 */
export type Difference =
  | 'new'
  | 'gone'
  | 'more'
  | 'fewer'
  | 'longer'
  | 'shorter'
  | 'hidden'
  | 'same'
  | 'quiet'
  | 'untold';

export interface AlarmComparison {
  readonly alarm: string;
  /** Undefined where the site that is tried has no such alarm any more. */
  readonly rule: Rule | undefined;
  readonly would: AlarmSum;
  /** Undefined where there is no alarm log to look at. */
  readonly came: AlarmSum | undefined;
  readonly difference: Difference;
}

/** Durations that differ by less are the same: samples of a replay may be off by an interval. */
const sameShare = 0.1;

export interface Compared {
  readonly rules: readonly Rule[];
  readonly would: readonly Occurrence[];
  readonly came: readonly Occurrence[] | undefined;
  readonly from: number;
  readonly to: number;
  /** Whether the record can tell of a rule. */
  readonly canTell: (rule: Rule) => boolean;
}

/** One row for each alarm of the site and for each other that came; those that differ most for a person first. */
export function compare({ rules, would, came, from, to, canTell }: Compared): readonly AlarmComparison[] {
  const wouldBy = groupByAlarm(would);
  const cameBy = came && groupByAlarm(came);
  const byKey = new Map(rules.map(rule => [rule.key, rule]));
  const alarms = new Set([...byKey.keys(), ...wouldBy.keys(), ...(cameBy?.keys() ?? [])]);
  const rows = [...alarms].map((alarm): AlarmComparison => {
    const rule = byKey.get(alarm);
    const wouldSum = sumUp(wouldBy.get(alarm) ?? [], from, to);
    const cameSum = cameBy && sumUp(cameBy.get(alarm) ?? [], from, to);
    const isTold = rule === undefined || canTell(rule);
    const difference = isTold ? differenceOf(wouldSum, cameSum) : 'untold';
    return { alarm, rule, would: wouldSum, came: cameSum, difference };
  });
  return rows.sort(
    (one, other) =>
      order.indexOf(one.difference) - order.indexOf(other.difference) ||
      other.would.count + (other.came?.count ?? 0) - one.would.count - (one.came?.count ?? 0) ||
      (one.alarm < other.alarm ? -1 : 1),
  );
}

const order: readonly Difference[] = [
  'new',
  'gone',
  'more',
  'fewer',
  'longer',
  'shorter',
  'hidden',
  'same',
  'untold',
  'quiet',
];

function differenceOf(would: AlarmSum, came: AlarmSum | undefined): Difference {
  if (came === undefined) return would.count > 0 ? 'new' : would.hidden > 0 ? 'hidden' : 'quiet';
  if (would.count !== came.count) {
    if (came.count === 0) return 'new';
    if (would.count === 0) return 'gone';
    return would.count > came.count ? 'more' : 'fewer';
  }
  const longest = Math.max(would.totalMs, came.totalMs);
  if (Math.abs(would.totalMs - came.totalMs) > sameShare * longest)
    return would.totalMs > came.totalMs ? 'longer' : 'shorter';
  if (would.hidden !== came.hidden) return 'hidden';
  return would.count + would.hidden === 0 ? 'quiet' : 'same';
}
