import type { Rule } from '../model/alarm.ts';
import type { Expression, Suppression } from '../model/expression.ts';
import type { Build } from './build.ts';
import type { ComputedDrafts } from './computed.ts';
import { buildExpression, type ExpressionDraft, type Referable } from './expression.ts';
import { checkSuppressions, schedulesOf } from './hiding.ts';
import { siteLimits } from './limits.ts';
import type { RuleDraft } from './rule-draft.ts';
import { readShape } from './shape.ts';
import { itemsOf, placeOf, placeOfKey, placeOfValue, type Tree } from './tree.ts';

interface Built {
  readonly draft: ExpressionDraft;
  readonly expression: Expression;
}

/** All expressions of a site in order of dependency, and its suppressions. */
export function buildExpressions(
  siteTree: Tree,
  computed: ComputedDrafts,
  drafts: readonly RuleDraft[],
  rules: readonly Rule[],
  build: Build,
): { expressions: readonly Expression[]; suppressions: readonly Suppression[] } {
  const ofSuppressions = buildSuppressions(siteTree, build);
  const ofAlarms = drafts.flatMap(({ expression }) => expression ?? []);
  const written = [...computed.expressions, ...ofAlarms, ...ofSuppressions.map(({ draft }) => draft)];
  if (written.length > siteLimits.maxExpressions) {
    const message = `${written.length} expressions; one gateway takes ${siteLimits.maxExpressions}`;
    build.problems.error(placeOfKey(siteTree, 'computed'), message, 'divide the site among several gateways');
    return { expressions: [], suppressions: [] };
  }
  const byKey = new Map(rules.map(rule => [rule.key, rule]));
  const known: Referable = { devices: computed.devices, rules: byKey };
  const built = written.flatMap(draft => {
    const expression = buildExpression(draft, known, build);
    return expression ? [{ draft, expression }] : [];
  });
  const named = ofSuppressions.map(({ suppression }) => suppression);
  checkSuppressions(siteTree, drafts, build);
  return { expressions: inOrder(built, byKey, build), suppressions: [...named, ...schedulesOf(rules)] };
}

function buildSuppressions(siteTree: Tree, build: Build): { suppression: Suppression; draft: ExpressionDraft }[] {
  const seen = new Map<string, Tree>();
  return itemsOf(siteTree, 'suppressions').flatMap(tree => {
    const raw = readShape('suppression', 'a suppression', tree, build.problems)?.raw;
    if (!raw) return [];
    const first = seen.get(raw.id);
    if (first) {
      const message = `a second suppression "${raw.id}", the first is in line ${placeOf(first).line}`;
      build.problems.error(placeOfValue(tree, 'id'), message, 'give each suppression its own id');
      return [];
    }
    seen.set(raw.id, tree);
    const target = { kind: 'suppression', id: raw.id } as const;
    const draft: ExpressionDraft = { target, name: `suppression ${raw.id}`, raw, tree, device: undefined };
    return [{ suppression: { id: raw.id, name: raw.name ?? raw.id, outside: undefined }, draft }];
  });
}

/** Each behind all that it uses. A circle is a problem, and left out. */
function inOrder(all: readonly Built[], rules: ReadonlyMap<string, Rule>, build: Build): Expression[] {
  const byPoint = new Map<number, Built>();
  for (const one of all) {
    const { target } = one.expression;
    if (target.kind !== 'suppression') byPoint.set(target.point.number, one);
  }
  const done = new Set<Built>();
  const ordered: Expression[] = [];
  for (const start of all) {
    // The way down from `start`, each with what it still has to wait for: a long chain must not use up the stack.
    const way: { one: Built; waitsFor: Built[] }[] = [];
    const enter = (one: Built) => way.push({ one, waitsFor: usedBy(one, byPoint, rules) });
    if (!done.has(start)) enter(start);
    for (let top = way.at(-1); top; top = way.at(-1)) {
      const next = top.waitsFor.pop();
      if (next === undefined) {
        done.add(top.one);
        ordered.push(top.one.expression);
        way.pop();
      } else if (!done.has(next)) {
        const at = way.findIndex(({ one }) => one === next);
        if (at === -1) enter(next);
        else
          reportCircle(
            way.slice(at).map(({ one }) => one.draft),
            build,
          );
      }
    }
  }
  return ordered;
}

/** The expressions that one needs first: of computed points, and of points that the alarms it asks for stand on. */
function usedBy({ expression }: Built, byPoint: ReadonlyMap<number, Built>, rules: ReadonlyMap<string, Rule>): Built[] {
  const points = expression.inputs.flatMap(input => {
    if ('point' in input) return [input.point];
    if (input.kind === 'constant') return [];
    const rule = rules.get(input.alarm);
    return rule && 'point' in rule ? [rule.point] : [];
  });
  return points.toReversed().flatMap(point => byPoint.get(point) ?? []);
}

function reportCircle(circle: readonly ExpressionDraft[], build: Build): void {
  const [first] = circle;
  if (!first) return;
  const names = [...circle, first].map(({ name }) => name);
  const shown = names.length > 12 ? [...names.slice(0, 6), '…', ...names.slice(-5)] : names;
  const message = `an expression that depends on itself: ${shown.join(' → ')}`;
  build.problems.error(placeOfValue(first.tree, 'inputs'), message, 'take one of these inputs out');
}
