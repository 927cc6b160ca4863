import type { StateRule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import type { Build } from './build.ts';
import { toUnitOf } from './quantity.ts';
import type { RawAlarm } from './schema.ts';
import { placeOfValue, type Tree } from './tree.ts';

/** What every builder of a rule is given. */
export interface RuleParts {
  readonly raw: RawAlarm;
  readonly tree: Tree;
  readonly point: Point;
  readonly build: Build;
  readonly base: Omit<StateRule, 'kind' | 'states' | 'message'>;
  /** The point that a text of the alarm names; undefined, with the reason among the problems, when there is none. */
  readonly findPoint: (written: string, path: readonly string[]) => Point | undefined;
}

/** The sizes that an alarm gives under its condition, in the unit of its point. */
interface SizeOptions {
  readonly path: readonly string[];
  readonly mayBeZero: boolean;
  /** The point whose unit it is; left out: the alarm's own. */
  readonly of?: Point;
}

/** A size in the unit of the point, or undefined, with the reason among the problems. */
export function readSize(
  { point, tree, build }: RuleParts,
  written: string | number,
  { path, mayBeZero, of = point }: SizeOptions,
): number | undefined {
  const size = toUnitOf(of, written, 'difference');
  const place = placeOfValue(tree, ...path);
  if (size.kind === 'wrong') {
    build.problems.error(place, size.message, size.hint);
    return undefined;
  }
  if (size.value > 0 || (mayBeZero && size.value === 0)) return size.value;
  const least = mayBeZero ? `${written} is below zero` : `${written} is not above zero`;
  build.problems.error(place, least, 'write how much, without a sign');
  return undefined;
}

/** The deadband of an alarm; 0 where none is written. */
export function readDeadband(parts: RuleParts): number | undefined {
  const { deadband } = parts.raw;
  return deadband === undefined ? 0 : readSize(parts, deadband, { path: ['deadband'], mayBeZero: true });
}

/** A deadband as wide as what it belongs to would keep the alarm for ever. */
export function isDeadbandNarrow({ raw, tree, build }: RuleParts, deadband: number, size: number): boolean {
  if (deadband < size) return true;
  const message = `the deadband ${raw.deadband} is as wide as what it belongs to: the alarm could never return`;
  build.problems.error(placeOfValue(tree, 'deadband'), message, 'make the deadband smaller');
  return false;
}
