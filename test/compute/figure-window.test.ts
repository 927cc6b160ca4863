import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSlidingWindow } from '../../src/base/sliding-window.ts';
import { addToFigures, figureOf } from '../../src/compute/figure-window.ts';

const figures = ['mean', 'min', 'max', 'rate'] as const;

/** Values by monotonic ms; undefined is a bad sample. */
function filled(windowMs: number, values: Readonly<Record<number, number | undefined>>) {
  const window = createSlidingWindow(windowMs, 'grouped');
  for (const [mono, value] of Object.entries(values))
    addToFigures(window, Number(mono), value ?? Number.NaN, value !== undefined);
  return window;
}

test('a window says nothing with two values, or while less than half of it was good', () => {
  for (const figure of figures) {
    expect(figureOf(filled(10_000, {}), figure)).toBeNaN();
    expect(figureOf(filled(10_000, { 0: 1, 6000: 1 }), figure)).toBeNaN();
    expect(figureOf(filled(10_000, { 0: 1, 1000: undefined, 6000: 1, 7000: 1 }), figure)).toBeNaN();
    expect(figureOf(filled(10_000, { 0: 1, 1000: undefined, 5000: 1, 7000: 1, 9000: 1 }), figure)).not.toBeNaN();
  }
});

test('a slope is fitted, in units per second', () => {
  expect(figureOf(filled(10_000, { 0: 5, 2000: 4, 4000: 3, 6000: 2 }), 'rate')).toBeCloseTo(-0.5, 12);
});

test('the first value of all stays alone, and the newest of several that are close takes part in a rate', () => {
  // Fitted through (0, 0), (99, 4) and (6000, 4).
  expect(figureOf(filled(12_000, { 0: 0, 10: 0, 50: 0, 99: 4, 6000: 4 }), 'rate')).toBeCloseTo(0.3444, 4);
});

test('time that stands still or goes back is left out', () => {
  const window = filled(4_000, { 0: 1, 1000: 1, 2000: 1 });
  for (const mono of [2_000, 1_500]) addToFigures(window, mono, 99, true);
  addToFigures(window, 3_000, 1, true);
  expect(figureOf(window, 'max')).toBe(1);
});

test('mean, lowest and highest are those of the values in the window, however fast they come', () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 50, max: 3_000 }));
  const samples = fc.array(fc.tuple(step, fc.integer({ min: -1_000, max: 1_000 })), { minLength: 5, maxLength: 600 });
  fc.assert(
    fc.property(samples, steps => {
      let mono = 0;
      const history = steps.map(([later, value]) => {
        mono += later;
        return [mono, value] as const;
      });
      const window = filled(10_000, Object.fromEntries(history));
      if (Number.isNaN(figureOf(window, 'mean'))) return;
      // Values that share a row leave the window together: up to a share of it later than they would alone.
      const inside = history.filter(([at]) => at >= mono - 10_000).map(([, value]) => value);
      const nearly = history.filter(([at]) => at >= mono - 10_000 - 200).map(([, value]) => value);
      expect(figureOf(window, 'max')).toBeGreaterThanOrEqual(Math.max(...inside));
      expect(figureOf(window, 'max')).toBeLessThanOrEqual(Math.max(...nearly));
      expect(figureOf(window, 'min')).toBeLessThanOrEqual(Math.min(...inside));
      expect(figureOf(window, 'min')).toBeGreaterThanOrEqual(Math.min(...nearly));
      const count = window.rows.length / 7;
      expect(count).toBeLessThanOrEqual(512);
    }),
  );
});

test('a day of values every 10 ms takes no more memory than an hour of them', () => {
  const window = createSlidingWindow(3_600_000, 'grouped');
  for (let mono = 0; mono < 2 * 3_600_000; mono += 10) addToFigures(window, mono, mono % 7, true);
  const after = window.rows.length;
  for (let mono = 2 * 3_600_000; mono < 4 * 3_600_000; mono += 10) addToFigures(window, mono, mono % 7, true);
  expect(window.rows.length).toBe(after);
  expect(figureOf(window, 'mean')).toBeCloseTo(3, 2);
});
