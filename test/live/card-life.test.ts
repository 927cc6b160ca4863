import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastWatchMs, writtenOf, writtenPerDayMb } from '../../src/live/card-life.ts';

const hourMs = 3_600_000;

test('what both threads have written in two hours becomes twelve times as much in a day', () => {
  expect(writtenOf([9_000_000, 1_000_000], 2 * hourMs)).toEqual({ bytes: 10_000_000, bytesPerDay: 120_000_000 });
});

test('the first hour is too short to speak of a day', () => {
  expect(writtenOf([5_000_000, 0], leastWatchMs - 1)).toEqual({ bytes: 5_000_000, bytesPerDay: null });
  expect(writtenOf([5_000_000, 0], leastWatchMs).bytesPerDay).toBe(120_000_000);
});

test('one thread that cannot tell leaves the sum untold', () => {
  expect(writtenOf([5_000_000, undefined], 2 * hourMs)).toEqual({ bytes: null, bytesPerDay: null });
});

test('a rule sees no more than was written in the first hour, the day later, and nothing where nobody can tell', () => {
  expect(writtenPerDayMb(writtenOf([5_000_000, 1_000_000], 60_000))).toBe(6);
  expect(writtenPerDayMb(writtenOf([5_000_000, 1_000_000], hourMs))).toBe(144);
  expect(writtenPerDayMb(writtenOf([undefined, 1], hourMs))).toBeNaN();
});

test('a day is never less than what was written in it already', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer({ min: 0, max: 24 * hourMs }), (one, other, uptimeMs) => {
      expect(writtenPerDayMb(writtenOf([one, other], uptimeMs))).toBeGreaterThanOrEqual((one + other) / 1e6);
    }),
  );
});
