import { parseDuration } from '../base/duration.ts';
import { describePin, type OutputRule, type OutputSettings, type PinAddress } from '../model/output.ts';
import type { Build } from './build.ts';
import type { Problems } from './problem.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { itemsOf, placeOf, placeOfKey, placeOfValue, type Tree } from './tree.ts';

/** More than any board has relays. */
const mostOutputs = 16;

/** Long enough for whoever is near to hear it; after that the beacon tells. */
const longestSiren = '10m';

/** Without those that are wrong. */
export function buildOutputs(siteTree: Tree, build: Build): OutputSettings[] {
  const trees = itemsOf(siteTree, 'outputs');
  if (trees.length > mostOutputs) {
    const message = `${trees.length} outputs; a site has at most ${mostOutputs}`;
    build.problems.error(placeOfKey(siteTree, 'outputs'), message, 'let one output tell several priorities');
  }
  const built: OutputSettings[] = [];
  for (const tree of trees.slice(0, mostOutputs)) {
    const output = buildOutput(tree, build);
    if (output && isNew(output, built, tree, build.problems)) built.push(output);
  }
  return built;
}

function buildOutput(tree: Tree, build: Build): OutputSettings | undefined {
  const raw = readShape('output', 'an output', tree, build.problems)?.raw;
  if (!raw) return undefined;
  const { kind, longest } = raw;
  if (kind === 'beacon' && longest !== undefined) {
    const hint = 'remove longest, or write kind: siren';
    build.problems.error(placeOfKey(tree, 'longest'), 'a beacon has no longest time: it shows what stands', hint);
  }
  const rules = raw.on.map(buildRule);
  warnOfIdleRules(rules, tree, build.problems);
  return {
    id: raw.id,
    name: raw.name ?? raw.id,
    kind,
    pin: buildPin(raw.pin),
    active: raw.active ?? 'high',
    isOnWhenStopped: raw['when-stopped'] === 'on',
    longestMs: kind === 'siren' ? parseDuration(longest ?? longestSiren) : undefined,
    rules,
  };
}

function buildPin(raw: Raw<'output'>['pin']): PinAddress {
  return 'bcm' in raw ? { kind: 'bcm', line: raw.bcm } : { kind: 'line', chip: raw.chip, line: raw.line };
}

function buildRule(raw: Raw<'output'>['on'][number]): OutputRule {
  return {
    priorities: raw.priorities,
    while: raw.while ?? 'unacknowledged',
    pattern: raw.pattern ?? 'steady',
  };
}

/** A rule behind others that have taken all its priorities for the same reason. */
function warnOfIdleRules(rules: readonly OutputRule[], tree: Tree, problems: Problems): void {
  const places = itemsOf(tree, 'on').map(placeOf);
  for (const [index, rule] of rules.entries()) {
    const before = rules.slice(0, index).filter(other => other.while === rule.while);
    const place = places[index];
    if (!place || !rule.priorities.every(one => before.some(({ priorities }) => priorities.includes(one)))) continue;
    const message = 'this rule never decides: the rules before it take all its priorities';
    problems.warn(place, message, 'the first rule that fits decides: put the narrower one first, or remove this one');
  }
}

function isNew(output: OutputSettings, built: readonly OutputSettings[], tree: Tree, problems: Problems): boolean {
  if (built.some(({ id }) => id === output.id)) {
    problems.error(placeOfValue(tree, 'id'), `a second output "${output.id}"`, 'give each output its own id');
    return false;
  }
  const pin = describePin(output.pin);
  const other = built.find(one => describePin(one.pin) === pin);
  if (other) {
    const hint = 'a pin switches one output: choose another, or put the rules of both under one';
    problems.error(placeOfValue(tree, 'pin'), `the outputs "${other.id}" and "${output.id}" are both on ${pin}`, hint);
  }
  return !other;
}
