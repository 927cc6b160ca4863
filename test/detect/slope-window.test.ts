import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadSlopeWindow, saveSlopeWindow } from '../../src/detect/slope-memory.ts';
import { addToWindow, createSlopeWindow, maxWindowSamples, slopePerS, spanS } from '../../src/detect/slope-window.ts';
import { propertyRuns } from '../fakes/property-runs.ts';

test('a 50 ms point in a window of one hour is thinned, and still measured right', () => {
  const window = createSlopeWindow(3_600_000);
  for (let mono = 0; mono <= 7_200_000; mono += 50) addToWindow(window, mono, 20 + mono * 1e-5, true);
  expect(window.tail - window.head).toBeLessThanOrEqual(maxWindowSamples + 2);
  expect(window.rows.length).toBeLessThanOrEqual(3 * 256);
  expect(slopePerS(window)).toBeCloseTo(0.01, 9);
  expect(spanS(window)).toBeGreaterThan(3_600 * 0.98);
});

test('the newest sample always takes part, even between two kept ones', () => {
  const window = createSlopeWindow(120_000);
  for (let mono = 0; mono <= 120_000; mono += 100) addToWindow(window, mono, 5, true);
  expect(slopePerS(window)).toBeCloseTo(0, 12);
  addToWindow(window, 120_100, 50, true);
  expect(slopePerS(window)).toBeGreaterThan(0);
});

test('is as exact on a meter that stands at a thousand million', () => {
  const window = createSlopeWindow(60_000);
  for (let mono = 0; mono <= 60_000; mono += 1_000) addToWindow(window, mono + 3e9, 1e9 + mono * 1e-3 * 0.25, true);
  expect(slopePerS(window)).toBeCloseTo(0.25, 6);
});

test('a slope too steep to reckon with is no slope', () => {
  const window = createSlopeWindow(10_000);
  for (let mono = 0; mono <= 10_000; mono += 1_000) addToWindow(window, mono, mono === 1_000 ? 2.5e303 : 0, true);
  expect(slopePerS(window)).toBeNaN();
});

test('samples of the same or an earlier time are left out', () => {
  const window = createSlopeWindow(4_000);
  for (const mono of [0, 1_000, 2_000]) addToWindow(window, mono, mono / 1_000, true);
  const before = slopePerS(window);
  addToWindow(window, 2_000, 99, true);
  addToWindow(window, 500, -99, true);
  expect(slopePerS(window)).toBe(before);
});

test('never holds more than its limit, whatever comes', () => {
  const arbitrary = fc.array(fc.record({ afterMs: fc.nat({ max: 4_000 }), value: fc.float(), isGood: fc.boolean() }), {
    maxLength: 600,
  });
  fc.assert(
    fc.property(arbitrary, fc.constantFrom(1, 100, 5_000, 100_000), (samples, windowMs) => {
      const window = createSlopeWindow(windowMs);
      let mono = 0;
      for (const { afterMs, value, isGood } of samples) {
        mono += afterMs;
        addToWindow(window, mono, value, isGood);
        expect(window.tail - window.head).toBeLessThanOrEqual(maxWindowSamples + 2);
        expect(window.tail * 3).toBeLessThanOrEqual(window.rows.length);
      }
    }),
    { numRuns: propertyRuns(50) },
  );
});

test('a window that has seen nothing goes over a restart as it is', () => {
  const window = createSlopeWindow(4_000);
  expect(loadSlopeWindow(window, saveSlopeWindow(createSlopeWindow(4_000), 9_000), 5)).toBe(true);
  for (const mono of [10, 1_010, 2_010, 3_010]) addToWindow(window, mono, mono / 1_000, true);
  expect(slopePerS(window)).toBeCloseTo(1, 9);
});
