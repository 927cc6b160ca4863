import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addRow,
  column,
  coveredMs,
  createSlidingWindow,
  highestOf,
  isClose,
  isTelling,
  joinGroup,
  lowestOf,
  moveTo,
  newestRow,
  redateRow,
  slopePerS,
  timeBack,
  valuesIn,
} from '../../src/base/sliding-window.ts';
import { propertyRuns } from '../fakes/property-runs.ts';

interface Seen {
  readonly time: number;
  readonly value: number;
  readonly isGood: boolean;
}

function windowOf(windowMs: number, row: 'single' | 'grouped', seen: readonly Seen[]) {
  const window = createSlidingWindow(windowMs, row);
  for (const { time, value, isGood } of seen) {
    moveTo(window, time, isGood);
    if (isGood) addRow(window, value);
  }
  return window;
}

/** Worked out from the whole history: the samples that a window holds, and for how long they and the gaps were good. */
function naiveWindow(windowMs: number, seen: readonly Seen[]) {
  const newest = seen.findLast(({ isGood }) => isGood)?.time ?? 0;
  const inside = seen.filter(({ time, isGood }) => isGood && time >= newest - windowMs);
  const since = inside[0]?.time ?? newest;
  const coveredBy = ({ time, isGood }: Seen, at: number) =>
    isGood && time >= since && time <= newest ? Math.min(newest, seen[at + 1]?.time ?? newest) - time : 0;
  return { inside, coveredMs: seen.map(coveredBy).reduce((sum, ms) => sum + ms, 0) };
}

/** The textbook's regression. */
function naiveSlopePerS(inside: readonly Seen[]): number {
  const mean = (of: (one: Seen) => number) => inside.reduce((sum, one) => sum + of(one), 0) / inside.length;
  const [time, value] = [mean(one => one.time), mean(one => one.value)];
  return (1_000 * mean(one => (one.time - time) * (one.value - value))) / mean(one => (one.time - time) ** 2);
}

test('a window knows what a naive one works out from the whole history, after every sample', () => {
  const sample = fc.record({
    afterMs: fc.nat(6),
    value: fc.integer({ min: -9, max: 9 }),
    isGood: fc.nat(4).map(Boolean),
  });
  let told = 0;
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), fc.constantFrom(2, 8, 20, 60), (samples, windowMs) => {
      let time = 0;
      const history = samples.map(({ afterMs, value, isGood }): Seen => {
        time += afterMs;
        return { time, value, isGood };
      });
      for (let length = 0; length <= history.length; length += 1) {
        const seen = history.slice(0, length);
        const { inside, coveredMs: naiveMs } = naiveWindow(windowMs, seen);
        const values = inside.map(({ value }) => value);
        const [single, grouped] = [windowOf(windowMs, 'single', seen), windowOf(windowMs, 'grouped', seen)];
        for (const window of [single, grouped]) {
          expect(valuesIn(window)).toBe(values.length);
          expect(coveredMs(window)).toBe(naiveMs);
          expect(isTelling(window)).toBe(values.length >= 3 && naiveMs >= windowMs / 2);
          if (isTelling(window)) expect(slopePerS(window)).toBeCloseTo(naiveSlopePerS(inside), 6);
          else expect(slopePerS(window)).toBeNaN();
          told += Number(isTelling(window));
        }
        expect(lowestOf(grouped)).toBe(Math.min(...values));
        expect(highestOf(grouped)).toBe(Math.max(...values));
      }
    }),
    { numRuns: propertyRuns(200) },
  );
  expect(told).toBeGreaterThan(propertyRuns(200));
});

test('a group holds several values: it keeps its time, or is given that of the newest', () => {
  const window = windowOf(1_000, 'grouped', []);
  for (const [time, value, sum] of [
    [0, 7, 70],
    [400, 5, 50],
  ] as const) {
    moveTo(window, time, true);
    addRow(window, value, sum);
  }
  moveTo(window, 500, true);
  joinGroup(window, 3, 30);
  joinGroup(window, 4, 40);
  expect([...window.rows.subarray(newestRow(window), window.tail)]).toEqual([400, 5, 400, 3, 3, 5, 120]);
  redateRow(window, 6);
  expect([...window.rows.subarray(newestRow(window), window.tail)]).toEqual([500, 6, 500, 3, 3, 5, 120]);
  expect([valuesIn(window), lowestOf(window), highestOf(window)]).toEqual([4, 3, 7]);
  expect(window.rows[window.head + column.sum]).toBe(70);
  // The first group is gone, and with it what it had.
  moveTo(window, 1_001, true);
  expect([valuesIn(window), lowestOf(window), highestOf(window), coveredMs(window)]).toEqual([3, 3, 5, 501]);
});

test('a sample is close to a row that is less than a part of the window before it', () => {
  const window = windowOf(1_200, 'single', [
    { time: 0, value: 1, isGood: true },
    { time: 50, value: 1, isGood: true },
  ]);
  expect([59.9, 60].map(time => isClose(window, 1, time))).toEqual([true, false]);
  expect([9.9, 10].map(time => isClose(window, 2, time))).toEqual([true, false]);
  expect(isClose(window, 3, 1)).toBe(false);
  expect(window.rows[window.tail]).toBe(0);
  moveTo(window, 1_201, true);
  expect([timeBack(window, 1), timeBack(window, 2)]).toEqual([50, Number.NEGATIVE_INFINITY]);
  expect(isClose(window, 2, 1)).toBe(false);
});

test('a window takes twice the memory only when it holds more than half of what it has', () => {
  const rowsFor = (held: number) => {
    const window = createSlidingWindow(held - 1, 'single');
    for (let time = 0; time < 200; time += 1) {
      moveTo(window, time, true);
      addRow(window, time);
      expect(timeBack(window, 1)).toBe(time);
      // It slides along its rows, and is moved only at their end.
      if (time < 8) expect(window.tail).toBe((time + 1) * window.width);
      expect(timeBack(window, Math.min(held, time + 1))).toBe(Math.max(0, time + 1 - held));
    }
    return window.rows.length / window.width;
  };
  // What is older leaves before room is made for the newest.
  expect([2, 5, 6, 9, 10].map(rowsFor)).toEqual([8, 8, 16, 16, 32]);
});

test('a slope too steep to reckon with is no slope', () => {
  const seen = [0, 1e308, -1e308].map((value, at) => ({ time: at, value, isGood: true }));
  expect(slopePerS(windowOf(2, 'single', seen))).toBeNaN();
});
