import fc from 'fast-check';
import { expect, test } from 'vitest';
import { levelAt } from '../../src/output/pattern.ts';

/** Flashes a second, counted at the edges. */
function flashesPerS(pattern: 'slow' | 'fast'): number {
  let [flashes, mono] = [0, 0];
  while (mono < 60_000) {
    const level = levelAt(pattern, mono);
    if (level.isOn) flashes += 1;
    mono = level.untilMono;
  }
  return flashes / 60;
}

test('the patterns can be told apart, and none flashes as fast as is dangerous to people (3 Hz)', () => {
  expect(flashesPerS('slow')).toBeGreaterThanOrEqual(0.4);
  expect(flashesPerS('slow')).toBeLessThanOrEqual(0.8);
  expect(flashesPerS('fast')).toBeGreaterThanOrEqual(1.4);
  expect(flashesPerS('fast')).toBeLessThanOrEqual(2.8);
});

test('what does not blink does not change', () => {
  expect(levelAt('steady', 123)).toEqual({ isOn: true, untilMono: Number.POSITIVE_INFINITY });
  expect(levelAt('off', 123)).toEqual({ isOn: false, untilMono: Number.POSITIVE_INFINITY });
});

test('a level holds until the time it tells, which is always ahead', () => {
  fc.assert(
    fc.property(fc.constantFrom('slow' as const, 'fast' as const), fc.nat({ max: 2 ** 31 - 1 }), (pattern, mono) => {
      const { isOn, untilMono } = levelAt(pattern, mono);
      expect(untilMono).toBeGreaterThan(mono);
      expect(levelAt(pattern, untilMono).isOn).toBe(!isOn);
      expect(levelAt(pattern, mono + (untilMono - mono) / 2).isOn).toBe(isOn);
    }),
  );
});
