import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDetector, type DetectorOptions } from '../../src/detect/detector.ts';
import type { Change, LongRule, Rule } from '../../src/model/alarm.ts';
import type { SampleBatch } from '../../src/model/point.ts';
import type { SavedCondition } from '../../src/model/rule-memory.ts';
import { propertyRuns } from '../fakes/property-runs.ts';
import {
  bandRule,
  batch,
  counterRateRule,
  durationRule,
  every,
  forecastRule,
  limitRule,
  missingRule,
  play,
  point,
  rateRule,
  sample,
  type Value,
  wallAt,
  wholeCounter,
} from './plant.ts';

/*
 * Rules that remember: over restarts, over reloads, whatever the wall clock does and whatever is given to them as memory.
 */

const counted = { kind: 'rise', terms: wholeCounter } as const;

/** A day of three minutes has 24 hours of 7.5 s here: bands are learned within a test's history. */
const shortDayMs = 180_000;
const timeOfDay = (wallMs: number) => ((wallMs % shortDayMs) / shortDayMs) * 86_400_000;

const longRules: readonly LongRule[] = [
  counterRateRule({ key: 'a', limit: 3, windowMs: 12_000 }),
  counterRateRule({ key: 'b', comparison: 'less-than', limit: 2, windowMs: 12_000 }),
  counterRateRule({ key: 'c', counted: { kind: 'state', states: [1, 4] }, limit: 1, windowMs: 12_000 }),
  durationRule({ key: 'd', longestMs: 5_000 }),
  durationRule({ key: 'e', longestMs: 5_000, lasting: { kind: 'above', limit: 4, deadband: 2 }, onDelayMs: 1_000 }),
  missingRule({ key: 'f', withinMs: 9_000 }),
  missingRule({ key: 'g', withinMs: 9_000, counted }),
  forecastRule({ key: 'h', limit: 0, withinMs: 10_000, windowMs: 8_000, minChange: 1 }),
  bandRule({ key: 'i', days: 4, minChange: 1, width: { kind: 'factor', value: 1 } }),
];

const value = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 8 }) },
  { weight: 2, arbitrary: fc.constantFrom<Value>('timeout', 'offline', Number.NaN, Number.POSITIVE_INFINITY) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
);

const history = fc
  .array(fc.tuple(value, fc.constantFrom(0, 500, 500, 1_000, 1_000, 7_000)), {
    minLength: 20,
    maxLength: 150,
    size: 'max',
  })
  .map(steps => {
    let mono = 0;
    return steps.map(([one, stepMs]): [number, Value] => {
      mono += stepMs;
      return [mono, one];
    });
  });

const options: DetectorOptions = { timeOfDay };

function eventsOf(changes: readonly Change[]): string[] {
  return changes.map(
    ({ kind, rule, value: deciding, sampledAtMono }) => `${rule.key} ${kind} ${deciding} ${sampledAtMono}`,
  );
}

function run(rules: readonly Rule[], steps: readonly [number, Value][], wallOf = wallAt): string[] {
  const detector = createDetector(rules, [], options);
  return steps.flatMap(([mono, one]) => eventsOf(detector.step(batch(mono, [one], { sampledAt: wallOf(mono) }))));
}

describe('rules that remember', () => {
  test('judge alike however the samples are batched', () => {
    fc.assert(
      fc.property(history, steps => {
        // Each value once on its own and once beside others of other points.
        const alone = run(longRules, steps);
        const detector = createDetector(longRules, [], options);
        const together = steps.flatMap(([mono, one]) => {
          const samples = [sample(point(7), 1), sample(point(0), one), sample(point(9), 'timeout')];
          const among: SampleBatch = { ...batch(mono, [one]), samples };
          return eventsOf(detector.step(among));
        });
        expect(together).toEqual(alone);
      }),
      { numRuns: propertyRuns(100) },
    );
  });

  test('change nothing when the wall clock jumps by whole days', () => {
    const jump = fc.record({
      atMono: fc.integer({ min: 0, max: 100_000 }),
      days: fc.constantFrom(-175_200_0, 175_200_0),
    });
    fc.assert(
      fc.property(history, jump, (steps, { atMono, days }) => {
        const jumping = (mono: number) => wallAt(mono) + (mono >= atMono ? days * shortDayMs : 0);
        expect(run(longRules, steps, jumping)).toEqual(run(longRules, steps));
      }),
      { numRuns: propertyRuns(100) },
    );
  });

  test('but for bands, change nothing whatever the wall clock does', () => {
    const timed = longRules.filter(({ kind }) => kind !== 'band');
    fc.assert(
      fc.property(history, fc.array(fc.double(), { minLength: 1 }), (steps, walls) => {
        const random = (mono: number) => walls[mono % walls.length] ?? 0;
        expect(run(timed, steps, random)).toEqual(run(timed, steps));
      }),
      { numRuns: propertyRuns(100) },
    );
  });

  test('never leave an alarm out of order: met and gone follow each other', () => {
    fc.assert(
      fc.property(history, steps => {
        const kinds = new Map<string, string[]>();
        for (const text of run(longRules, steps)) {
          const [key = '', kind = ''] = text.split(' ');
          kinds.set(key, [...(kinds.get(key) ?? []), kind]);
        }
        for (const list of kinds.values()) {
          expect(list).toEqual(list.map((_, index) => (index % 2 === 0 ? 'met' : 'gone')));
        }
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});

/** What was saved, through the text that the store keeps. */
function throughStore(state: SavedCondition): SavedCondition {
  return JSON.parse(JSON.stringify(state)) as SavedCondition;
}

/** What the rules know after a history, to the clock of the next process, which goes on at the same time. */
function keptAfter(rules: readonly Rule[], steps: readonly [number, Value][]) {
  const detector = createDetector(rules, [], options);
  play(detector, steps);
  const atMono = steps.at(-1)?.[0] ?? 0;
  return new Map(
    detector.memories(atMono).map(({ rule, state }) => [rule.key, { state: throughStore(state), atMono }]),
  );
}

/**
 * Runs a history with a restart of `offMs` behind one of its samples. The new process has a monotonic clock of its own. A
 * bad sample right before the restart stands for the gap that a restart is.
 */
function runWithRestart(rules: readonly Rule[], steps: readonly [number, Value][], restartAt: number): string[] {
  const shift = 1_000_000;
  const before = createDetector(rules, [], options);
  const heard = steps.slice(0, restartAt).flatMap(([mono, one]) => eventsOf(before.step(batch(mono, [one]))));
  const savedMono = steps[restartAt - 1]?.[0] ?? 0;
  const memories = new Map(
    before
      .memories(savedMono)
      .map(({ rule, state }) => [rule.key, { state: throughStore(state), atMono: savedMono - shift }]),
  );
  const next = createDetector(rules, before.active(), { timeOfDay, memories });
  expect(next.forgotten).toEqual([]);
  const after = steps
    .slice(restartAt)
    .flatMap(([mono, one]) =>
      next
        .step(batch(mono - shift, [one], { sampledAt: wallAt(mono) }))
        .map(change => ({ ...change, sampledAtMono: mono })),
    );
  return [...heard, ...eventsOf(after)];
}

/** The same history with a bad sample where the restart is. */
function runWithGap(rules: readonly Rule[], steps: readonly [number, Value][], restartAt: number): string[] {
  const at = steps[restartAt - 1]?.[0] ?? 0;
  return run(rules, [...steps.slice(0, restartAt), [at, 'offline'], ...steps.slice(restartAt)]);
}

describe('a restart', () => {
  const withoutDelays = longRules.filter(({ kind, onDelayMs }) => kind !== 'forecast' && onDelayMs === 0);

  test('at any point is a gap like any other, and nothing else', () => {
    fc.assert(
      fc.property(history, fc.nat(), (steps, where) => {
        const restartAt = 1 + (where % (steps.length - 1));
        expect(runWithRestart(withoutDelays, steps, restartAt)).toEqual(runWithGap(withoutDelays, steps, restartAt));
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  test('keeps the window of a forecast', () => {
    const falling = Array.from({ length: 40 }, (_, at): [number, Value] => [at * 1_000, 25 - at]);
    const rules = [forecastRule({ withinMs: 10_000 })];
    const whole = run(rules, falling);
    expect(whole.length).toBe(1);
    expect(runWithRestart(rules, falling, 12)).toEqual(whole);
    // What was foretold is still foretold, and has come true meanwhile.
    expect(runWithRestart(rules, falling, 20)).toEqual(whole);
  });

  test.each([
    ['down', -1],
    ['up', 1],
  ])('keeps which way was foretold: %s', (_way, by) => {
    const heading = forecastRule({ withinMs: 10_000 });
    const moving = Array.from({ length: 40 }, (_, at): [number, Value] => [at * 1_000, by * (at - 25)]);
    expect(runWithRestart([heading], moving, 22)).toEqual(run([heading], moving));
    // Foretold before the restart, and come true meanwhile: the first value says so by itself.
    const state = [by, 0, 0, 0];
    const memories = new Map([[heading.key, { state, atMono: -1_000 }]]);
    const detector = createDetector([heading], [], { memories });
    expect(play(detector, [[0, by]])).toEqual(['met 0']);
    const nothingForetold = new Map([[heading.key, { state: [0, 0, 0, 0], atMono: -1_000 }]]);
    expect(play(createDetector([heading], [], { memories: nothingForetold }), [[0, by]])).toEqual([]);
  });

  test('keeps for how long a pump has run', () => {
    const steps = every(1_000, [0, ...Array<Value>(80).fill(1)]);
    const rules = [durationRule()];
    // The second of the restart is no more than a short gap.
    expect(runWithRestart(rules, steps, 40)).toEqual(run(rules, steps));
    expect(run(rules, steps)).toHaveLength(1);
  });

  test('keeps how often a pump has started, to be told at once', () => {
    const rules = [counterRateRule()];
    const steps = every(1_000, [0, 1, 2, 2, 3, 3, 3]);
    for (const at of [3, 4, 5]) expect(runWithRestart(rules, steps, at)).toEqual(['pump/starts met 3 5000']);
    expect(runWithRestart(rules, every(1_000, [0, 1, 2, 3, 3, 3]), 5)).toEqual(['pump/starts met 3 4000']);
    const kept = createDetector(rules, [], { memories: keptAfter(rules, every(1_000, [0, 1, 2, 3, 3])) });
    expect(play(kept, [[5_000, 'timeout']])).toEqual([]);
    expect(kept.step(batch(5_500, [3]))).toMatchObject([{ kind: 'met', value: 3 }]);
  });

  test('knows whether the beginning of a run was seen', () => {
    const rules = [durationRule()];
    const running = every(1_000, Array<Value>(20).fill(1));
    const unseen = createDetector(rules, ['pump/runs-long'], { memories: keptAfter(rules, running) });
    expect(play(unseen, every(1_000, [1, 1], 60_000))).toEqual([]);
    const seen = createDetector(rules, ['pump/runs-long'], { memories: keptAfter(rules, [[-1_000, 0], ...running]) });
    expect(play(seen, every(1_000, [1, 1], 60_000))).toEqual(['gone 60000']);
  });

  test('knows whether what is missed has ever happened', () => {
    const rules = [missingRule()];
    const kept = (value: Value) => keptAfter(rules, every(1_000, [value, 0, 0]));
    const never = createDetector(rules, ['pump/no-test'], { memories: kept(0) });
    expect(play(never, every(1_000, [0, 0], 3_000))).toEqual([]);
    const lately = createDetector(rules, ['pump/no-test'], { memories: kept(1) });
    expect(play(lately, every(1_000, [0, 0], 3_000))).toEqual(['gone 3000']);
  });

  test('has nothing to keep of rules that were told nothing', () => {
    expect(createDetector(longRules, [], options).memories(0)).toEqual([]);
  });

  test('keeps what a rule knows only once it has something new', () => {
    const detector = createDetector([missingRule(), limitRule()], []);
    expect(detector.memories(0)).toEqual([]);
    play(detector, every(1_000, ['timeout']));
    expect(detector.memories(0)).toEqual([]);
    play(detector, every(1_000, [0, 0], 1_000));
    expect(detector.memories(2_000).map(({ rule, state }) => [rule.key, state[0]])).toEqual([['pump/no-test', -1_000]]);
    expect(detector.memories(2_000)).toEqual([]);
  });
});

describe('a memory that makes no sense', () => {
  const junk = fc.oneof(
    fc.json().map(text => JSON.parse(text) as unknown),
    fc.array(fc.oneof(fc.double(), fc.integer(), fc.constant(null), fc.constant('x')), { maxLength: 400 }),
  );

  test('never stops a rule from working, nor for good from being right', () => {
    fc.assert(
      fc.property(junk, fc.constantFrom(...longRules), (state, rule) => {
        const memories = new Map([[rule.key, { state: state as SavedCondition, atMono: -1_000 }]]);
        const detector = createDetector([rule], [], { timeOfDay, memories });
        play(detector, every(500, [0, 1, 2, 3, 4, 5, 'timeout', 6, 1, 1, 1]));
        for (const { state: saved } of detector.memories(6_000)) expect(Array.isArray(throughStore(saved))).toBe(true);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  test.each(longRules.map((rule): [string, LongRule] => [rule.kind, rule]))('%s is told and begins anew', (_, rule) => {
    const memories = new Map([[rule.key, { state: ['x' as unknown as number], atMono: 0 }]]);
    const detector = createDetector([rule], [], { memories });
    expect(detector.forgotten).toEqual([rule.key]);
  });

  const slot = (...head: number[]) => [...head, ...Array<null>(5 * 4).fill(null)];

  test.each<[string, LongRule, SavedCondition]>([
    ['a window that goes back in time', forecastRule(), [0, -5, 1, 0, -5, 1, 0]],
    ['a window from the future', forecastRule(), [0, 5, 1, 0]],
    ['a window with a value that is none', forecastRule(), [0, -5, null, 0]],
    ['half a sample', forecastRule(), [0, -5, 1]],
    ['a window longer than any', forecastRule(), [0, ...Array.from({ length: 3 * 130 }, (_, at) => at - 1_000)]],
    ['a part of the day that there is not', bandRule({ days: 4 }), slot(24, 0, -1)],
    ['a part of the day below none', bandRule({ days: 4 }), slot(-1, 0, -1)],
    ['half a part of the day', bandRule({ days: 4 }), slot(0.5, 0, -1)],
    ['a table with one wrong part', bandRule({ days: 4 }), [...slot(0, 0, -1), ...slot(24, 0, -1)]],
    ['a day too many', bandRule({ days: 4 }), slot(0, 5, -1)],
    ['a table of another size', bandRule({ days: 5 }), slot(0, 0, -1)],
    ['a counter that never began', counterRateRule(), Array<null>(247).fill(null)],
    [
      'a counter before its beginning',
      counterRateRule(),
      [...Array<number>(6).fill(0), -1, ...Array<number>(240).fill(0)],
    ],
    ['a counter without its window', counterRateRule(), [1, -1]],
    ['a counter with half of its window', counterRateRule(), [0, -1, 0, -1, 0, -1, 0, ...Array<number>(239).fill(0)]],
    ['a window that never began', counterRateRule(), [0, -1, 0, -1, 0, null, 0, ...Array<number>(240).fill(0)]],
    ['a window without a place', counterRateRule(), [0, -1, 0, -1, 0, -1, null, ...Array<number>(240).fill(0)]],
    ['an event that never was', missingRule(), [null, 1, 0, -1]],
  ])('like %s is told', (_, rule, state) => {
    const detector = createDetector([rule], [], { memories: new Map([[rule.key, { state, atMono: 0 }]]) });
    expect(detector.forgotten).toEqual([rule.key]);
  });

  test('is none where each part of the day has its last day for today', () => {
    const state = [...slot(0, 4, -1), ...slot(23, 4, -1)];
    const memories = new Map([['pump/unusual', { state, atMono: 0 }]]);
    expect(createDetector([bandRule({ days: 4 })], [], { memories }).forgotten).toEqual([]);
  });

  test('like a place far ahead in the window is put right', () => {
    const state = [0, -1_000, null, null, 0, -1_000, 1e15, ...Array<number>(240).fill(0)];
    const rule = counterRateRule();
    const detector = createDetector([rule], [], { memories: new Map([[rule.key, { state, atMono: 0 }]]) });
    expect(play(detector, every(1_000, [0, 1, 2, 3, 3]))).toEqual(['met 4000']);
    expect(play(detector, every(1_000, Array<Value>(70).fill(3), 5_000))).toEqual(['gone 61000']);
  });

  test('of a rule that needs none is told, too', () => {
    const detector = createDetector([rateRule()], [], {
      memories: new Map([['pump/pressure-rate', { state: [], atMono: 0 }]]),
    });
    expect(detector.forgotten).toEqual(['pump/pressure-rate']);
  });
});

describe('after a reload', () => {
  const at = { mono: 60_000, wall: 0 };
  const runs = (count: number) => every(1_000, [0, ...Array<Value>(count).fill(1)]);

  test('a rule with other delays goes on with what it knows', () => {
    const detector = createDetector([durationRule()], []);
    play(detector, runs(50));
    detector.replaceRules([durationRule({ onDelayMs: 2_000 })], at);
    expect(play(detector, every(1_000, Array<Value>(20).fill(1), 51_000))).toEqual(['met 64000']);
  });

  test('a band that is made wider goes on with the days that it has learned', () => {
    const days = { timeOfDay: (wallMs: number) => wallMs % 86_400_000 };
    const detector = createDetector([bandRule({ minChange: 1 })], [], days);
    play(detector, every(900_000, Array<Value>(4 * 96).fill(5)));
    detector.replaceRules([bandRule({ minChange: 3, deadband: 1 })], { mono: 345_600_000, wall: 0 });
    expect(play(detector, every(1_000, [7, 8, 9, 7.5, 6.5], 345_600_000))).toEqual(['met 345602000', 'gone 345604000']);
  });

  test('a duration that is made longer goes on from when it began', () => {
    const detector = createDetector([durationRule()], []);
    play(detector, runs(50));
    detector.replaceRules([durationRule({ longestMs: 70_000 })], at);
    expect(play(detector, every(1_000, Array<Value>(30).fill(1), 51_000))).toEqual(['met 72000']);
  });

  test('a rule that looks at something else begins anew', () => {
    const detector = createDetector([durationRule()], []);
    play(detector, runs(50));
    detector.replaceRules([durationRule({ lasting: { kind: 'state', states: [1, 2] } })], at);
    expect(play(detector, every(1_000, Array<Value>(30).fill(1), 51_000))).toEqual([]);
  });

  test.each<[string, LongRule, LongRule, boolean]>([
    ['another limit of a counter rate', counterRateRule(), counterRateRule({ limit: 9 }), true],
    ['another forecast', forecastRule(), forecastRule({ limit: 9 }), false],
    ['a forecast over another time', forecastRule(), forecastRule({ windowMs: 9_000 }), true],
    ['another point', bandRule(), bandRule({ point: 3 }), false],
    ['another event', missingRule(), missingRule({ withinMs: 5 }), true],
  ])('an alarm with %s', (_, one, other, stands) => {
    const detector = createDetector([one], [one.key]);
    detector.replaceRules([other], at);
    expect(detector.isActive(one.key)).toBe(stands);
  });
});
