import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAge, formatDuration, parseDuration } from '../../src/base/duration.ts';

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['15s', 15_000],
    ['5m', 300_000],
    ['30min', 1_800_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1.5s', 1_500],
    [' 2s ', 2_000],
  ])('%s is read as milliseconds', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', '15', '15 s', '-1s', '1w', 's', '1e3s', '1,5s', 'Infinitys', '5M', `${'9'.repeat(400)}d`])(
    '"%s" is no duration',
    text => expect(parseDuration(text)).toBeUndefined(),
  );

  test('is written so that it reads back as the same', () => {
    fc.assert(
      fc.property(fc.nat(1e10), ms => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test.each([
    [0, '0ms'],
    [999, '999ms'],
    [4_240, '4.2s'],
    [65_000, '65s'],
    [125_000, '2m'],
    [10_000_000, '3h'],
    [400_000_000, '5d'],
  ])('an age of %i ms is shown to a person as %s', (ms, text) => expect(formatAge(ms)).toBe(text));
});
