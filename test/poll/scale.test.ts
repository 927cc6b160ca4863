import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sample } from '../../src/model/point.ts';
import { scaleReading, scalingOf } from '../../src/poll/scale.ts';
import { deviceWith } from '../fakes/scripted-bus.ts';

function sampleOf(changes: Parameters<typeof deviceWith>[2]): Sample {
  const point = deviceWith('d', [1_000], changes).points[0];
  if (!point) throw new Error('deviceWith makes a point for each interval');
  return { point, value: 7, text: 'old', quality: 'not-read' };
}

test.each([
  ['Grundfos head: zero is −100 m', { scale: 0.01, offset: -100 }, 12_345, 'good', 23.45],
  [
    'a raw 0xFFFF is "not available", before scaling',
    { scale: 0.1, invalidValues: [65_535] },
    65_535,
    'invalid-value',
    Number.NaN,
  ],
  ['a float that is no number', {}, Number.NaN, 'not-a-number', Number.NaN],
  ['an infinite float', {}, Number.POSITIVE_INFINITY, 'not-a-number', Number.NaN],
  ['a scale that overflows', { scale: 1e300 }, 1e300, 'not-a-number', Number.NaN],
] as const)('%s', (_sentence, point, raw, quality, value) => {
  const sample = sampleOf(point);
  scaleReading({ value: raw, text: undefined, quality: 'good' }, sample, scalingOf(sample.point));
  expect(sample.quality).toBe(quality);
  if (Number.isNaN(value)) expect(sample.value).toBeNaN();
  else expect(sample.value).toBeCloseTo(value, 9);
  expect(sample.text).toBeUndefined();
});

test('a text keeps its words and carries no number', () => {
  const sample = sampleOf({});
  scaleReading({ value: Number.NaN, text: 'NICE3000', quality: 'good' }, sample, scalingOf(sample.point));
  expect(sample).toMatchObject({ quality: 'good', text: 'NICE3000', value: Number.NaN });
});

test('a value is good only when it is finite, and a bad reading never leaves a value behind', () => {
  fc.assert(
    fc.property(
      fc.double(),
      fc.double(),
      fc.double(),
      fc.constantFrom('good', 'timeout', 'refused'),
      (raw, scale, offset, quality) => {
        const sample = sampleOf({ scale, offset });
        scaleReading({ value: raw, text: undefined, quality }, sample, scalingOf(sample.point));
        expect(Number.isFinite(sample.value)).toBe(sample.quality === 'good');
      },
    ),
  );
});

test.each([
  ['a raw 3 in tenths', 0.1, 0, 3, 0.3],
  ['a raw 29815 in hundredths of a kelvin', 0.01, -273.15, 29_815, 25],
  ['a raw 12345 of a Grundfos head', 0.01, -100, 12_345, 23.45],
  ['a raw 7 in units of 0.3', 0.3, 0, 7, 2.1],
  ['a raw 5 in tens', 10, 0, 5, 50],
])('%s is the decimal number that the manual means, to the last bit', (_sentence, scale, offset, raw, value) => {
  const sample = sampleOf({ scale, offset });
  scaleReading({ value: raw, text: undefined, quality: 'good' }, sample, scalingOf(sample.point));
  expect(sample.value).toBe(value);
});

test('a scale of few decimals gives the double that is nearest to the decimal number, for any raw value', () => {
  fc.assert(
    fc.property(fc.integer({ min: -65_536, max: 65_535 }), fc.integer({ min: 0, max: 6 }), (raw, decimals) => {
      const sample = sampleOf({ scale: Number(`1e-${decimals}`) });
      scaleReading({ value: raw, text: undefined, quality: 'good' }, sample, scalingOf(sample.point));
      expect(sample.value + 0).toBe(Number(`${raw}e-${decimals}`) + 0);
    }),
  );
});

test('any other scale is used as it is, to within the last bits', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.integer({ min: -65_536, max: 65_535 }),
      (scale, offset, raw) => {
        const sample = sampleOf({ scale, offset });
        scaleReading({ value: raw, text: undefined, quality: 'good' }, sample, scalingOf(sample.point));
        expect(Math.abs(sample.value - (raw * scale + offset))).toBeLessThanOrEqual(
          1e-9 * (Math.abs(raw * scale) + Math.abs(offset)) + 1e-12,
        );
      },
    ),
  );
});
