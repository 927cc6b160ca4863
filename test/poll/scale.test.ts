import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sample } from '../../src/model/point.ts';
import { scaleReading } from '../../src/poll/scale.ts';
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
  scaleReading({ value: raw, text: undefined, quality: 'good' }, sample);
  expect(sample.quality).toBe(quality);
  if (Number.isNaN(value)) expect(sample.value).toBeNaN();
  else expect(sample.value).toBeCloseTo(value, 9);
  expect(sample.text).toBeUndefined();
});

test('a text keeps its words and carries no number', () => {
  const sample = sampleOf({});
  scaleReading({ value: Number.NaN, text: 'NICE3000', quality: 'good' }, sample);
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
        scaleReading({ value: raw, text: undefined, quality }, sample);
        expect(Number.isFinite(sample.value)).toBe(sample.quality === 'good');
      },
    ),
  );
});
