import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSummaries, encodeSummaries } from '../../src/history/summary-frame.ts';
import type { CountedSummary } from '../../src/model/summary.ts';

const value = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.integer({ min: -100_000, max: 100_000 }).map(whole => whole / 1_000),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
);

const summary: fc.Arbitrary<CountedSummary> = fc
  .record({
    good: fc.nat(100_000),
    bad: fc.oneof(fc.constant(0), fc.nat(100)),
    values: fc.tuple(value, value, value, value),
    isFlat: fc.boolean(),
    delta: fc.option(value, { nil: undefined }),
    resets: fc.oneof(fc.constant(0), fc.nat(300)),
  })
  .map(({ good, bad, values: [min, max, mean, last], isFlat, delta, resets }) => {
    const counts = { count: good, samples: good + bad, goodShare: good + bad === 0 ? 0 : good / (good + bad) };
    const none = { min: undefined, max: undefined, mean: undefined, last: undefined };
    const flat = { min, max: min, mean: min, last: min };
    const values = good === 0 ? none : isFlat ? flat : { min, max, mean, last };
    return { point: '', unit: '', ...counts, ...values, delta, resets };
  });

test('summaries come back to the bit', () => {
  fc.assert(
    fc.property(fc.array(summary, { maxLength: 20 }), found => {
      const points = found.map((one, index) => ({ ...one, point: `meter/p${index}`, unit: 'kW' }));
      expect(decodeSummaries(encodeSummaries(points), points)).toEqual(points);
    }),
    { numRuns: 500 },
  );
});

test.each<[string, Partial<CountedSummary>, number]>([
  ['that stands still', { min: 21.5, max: 21.5, mean: 21.5, last: 21.5 }, 7],
  ['that moves by tenths', { min: 21.5, max: 22.5, mean: 21.9, last: 22 }, 9],
  ['that moves by tenths with the mean of many', { min: 21.5, max: 22.5, mean: 21.93711, last: 22 }, 16],
  ['of floats', { min: Math.fround(21.53), max: Math.fround(22.59), mean: 21.93711, last: Math.fround(22.1) }, 24],
])('a point %s takes few bytes', (_name, values, mostBytes) => {
  const one = { point: 'meter/p', unit: 'kW', count: 60, samples: 60, goodShare: 1, delta: undefined, resets: 0 };
  const none = { min: undefined, max: undefined, mean: undefined, last: undefined };
  expect(encodeSummaries([{ ...one, ...none, ...values }]).length).toBeLessThanOrEqual(mostBytes);
});

test('damaged summaries are told', () => {
  const counts = { count: 60, samples: 61, goodShare: 60 / 61, delta: 3, resets: 1 };
  const points = [{ point: 'meter/p', unit: 'kW', ...counts, min: 1, max: 3, mean: 2.2, last: 2 }];
  const body = encodeSummaries(points);
  for (let length = 0; length < body.length; length += 1)
    expect(() => decodeSummaries(body.slice(0, length), points)).toThrow('damaged');
  expect(() => decodeSummaries(new Uint8Array([7]), points)).toThrow('version 7');
});
