import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advanceCadence, shareOf, startCadence } from '../../src/poll/cadence.ts';

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
          advanceCadence(cadence, now);
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
      const lost = advanceCadence(cadence, lateMs);
      expect(cadence.dueMono).toBe((lost + 1) * ms);
      expect(cadence.dueMono + ms).toBeGreaterThan(lateMs);
      if (lost > 0) expect(cadence.dueMono).toBeLessThanOrEqual(lateMs);
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

test('two hundred devices spread over the second instead of falling due together', () => {
  const tenths = new Array<number>(10).fill(0);
  for (let index = 0; index < 200; index += 1) {
    const tenth = Math.floor(shareOf(`meter-${index} 1000`) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(5);
  expect(Math.max(...tenths)).toBeLessThan(45);
});
