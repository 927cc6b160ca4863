import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coveredMs, createSlidingWindow, slopePerS, valuesIn, windowParts } from '../../src/base/sliding-window.ts';
import { loadSlopeWindow, saveSlopeWindow } from '../../src/detect/slope-memory.ts';
import { addToSlope, spanS } from '../../src/detect/slope-window.ts';
import { propertyRuns } from '../fakes/property-runs.ts';

test('a 50 ms point in a window of one hour is thinned, and still measured right', () => {
  const window = createSlidingWindow(3_600_000, 'single');
  for (let mono = 0; mono <= 7_200_000; mono += 50) addToSlope(window, mono, 20 + mono * 1e-5, true);
  expect(valuesIn(window)).toBeLessThanOrEqual(windowParts + 2);
  expect(window.rows.length).toBeLessThanOrEqual(3 * 256);
  expect(slopePerS(window)).toBeCloseTo(0.01, 9);
  expect(spanS(window)).toBeGreaterThan(3_600 * 0.98);
});

test('the newest sample always takes part, even between two kept ones', () => {
  const window = createSlidingWindow(120_000, 'single');
  for (let mono = 0; mono <= 120_000; mono += 100) addToSlope(window, mono, 5, true);
  expect(slopePerS(window)).toBeCloseTo(0, 12);
  addToSlope(window, 120_100, 50, true);
  expect(slopePerS(window)).toBeGreaterThan(0);
});

test('is as exact on a meter that stands at a thousand million', () => {
  const window = createSlidingWindow(60_000, 'single');
  for (let mono = 0; mono <= 60_000; mono += 1_000) addToSlope(window, mono + 3e9, 1e9 + mono * 1e-3 * 0.25, true);
  expect(slopePerS(window)).toBeCloseTo(0.25, 6);
});

test('a window as full as it can be is the same after a restart', () => {
  const [window, restarted] = [createSlidingWindow(120_000, 'single'), createSlidingWindow(120_000, 'single')];
  for (let mono = 0; mono <= 120_000; mono += 1_000) addToSlope(window, mono, mono ** 2, true);
  expect(valuesIn(window)).toBe(windowParts + 1);
  expect(loadSlopeWindow(restarted, saveSlopeWindow(window, 120_000), 120_000)).toBe(true);
  for (const of of [valuesIn, coveredMs, slopePerS, spanS]) expect(of(restarted)).toBe(of(window));
});

test('samples of the same or an earlier time are left out', () => {
  const window = createSlidingWindow(4_000, 'single');
  for (const mono of [0, 1_000, 2_000]) addToSlope(window, mono, mono / 1_000, true);
  const before = slopePerS(window);
  addToSlope(window, 2_000, 99, true);
  addToSlope(window, 500, -99, true);
  expect(slopePerS(window)).toBe(before);
});

test('never holds more than its limit, whatever comes', () => {
  const arbitrary = fc.array(fc.record({ afterMs: fc.nat({ max: 4_000 }), value: fc.float(), isGood: fc.boolean() }), {
    maxLength: 600,
  });
  fc.assert(
    fc.property(arbitrary, fc.constantFrom(1, 100, 5_000, 100_000), (samples, windowMs) => {
      const window = createSlidingWindow(windowMs, 'single');
      let mono = 0;
      for (const { afterMs, value, isGood } of samples) {
        mono += afterMs;
        addToSlope(window, mono, value, isGood);
        expect(valuesIn(window)).toBeLessThanOrEqual(windowParts + 2);
        expect(window.tail).toBeLessThanOrEqual(window.rows.length);
      }
    }),
    { numRuns: propertyRuns(50) },
  );
});

test('a window that has seen nothing goes over a restart as it is', () => {
  const window = createSlidingWindow(4_000, 'single');
  expect(loadSlopeWindow(window, saveSlopeWindow(createSlidingWindow(4_000, 'single'), 9_000), 5)).toBe(true);
  for (const mono of [10, 1_010, 2_010, 3_010]) addToSlope(window, mono, mono / 1_000, true);
  expect(slopePerS(window)).toBeCloseTo(1, 9);
});
