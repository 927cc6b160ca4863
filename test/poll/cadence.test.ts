import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advanceCadence, dropLost, shareOf, spreadShares, startCadence } from '../../src/poll/cadence.ts';

const interval = fc.integer({ min: 50, max: 3_600_000 });

test('a due time is always the start plus a whole number of intervals, however late the reads were', () => {
  fc.assert(
    fc.property(
      interval,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.array(fc.nat(10_000_000)),
      (ms, share, delays) => {
        const cadence = startCadence(ms, 0, share);
        const first = cadence.dueMono;
        let now = first;
        for (const delay of delays) {
          now = Math.max(now, cadence.dueMono) + delay;
          dropLost(cadence, now);
          advanceCadence(cadence);
          const steps = (cadence.dueMono - first) / ms;
          expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6);
        }
      },
    ),
  );
});

test('a due time is given up only when its whole interval has passed, and then it is counted', () => {
  fc.assert(
    fc.property(interval, fc.nat(100_000_000), (ms, lateMs) => {
      const cadence = startCadence(ms, 0, 0);
      const lost = dropLost(cadence, lateMs);
      expect(cadence.dueMono).toBe(lost * ms);
      expect(cadence.dueMono + ms).toBeGreaterThan(lateMs);
      expect(cadence.dueMono).toBeLessThanOrEqual(lateMs);
    }),
  );
});

test('after a pause of the machine exactly one due time is left to make up, however long it was', () => {
  const cadence = startCadence(100, 0, 0);
  expect(dropLost(cadence, 3_600_050)).toBe(36_000);
  expect(cadence.dueMono).toBe(3_600_000);
  advanceCadence(cadence);
  expect(dropLost(cadence, 3_600_050)).toBe(0);
  expect(cadence.dueMono).toBe(3_600_100);
});

test('devices of one interval on one bus fall due evenly apart, and at the same places after every start', () => {
  fc.assert(
    fc.property(fc.string(), interval, fc.integer({ min: 2, max: 250 }), (bus, ms, count) => {
      const shares = spreadShares(bus, ms, count);
      expect(spreadShares(bus, ms, count)).toEqual(shares);
      const sorted = shares.toSorted((one, other) => one - other);
      for (const [at, share] of sorted.entries()) {
        const next = sorted[at + 1] ?? (sorted[0] ?? 0) + 1;
        expect(next - share).toBeCloseTo(1 / count, 9);
      }
    }),
  );
});

test('every group is read within the first second, however long its interval', () => {
  fc.assert(
    fc.property(interval, fc.string(), (ms, name) => {
      const { dueMono } = startCadence(ms, 500, shareOf(name));
      expect(dueMono).toBeGreaterThanOrEqual(500);
      expect(dueMono).toBeLessThan(1_500);
    }),
  );
});

test('two hundred buses of one device spread over the second instead of falling due together', () => {
  const tenths = new Array<number>(10).fill(0);
  for (let index = 0; index < 200; index += 1) {
    const tenth = Math.floor((spreadShares(`meter-${index}`, 1_000, 1)[0] ?? 0) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(5);
  expect(Math.max(...tenths)).toBeLessThan(45);
});
