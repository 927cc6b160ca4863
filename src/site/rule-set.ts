import type { Build } from './build.ts';
import type { Place } from './problem.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { itemsOf, placeOfValue, readText, type Tree } from './tree.ts';

export type ClassPoint = Raw<'classPoint'>;

/** What an equipment class is watched for, written once for devices of any make: config/profiles/classes/NAME.yaml. */
export interface RuleSet {
  readonly name: string;
  /** What the rules look at, by id: measured points and what a site sets. */
  readonly points: ReadonlyMap<string, ClassPoint>;
  readonly computed: ReadonlyMap<string, Tree>;
  readonly suppressions: ReadonlyMap<string, Tree>;
  readonly alarms: ReadonlyMap<string, Tree>;
}

/** Undefined, with the reason among the problems, when it is missing or wrong. */
export function takeRuleSet(name: string, at: Place, build: Build): RuleSet | undefined {
  const tree = build.profiles.takeClass(name, at);
  if (!tree || !readShape('ruleSet', 'the rule set', tree, build.problems)) return undefined;
  const points = new Map<string, ClassPoint>();
  for (const item of [...itemsOf(tree, 'points'), ...itemsOf(tree, 'settings')]) {
    const raw = readShape('classPoint', 'a point of a class', item, build.problems)?.raw;
    if (raw) points.set(raw.id, raw);
  }
  const listOf = (key: string) => byId(tree, key, build);
  const [computed, suppressions, alarms] = [listOf('computed'), listOf('suppressions'), listOf('alarms')];
  return { name, points, computed, suppressions, alarms };
}

function byId(tree: Tree, key: string, build: Build): ReadonlyMap<string, Tree> {
  const found = new Map<string, Tree>();
  for (const item of itemsOf(tree, key)) {
    const id = readText(item, 'id');
    if (id === undefined || found.has(id)) {
      const message = id === undefined ? `one of ${key} has no id` : `a second "${id}" among ${key}`;
      build.problems.error(placeOfValue(item, 'id'), message, 'give each an id of its own');
    } else {
      found.set(id, item);
    }
  }
  return found;
}
