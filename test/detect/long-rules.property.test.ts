import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import type { LongRule } from '../../src/model/alarm.ts';
import { propertyRuns } from '../fakes/property-runs.ts';
import { opinionOf } from './naive-long.ts';
import {
  bandRule,
  batch,
  counterRateRule,
  durationRule,
  forecastRule,
  missingRule,
  type Value,
  wholeCounter,
} from './plant.ts';

/*
 * Rules with long memories against naive ones. Times are whole multiples of a slot of their windows, values small whole
 * numbers: what is counted is exact; slopes are never a hair beside their limits, since those are crooked.
 */

const windowMs = 12_000;
const counterRange = 40;
const counted = { kind: 'rise', terms: { ...wholeCounter, range: counterRange } } as const;
const contact = { kind: 'state', states: [1, 3] } as const;

const rule: fc.Arbitrary<LongRule> = fc.oneof(
  fc
    .record({
      counted: fc.constantFrom(counted, contact),
      comparison: fc.constantFrom('more-than' as const, 'less-than' as const),
      limit: fc.integer({ min: 1, max: 30 }),
    })
    .map(parts => counterRateRule({ ...parts, windowMs })),
  fc
    .record({
      lasting: fc.oneof(
        fc.constant({ kind: 'state' as const, states: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }),
        fc.record({
          kind: fc.constantFrom('above' as const, 'below' as const),
          limit: fc.integer({ min: 5, max: 35 }),
          deadband: fc.constantFrom(0, 5, 20),
        }),
      ),
      longestMs: fc.constantFrom(1_500, 5_000, 20_000),
    })
    .map(parts => durationRule(parts)),
  fc
    .record({ counted: fc.constantFrom(counted, contact), withinMs: fc.constantFrom(1_500, 5_000, 20_000) })
    .map(parts => missingRule(parts)),
  fc
    .record({
      limit: fc.constantFrom(-3.7182, 7.3891, 43.7),
      withinMs: fc.constantFrom(4_713, 15_331),
      windowMs: fc.constantFrom(3_000, 10_000),
      minChange: fc.constantFrom(0.5772, 6.0221),
    })
    .map(parts => forecastRule(parts)),
);

const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: counterRange - 1 }) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 2, arbitrary: fc.constantFrom<Value>('timeout', 'refused', Number.NaN) },
);

/** A walk, as counters and levels do, with leaps and gaps in it. */
const walk = fc
  .array(
    fc.tuple(
      fc.oneof(value, fc.constantFrom<'up' | 'same' | 'down'>('up', 'up', 'same', 'down')),
      fc.constantFrom(0, 500, 500, 1_000, 20_000),
    ),
    {
      minLength: 20,
      maxLength: 60,
      size: 'max',
    },
  )
  .map(steps => {
    let mono = 0;
    let last = 10;
    return steps.map(([step, stepMs]): [number, Value] => {
      mono += stepMs;
      if (typeof step === 'number' && !Number.isNaN(step)) last = step;
      // No counter shows a number beyond its range.
      else if (step === 'up') last = (last + 1) % counterRange;
      else if (step === 'down') last = Math.max(0, last - 1);
      else if (step !== 'same') return [mono, step as Value];
      return [mono, last];
    });
  });

/** The alarm of a rule without delays follows its condition. */
function expected(one: LongRule, history: readonly (readonly [number, Value])[]): string[] {
  const changes: string[] = [];
  let isMet = false;
  for (const [at, [mono]] of history.entries()) {
    const opinion = opinionOf(one, history.slice(0, at + 1));
    if (opinion === 'unsure' || (opinion === 'met') === isMet) continue;
    isMet = opinion === 'met';
    changes.push(`${opinion} ${at} ${mono}`);
  }
  return changes;
}

function heard(
  one: LongRule,
  history: readonly (readonly [number, Value])[],
  timeOfDay = (wall: number) => wall,
): string[] {
  const detector = createDetector([one], [], { timeOfDay });
  return history.flatMap(([mono, of], at) =>
    detector.step(batch(mono, [of], { sampledAt: mono })).map(({ kind }) => `${kind} ${at} ${mono}`),
  );
}

test('a rule with a long memory says what a naive one works out from the whole history', () => {
  let alarms = 0;
  fc.assert(
    fc.property(rule, walk, (one, history) => {
      const changes = heard(one, history);
      alarms += changes.length;
      expect(changes).toEqual(expected(one, history));
    }),
    { numRuns: propertyRuns(2_000) },
  );
  expect(alarms).toBeGreaterThan(propertyRuns(2_000) / 4);
});

const hourMs = 3_600_000;

test('a band is what a naive one works out from the days before, up to the first alarm', () => {
  const band = fc
    .record({
      slotMs: fc.constantFrom(hourMs, hourMs / 4),
      days: fc.constantFrom(3, 4, 14),
      direction: fc.constantFrom('above' as const, 'below' as const, 'both' as const),
      width: fc.record({
        kind: fc.constantFrom('factor' as const, 'share' as const),
        value: fc.constantFrom(0.7, 1.3),
      }),
      minChange: fc.constantFrom(0, 2.5),
    })
    .map(bandRule);
  // Some minutes of the same hours of six days: dense enough that a slot is known.
  const days = fc
    .array(fc.array(fc.tuple(fc.integer({ min: 0, max: 23 }), value), { minLength: 8, maxLength: 12 }), {
      minLength: 5,
      maxLength: 6,
    })
    .map(list =>
      list.flatMap((day, number) =>
        day
          .map(([step, of]): [number, Value] => [number * 24 * hourMs + step * 5 * 60_000, of])
          .sort(([one], [other]) => one - other),
      ),
    );
  let alarms = 0;
  fc.assert(
    fc.property(band, days, (one, history) => {
      const first = expected(one, history)[0];
      alarms += first === undefined ? 0 : 1;
      expect(heard(one, history, wall => wall % (24 * hourMs))[0]).toEqual(first);
    }),
    { numRuns: propertyRuns(500) },
  );
  expect(alarms).toBeGreaterThan(propertyRuns(500) / 10);
});
