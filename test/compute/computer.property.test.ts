import fc from 'fast-check';
import { expect, test } from 'vitest';
import { badReasons } from '../../src/model/quality.ts';
import { startPlant, type Value } from './rig.ts';

/** Random expressions over the feeder's points and over each other, beside a model that works everything out anew. */

const points = ['feeder/power', 'feeder/l1', 'feeder/l2', 'feeder/l3'] as const;
const operations = {
  'a + b': (a: number, b: number) => a + b,
  'a - b': (a: number, b: number) => a - b,
  'a / b': (a: number, b: number) => a / b,
  'max(a, b)': Math.max,
  'a > b ? a : b * 2.0': (a: number, b: number) => (a > b ? a : b * 2),
} as const;

interface Node {
  readonly operation: keyof typeof operations;
  /** Below 4 one of the points, else a node that stands before this one. */
  readonly left: number;
  readonly right: number;
}

const node = fc.record({
  operation: fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])),
  left: fc.nat(1_000),
  right: fc.nat(1_000),
});
const graph = fc
  .array(node, { minLength: 1, maxLength: 8 })
  .map(nodes => nodes.map((one, at): Node => ({ ...one, left: one.left % (4 + at), right: one.right % (4 + at) })));
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom('timeout' as const, 'invalid-value' as const, 'overrun' as const) },
);
const history = fc.array(fc.tuple(fc.nat(3), value), { maxLength: 30 });

const nameOf = (index: number) => points[index] ?? `computed/c${index - 4}`;

function siteOf(nodes: readonly Node[], order: readonly number[]): string {
  const lines = order.map(at => {
    const { operation, left, right } = nodes[at] as Node;
    return `  - {id: c${at}, inputs: {a: ${nameOf(left)}, b: ${nameOf(right)}}, expression: "${operation}"}`;
  });
  return `computed:\n${lines.join('\n')}\n`;
}

/** From nothing but what the points said last. */
function naive(nodes: readonly Node[], latest: readonly Value[], index: number): Value {
  if (index < 4) return latest[index] as Value;
  const { operation, left, right } = nodes[index - 4] as Node;
  const [a, b] = [naive(nodes, latest, left), naive(nodes, latest, right)];
  const reasons = [a, b].filter(one => typeof one === 'string');
  const worst = badReasons.find(reason => reasons.includes(reason));
  if (worst) return worst;
  const result = operations[operation](a as number, b as number);
  return Number.isFinite(result) ? result : 'not-computed';
}

/** What each computed point said last, and how often it was told. */
function listen(told: readonly string[], said: Map<string, string>): void {
  const keys = told.map(line => line.slice(0, line.indexOf(' ')));
  expect(keys, 'each at most once').toEqual([...new Set(keys)]);
  for (const line of told) said.set(line.slice(0, line.indexOf(' ')), line.slice(line.indexOf('=') + 2));
}

test('computed points say after each sample what a model says that works all of them out anew', () => {
  fc.assert(
    fc.property(graph, history, (nodes, samples) => {
      const plant = startPlant(
        siteOf(
          nodes,
          nodes.map((_, at) => at),
        ),
      );
      const latest: Value[] = points.map(() => 'not-read');
      const said = new Map<string, string>();
      for (const [at, [point, now]] of samples.entries()) {
        latest[point] = now;
        listen(plant.read(at * 10, { [points[point] as string]: now }), said);
        for (const [key, text] of said) {
          const expected = naive(nodes, latest, 4 + Number(key.slice('computed/c'.length)));
          expect(Number(text) === expected || text === String(expected), `${key}: ${text}, not ${expected}`).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('what they say at the end depends neither on the order of the file nor on how samples are batched', () => {
  fc.assert(
    fc.property(
      graph,
      fc.array(value, { minLength: 4, maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      (nodes, values, chance) => {
        const written = nodes.map((_, at) => at);
        const ranks = written.map(() => chance.next().value as number);
        const shuffled = written.toSorted((one, other) => (ranks[one] ?? 0) - (ranks[other] ?? 0));
        const [one, other] = [new Map<string, string>(), new Map<string, string>()];
        const whole = Object.fromEntries(points.map((key, at) => [key, values[at] as Value]));
        listen(startPlant(siteOf(nodes, written)).read(0, whole), one);
        const plant = startPlant(siteOf(nodes, shuffled));
        for (const [key, now] of Object.entries(whole).toReversed()) listen(plant.read(0, { [key]: now }), other);
        expect([...other].toSorted()).toEqual([...one].toSorted());
      },
    ),
    { numRuns: 300 },
  );
});
