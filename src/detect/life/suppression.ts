import { type AlarmState, type Happening, noMasks, normalLife, type Rule } from '../../model/alarm.ts';
import type { Suppression } from '../../model/expression.ts';
import { reasonOf, suppressionAlarm, suppressionsOf } from '../../model/suppressed.ts';
import { gatewayActor, noDetails, type StepTime } from './happening.ts';

/*
 * Suppression by design. One that holds is told as itself, by one event when it begins and one when it ends, however many
 * alarms it hides: a pump that starts and stops all day must not fill the record with what nobody missed.
 */

export type NamedSuppression = Pick<Suppression, 'id' | 'name'>;

/** Which suppressions hold, and which of them were told. */
export interface Suppressing {
  /** What hides an alarm that names these; undefined when nothing does. */
  reasonOf(suppressedBy: readonly string[]): string | undefined;
  /** False when nothing has changed by it. */
  set(id: string, isOn: boolean): boolean;
  /** The site knows these from now on. Those that it has no more hold no longer. */
  replace(suppressions: readonly NamedSuppression[]): void;
  /** What is to be told of those that began or ended since the last call. One that no rule names hides nothing, and is not told. */
  tell(rules: Iterable<Rule>, times: StepTime): readonly Happening[];
}

/** @param states as they were kept: what held then, holds until it is known better */
export function createSuppressing(
  states: readonly AlarmState[],
  suppressions: readonly NamedSuppression[],
): Suppressing {
  let names = namesOf(suppressions);
  const holding = new Set(states.flatMap(suppressionsOf).filter(id => names.has(id)));
  const told = new Map(
    states.flatMap(({ rule, masks, message }) =>
      rule === 'suppression' && masks.suppressed?.reason !== undefined ? [[masks.suppressed.reason, message]] : [],
    ),
  );

  return {
    reasonOf: suppressedBy => reasonOf(suppressedBy.filter(id => holding.has(id))),
    set(id, isOn) {
      if (!names.has(id) || holding.has(id) === isOn) return false;
      if (isOn) holding.add(id);
      else holding.delete(id);
      return true;
    },
    replace(suppressions) {
      names = namesOf(suppressions);
      for (const id of holding) if (!names.has(id)) holding.delete(id);
    },
    tell(rules, times) {
      const hidden = countBy(rules);
      const ended = [...told].filter(([id]) => !holding.has(id) || !hidden.has(id));
      const begun = [...names].filter(([id]) => holding.has(id) && !told.has(id) && hidden.has(id));
      for (const [id] of ended) told.delete(id);
      for (const [id, name] of begun) told.set(id, name);
      return [
        ...ended.map(([id, name]) => happeningOf('suppression-ended', id, name, hidden.get(id), times)),
        ...begun.map(([id, name]) => happeningOf('suppression-began', id, name, hidden.get(id), times)),
      ];
    },
  };
}

function namesOf(suppressions: readonly NamedSuppression[]): ReadonlyMap<string, string> {
  return new Map(suppressions.map(({ id, name }) => [id, name]));
}

/** How many rules name each. */
function countBy(rules: Iterable<Rule>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { life } of rules) for (const id of life.suppressedBy) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function happeningOf(
  kind: 'suppression-began' | 'suppression-ended',
  id: string,
  name: string,
  value: number | undefined,
  times: StepTime,
): Happening {
  const isBeginning = kind === 'suppression-began';
  const masks = { ...noMasks, suppressed: { by: gatewayActor, reason: id, expiry: undefined } };
  return {
    ...noDetails,
    kind,
    alarm: suppressionAlarm(id),
    rule: undefined,
    suppression: name,
    life: isBeginning ? { ...normalLife, phase: 'suppressed', masks } : normalLife,
    isFirst: isBeginning,
    value,
    reason: id,
    ...times,
  };
}
