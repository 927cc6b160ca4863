import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  convertDifference,
  convertValue,
  findUnit,
  formatQuantity,
  parseQuantity,
  quantityOf,
  unitSymbols,
  unitsLike,
} from '../../src/model/unit.ts';

describe('a limit may be written in any unit of its quantity', () => {
  test.each([
    [450, 'kPa', 'bar', 4.5],
    [250, 'mbar', 'bar', 0.25],
    [10, 'mH2O', 'kPa', 98.0665],
    [1, 'MPa', 'psi', 145.037737731],
    [50, 'cm', 'm', 0.5],
    [36, 'm3/h', 'L/s', 10],
    [600, 'L/min', 'm3/h', 36],
    [1.5, 'kW', 'W', 1_500],
    [0.4, 'kV', 'V', 400],
    [90, 'min', 'h', 1.5],
    [25, '°C', 'K', 298.15],
    [212, '°F', '°C', 100],
    [0, 'K', '°C', -273.15],
  ])('%d %s is %s %d', (value, from, to, expected) => {
    expect(convertValue(value, from, to)).toBeCloseTo(expected, 7);
  });

  test('a deadband of temperatures is a difference and has no zero to shift', () => {
    expect(convertDifference(9, '°F', '°C')).toBe(5);
    expect(convertDifference(2, 'K', '°C')).toBe(2);
  });

  test('different quantities never convert', () => {
    expect(convertValue(1, 'bar', 'm')).toBeUndefined();
    expect(convertValue(1, 'kW', 'kVA')).toBeUndefined();
    expect(convertDifference(1, '%', '%RH')).toBeUndefined();
    expect(convertValue(1, 'bar', 'furlong')).toBeUndefined();
  });
});

const pair = fc
  .constantFrom(...unitSymbols)
  .chain(from => fc.record({ from: fc.constant(from), to: fc.constantFrom(...unitsLike(from)) }));
const amount = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map(thousandths => thousandths / 1_000);

test('a value that goes to another unit comes back the same', () => {
  fc.assert(
    fc.property(pair, amount, ({ from, to }, value) => {
      const there = convertValue(value, from, to);
      const back = there === undefined ? undefined : convertValue(there, to, from);
      // Twelve digits are kept, of the largest number on the way: the offset of a temperature is one.
      const scale = Math.max(Math.abs(value), 1e3);
      expect(Math.abs((back ?? Number.NaN) - value)).toBeLessThanOrEqual(scale * 1e-10);
    }),
  );
});

test('a difference keeps its sign and its proportions', () => {
  fc.assert(
    fc.property(pair, amount, ({ from, to }, value) => {
      const once = convertDifference(value, from, to) ?? Number.NaN;
      const twice = convertDifference(2 * value, from, to) ?? Number.NaN;
      expect(once * value).toBeGreaterThanOrEqual(0);
      expect(Math.abs(twice - 2 * once)).toBeLessThanOrEqual(Math.abs(once) * 1e-10);
    }),
  );
});

test('what is formatted reads back', () => {
  fc.assert(
    fc.property(fc.constantFrom('', ...unitSymbols), amount, (unit, value) => {
      expect(parseQuantity(formatQuantity(value, unit))).toEqual({ value: value === 0 ? 0 * value : value, unit });
    }),
  );
});

test('other spellings are read and written as one', () => {
  expect(findUnit('degC')).toBe('°C');
  expect(findUnit('m³/h')).toBe('m3/h');
  expect(findUnit('uA')).toBe('µA');
  expect(findUnit('\u03bcA')).toBe('µA');
  expect(findUnit('l/s')).toBe('L/s');
});

test('upper and lower case are not mixed up: a megawatt is not a milliwatt', () => {
  expect(findUnit('mw')).toBeUndefined();
  expect(findUnit('BAR')).toBeUndefined();
});

test('every unit measures something', () => {
  for (const symbol of unitSymbols) expect(quantityOf(symbol), symbol).toBeTruthy();
});

test.each(['', 'bar', '4,5 bar', '. bar', '--4 bar'])('"%s" is no quantity', text => {
  expect(parseQuantity(text)).toBeUndefined();
});
