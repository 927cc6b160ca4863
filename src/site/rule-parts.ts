import type { StateRule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import type { Build } from './build.ts';
import { toUnitOf } from './quantity.ts';
import type { RawAlarm } from './schema.ts';
import { placeOfValue, type Tree } from './tree.ts';

/** What the rule of an alarm on a point is built from. */
export interface RuleParts {
  readonly raw: RawAlarm;
  readonly tree: Tree;
  readonly point: Point;
  readonly build: Build;
  /** False when a part of the alarm did not fit and was left out. */
  readonly isWhole: boolean;
  readonly base: Omit<StateRule, 'kind' | 'states' | 'message'>;
  /** The point that a text of the alarm names; undefined, with the reason among the problems, when there is none. */
  readonly findPoint: (written: string, path: Path) => Point | undefined;
}

type Path = readonly string[];

/** A problem at a key of the alarm. */
export function complain({ tree, build }: RuleParts, path: Path, message: string, hint: string): undefined {
  build.problems.error(placeOfValue(tree, ...path), message, hint);
  return undefined;
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

/** The sizes that an alarm gives under its condition, in the unit of its point. */
interface SizeOptions {
  readonly path: Path;
  readonly mayBeZero: boolean;
  /** The point whose unit it is; left out: the alarm's own. */
  readonly of?: Point;
}

/** A size in the unit of the point, or undefined, with the reason among the problems. */
export function readSize(
  parts: RuleParts,
  written: string | number,
  { path, mayBeZero, of = parts.point }: SizeOptions,
): number | undefined {
  const size = toUnitOf(of, written, 'difference');
  if (size.kind === 'wrong') return complain(parts, path, size.message, size.hint);
  if (size.value > 0 || (mayBeZero && size.value === 0)) return size.value;
  const least = mayBeZero ? 'below zero' : 'not above zero';
  return complain(parts, path, `${written} is ${least}`, 'write how much, without a sign');
}

/** The deadband of an alarm; 0 where none is written. */
export function readDeadband(parts: RuleParts): number | undefined {
  const { deadband } = parts.raw;
  return deadband === undefined ? 0 : readSize(parts, deadband, { path: ['deadband'], mayBeZero: true });
}

/** A deadband as wide as what it belongs to would keep the alarm for ever. */
export function isDeadbandNarrow(parts: RuleParts, deadband: number, size: number): boolean {
  if (deadband < size) return true;
  const message = `the deadband ${parts.raw.deadband} is as wide as what it belongs to: the alarm could never return`;
  complain(parts, ['deadband'], message, 'make the deadband smaller');
  return false;
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
