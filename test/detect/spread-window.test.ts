import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coveredMs, createSlidingWindow, isTelling } from '../../src/base/sliding-window.ts';
import { addToSpread, peakToPeak, standardDeviation } from '../../src/detect/spread-window.ts';
import { propertyRuns } from '../fakes/property-runs.ts';

function windowOf(windowMs: number, samples: readonly (readonly [mono: number, value: number])[]) {
  const window = createSlidingWindow(windowMs, 'grouped');
  for (const [mono, value] of samples) addToSpread(window, mono, value, true);
  return window;
}

test('of no sample nothing is known', () => {
  const window = createSlidingWindow(1_000, 'grouped');
  expect(peakToPeak(window)).toBeNaN();
  expect(standardDeviation(window)).toBeNaN();
  expect(coveredMs(window)).toBe(0);
  expect(isTelling(window)).toBe(false);
});

test('samples that come faster than 120 in a window all count, and take no more memory', () => {
  const count = 100_000;
  const window = windowOf(
    60_000,
    Array.from({ length: count }, (_, index) => [index, index === 90_017 ? 50 : index % 2]),
  );
  expect(peakToPeak(window)).toBe(50);
  expect(standardDeviation(window)).toBeCloseTo(Math.sqrt(0.25 + 49.5 ** 2 / 60_000), 3);
  expect(window.rows.byteLength).toBeLessThan(16_000);
});

test('sums are exact however far the values are from zero, and however they were put together', () => {
  const step = fc.integer({ min: 0, max: 300 });
  const value = fc.integer({ min: -1_000, max: 1_000 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, value), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0, 1e9),
      (steps, far) => {
        let mono = 0;
        const samples = steps.map(([afterMs, one]): [number, number] => {
          mono += afterMs;
          return [mono, far + one / 8];
        });
        // Long enough that nothing leaves it.
        const window = windowOf(100_000, samples);
        const values = samples.map(([, one]) => one - far);
        const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
        const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
        expect(standardDeviation(window)).toBeCloseTo(Math.sqrt(squares / values.length), 4);
        expect(peakToPeak(window)).toBe(Math.max(...values) - Math.min(...values));
        expect(coveredMs(window)).toBe(mono - (samples[0]?.[0] ?? 0));
      },
    ),
    { numRuns: propertyRuns(300) },
  );
});

test('nothing older than the window counts, and nothing younger than it less a slice is forgotten', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 400 }), steps => {
      let mono = 0;
      const samples = steps.map((afterMs, index): [number, number] => {
        mono += afterMs;
        return [mono, index];
      });
      const window = windowOf(1_200, samples);
      const within = (ms: number) => samples.filter(([at]) => at >= mono - ms).map(([, one]) => one);
      const widest = within(1_200);
      const narrowest = within(1_190);
      expect(peakToPeak(window)).toBeLessThanOrEqual(Math.max(...widest) - Math.min(...widest));
      expect(peakToPeak(window)).toBeGreaterThanOrEqual(Math.max(...narrowest) - Math.min(...narrowest));
    }),
    { numRuns: propertyRuns(300) },
  );
});
