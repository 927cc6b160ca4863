import type { JudgedSite } from '../judge/judge.ts';
import { otherPointOf, type Rule } from '../model/alarm.ts';
import type { Expression } from '../model/expression.ts';

/** All that something is made of, through the expressions between. */
export interface Sources {
  /** Itself and those that its expressions ask for. */
  readonly rules: ReadonlySet<Rule>;
  readonly expressions: ReadonlySet<Expression>;
  /** Numbers of the points that are read from the plant. */
  readonly points: ReadonlySet<number>;
  /** Numbers of the devices of which it matters whether they are heard. */
  readonly devices: ReadonlySet<number>;
}

export interface SourceFinder {
  /** Of the condition of an alarm. */
  ofRule(rule: Rule): Sources;
  /** Of a suppression; of a schedule there are none. */
  ofSuppression(id: string): Sources;
}

export function createSourceFinder({ rules, expressions }: Pick<JudgedSite, 'rules' | 'expressions'>): SourceFinder {
  const ruleBy = new Map(rules.map(rule => [rule.key, rule]));
  const byPoint = new Map<number, Expression>();
  const bySuppression = new Map<string, Expression>();
  for (const expression of expressions) {
    const { target } = expression;
    if (target.kind === 'suppression') bySuppression.set(target.id, expression);
    else byPoint.set(target.point.number, expression);
  }
  const known = new Map<Rule, Sources>();

  function addRule(found: Gathered, rule: Rule): void {
    if (found.rules.has(rule)) return;
    found.rules.add(rule);
    for (const device of devicesOf(rule)) found.devices.add(device);
    for (const point of pointsOf(rule)) addPoint(found, point);
  }

  function addPoint(found: Gathered, point: number): void {
    const expression = byPoint.get(point);
    if (expression) addExpression(found, expression);
    else found.points.add(point);
  }

  function addExpression(found: Gathered, expression: Expression): void {
    if (found.expressions.has(expression)) return;
    found.expressions.add(expression);
    for (const input of expression.inputs) {
      const rule = input.kind === 'alarm' ? ruleBy.get(input.alarm) : undefined;
      if ('point' in input) addPoint(found, input.point);
      else if (rule) addRule(found, rule);
    }
  }

  return {
    ofRule(rule) {
      const before = known.get(rule);
      if (before) return before;
      const found = nothingGathered();
      addRule(found, rule);
      known.set(rule, found);
      return found;
    },
    ofSuppression(id) {
      const found = nothingGathered();
      const expression = bySuppression.get(id);
      if (expression) addExpression(found, expression);
      return found;
    },
  };
}

/** What of a site must be judged so that these alarms come, and are hidden, as in the plant. */
export function narrow<Narrowed extends JudgedSite>(site: Narrowed, wanted: readonly Rule[]): Narrowed {
  const finder = createSourceFinder(site);
  const hiding = new Set(wanted.flatMap(({ life }) => life.suppressedBy));
  const sources = [...wanted.map(finder.ofRule), ...[...hiding].map(finder.ofSuppression)];
  const rules = withBuses(
    site.rules,
    sources.flatMap(one => [...one.rules]),
  );
  const expressions = new Set(sources.flatMap(one => [...one.expressions]));
  return {
    ...site,
    rules: site.rules.filter(rule => rules.has(rule)),
    expressions: site.expressions.filter(expression => expressions.has(expression)),
    suppressions: site.suppressions.filter(({ id }) => hiding.has(id)),
  };
}

/** The alarm of a bus comes in place of those of its devices, and by them: none of them can be judged alone. */
function withBuses(all: readonly Rule[], some: readonly Rule[]): ReadonlySet<Rule> {
  const rules = new Set(some);
  for (const bus of all) {
    if (bus.kind !== 'bus-communication') continue;
    const ofBus = all.filter(rule => rule.kind === 'communication' && bus.devices.includes(rule.device));
    const isTouched = [bus, ...ofBus].some(rule => rules.has(rule));
    if (isTouched) for (const rule of [bus, ...ofBus]) rules.add(rule);
  }
  return rules;
}

interface Gathered {
  readonly rules: Set<Rule>;
  readonly expressions: Set<Expression>;
  readonly points: Set<number>;
  readonly devices: Set<number>;
}

function nothingGathered(): Gathered {
  return { rules: new Set(), expressions: new Set(), points: new Set(), devices: new Set() };
}

/** Numbers of the points whose values a rule judges. */
function pointsOf(rule: Rule): readonly number[] {
  if (!('point' in rule)) return [];
  const other = otherPointOf(rule);
  return other === undefined ? [rule.point] : [rule.point, other];
}

/** Numbers of the devices of which a rule asks whether they are heard. */
function devicesOf(rule: Rule): readonly number[] {
  if (rule.kind === 'communication') return [rule.device];
  return rule.kind === 'bus-communication' ? rule.devices : [];
}
