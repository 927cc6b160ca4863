import type { LimitRule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { stateTexts } from './alarm-checks.ts';
import type { Build } from './build.ts';
import { toUnitOf } from './quantity.ts';
import type { RawAlarm } from './schema.ts';
import { suggestOr } from './suggestion.ts';
import { descend, placeOf, placeOfValue, type Tree } from './tree.ts';

/** What the rule of an alarm on a point is built from. */
export interface RuleParts {
  readonly raw: RawAlarm;
  readonly tree: Tree;
  readonly point: Point;
  readonly build: Build;
  /** False when a part of the alarm did not fit and was left out. */
  readonly isWhole: boolean;
  readonly base: Omit<LimitRule, 'kind' | 'message' | 'level' | 'limit' | 'deadband'>;
}

type Path = readonly string[];

/** A problem at a key of the alarm. */
export function complain({ tree, build }: RuleParts, path: Path, message: string, hint: string): undefined {
  build.problems.error(placeOfValue(tree, ...path), message, hint);
  return undefined;
}

/** The numbers of the states that are written under a path; undefined when there is one that the point has not. */
export function readStates(
  parts: RuleParts,
  path: Path,
  written: string | number | readonly (string | number)[],
): readonly number[] | undefined {
  const { tree, point, build } = parts;
  const list = descend(tree, path);
  const items = list?.kind === 'list' ? list.items : [];
  const wanted = typeof written === 'object' ? written : [written];
  const states: number[] = [];
  let isWrong = false;
  for (const [index, state] of wanted.entries()) {
    const values = valuesOfState(point, state);
    states.push(...values);
    if (values.length > 0) continue;
    isWrong = true;
    const item = items[index];
    const texts = [...(point.states?.values() ?? [])];
    const hint = suggestOr(String(state), texts, `its states are ${stateTexts(point)}`);
    build.problems.error(
      item ? placeOf(item) : placeOfValue(tree, ...path),
      `${point.key} has no state "${state}"`,
      hint,
    );
  }
  return isWrong ? undefined : [...new Set(states)];
}

/** `running or stopping` */
export function writtenStates(written: string | number | readonly (string | number)[]): string {
  return typeof written === 'object' ? written.join(' or ') : String(written);
}

/** The numbers of a state: one text may stand for several. */
function valuesOfState(point: Point, state: string | number): number[] {
  const entries = [...(point.states ?? [])];
  return entries.filter(([value, text]) => value === state || text === state).map(([value]) => value);
}

/** A quantity in the unit of the point, or undefined when it is wrong. */
export function readQuantity(
  parts: RuleParts,
  path: Path,
  written: string | number,
  as: 'value' | 'difference',
): number | undefined {
  const converted = toUnitOf(parts.point, written, as);
  return converted.kind === 'wrong' ? complain(parts, path, converted.message, converted.hint) : converted.value;
}

/** A difference that must not be below zero, and where `isAbove`, be above it. */
export function readAmount(
  parts: RuleParts,
  path: Path,
  written: string | number,
  isAbove: boolean,
): number | undefined {
  const amount = readQuantity(parts, path, written, 'difference');
  if (amount === undefined || amount > 0 || (amount === 0 && !isAbove)) return amount;
  const what = isAbove ? 'not above zero' : 'below zero';
  return complain(parts, path, `${written} is ${what}`, 'write how much, without a sign');
}

/** The one of the keys that is given; undefined, and said, when it is none or several. */
export function readOneOf<Key extends string>(
  parts: RuleParts,
  condition: string,
  given: Partial<Record<Key, unknown>>,
  keys: readonly Key[],
): Key | undefined {
  const [first, second] = keys.filter(key => given[key] !== undefined);
  if (first !== undefined && second === undefined) return first;
  const hint = `write one of ${keys.join(', ')}`;
  if (first === undefined && !parts.isWhole) return undefined;
  if (first === undefined) return complain(parts, [condition], `"${condition}" has none of ${keys.join(', ')}`, hint);
  return complain(parts, [condition, second ?? ''], `"${condition}" has both "${first}" and "${second}"`, hint);
}
