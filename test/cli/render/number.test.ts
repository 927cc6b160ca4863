import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalsOf, formatBytes, formatLatency, formatNumber, formatShare } from '../../../src/cli/render/number.ts';
import { formatTime } from '../../../src/cli/render/time.ts';
import { formatAgeOr, formatValue } from '../../../src/cli/render/words.ts';

describe('a number', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [3, '3'],
    [-12, '-12'],
    [5.2, '5.20'],
    [5.204, '5.20'],
    [0.5, '0.500'],
    [0.05, '0.0500'],
    [0.0012, '0.00120'],
    [0.0004, '4.0e-4'],
    [-0.0001, '-1.0e-4'],
    [118.24, '118.2'],
    [12345.678, '12346'],
    [4294967295, '4294967295'],
    [1e15, '1.000e+15'],
    // A scaled register is never quite whole.
    [1200 * 0.1, '120'],
    [0.1 + 0.2, '0.300'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('%d is shown as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test('is never shown further off than half a percent, a tiny one than a twentieth, and as zero only when it is zero', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), value => {
        const shown = Number(formatNumber(value));
        const size = Math.abs(value);
        expect(Math.abs(shown - value)).toBeLessThanOrEqual(size * (size < 1e-3 ? 0.051 : 0.00501));
        expect(shown === 0).toBe(value === 0);
      }),
      { examples: [[0.0005], [0.00049999], [0.001], [999.96], [0.9999]] },
    );
  });

  test('keeps the decimals of its series, so that the column stands still', () => {
    const series = [5, 5.25, 4.9];
    const decimals = Math.max(...series.map(decimalsOf));
    expect(series.map(value => formatNumber(value, decimals))).toEqual(['5.00', '5.25', '4.90']);
  });
});

describe('a value', () => {
  test.each([
    [{ value: 1, state: 'running' }, 'running'],
    [{ value: null, state: null }, '–'],
    [{ value: 'SN-1', state: null }, 'SN-1'],
    [{ value: 2.5, state: null }, '2.50'],
  ])('%j is shown as %s', (point, text) => {
    expect(formatValue(point)).toBe(text);
  });
});

test.each([
  [formatBytes(0), '0 B'],
  [formatBytes(512), '512 B'],
  [formatBytes(1_420_000), '1.4 MB'],
  [formatBytes(84_300_000), '84 MB'],
  [formatBytes(3e12), '3.0 TB'],
  [formatShare(0.034), '3.4 %'],
  [formatShare(1), '100 %'],
  [formatLatency(0.04), '0.04 ms'],
  [formatLatency(12.44), '12.4 ms'],
  [formatLatency(120.2), '120 ms'],
  [formatLatency(1_240), '1.2 s'],
  [formatAgeOr(null), '–'],
  [formatAgeOr(-5), '0ms'],
  [formatAgeOr(65_000), '65s'],
  [formatTime(new Date(2026, 0, 31, 4, 5, 9).getTime()), '2026-01-31 04:05:09'],
  [formatTime(Number.NaN), '–'],
])('%s is written so', (text, written) => {
  expect(text).toBe(written);
});
