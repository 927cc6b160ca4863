import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Point, SampleBatch } from '../../src/model/point.ts';
import type { CountedSummary } from '../../src/model/summary.ts';
import { createSummarizer, type DeviceWindow } from '../../src/summary/summarizer.ts';

/*
 * The summarizer against a naive one that keeps every sample. Both see the same random reads; what they say has to
 * agree, and no sample may be counted twice or not at all.
 */

const windowMs = 60_000;

interface Read {
  readonly device: number;
  readonly wall: number;
  /** By point number; undefined is a failed read. */
  readonly values: readonly (readonly [point: number, value: number | undefined])[];
}

const points = [0, 1, 2, 3].map(
  (number): Point => ({
    number,
    key: `device/p${number}`,
    id: `p${number}`,
    name: '',
    device: number < 2 ? 0 : 1,
    unit: 'A',
    intervalMs: 1_000,
    address: { protocol: 'self', measure: 'uptime' },
    scale: 1,
    offset: 0,
    invalidValues: [],
    states: undefined,
    isCounter: false,
    recording: undefined,
  }),
);

/** Without the negative zero, of which nobody cares whether it is the smaller one. */
const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map(number => number + 0);
const value = fc.option(finite, { nil: undefined, freq: 4 });

const read = fc.record({
  device: fc.constantFrom(0, 1),
  values: fc.tuple(value, value),
  mask: fc.constantFrom([true, true], [true, true], [true, false], [false, true]),
});

function reads(stepMs: fc.Arbitrary<number>): fc.Arbitrary<Read[]> {
  const start = fc.integer({ min: -100_000, max: 100_000 });
  return fc
    .tuple(start, fc.array(fc.tuple(read, stepMs), { minLength: 1, maxLength: 80, size: 'max' }))
    .map(([start, steps]) => {
      let wall = start;
      return steps.map(([{ device, values, mask }, afterMs]): Read => {
        wall += afterMs;
        const ofDevice: Read['values'] = values.map((one, index) => [device * 2 + index, one] as const);
        return { device, wall, values: ofDevice.filter((_, index) => mask[index]) };
      });
    });
}

const onward = fc.integer({ min: 0, max: 20_000 });
const jumping = fc.oneof(
  { weight: 8, arbitrary: onward },
  { weight: 1, arbitrary: fc.constantFrom(-5_000, -61_000, -7_200_000, 3e11, -3e11) },
);

function batchOf({ device, wall, values }: Read): SampleBatch {
  const samples = values.map(([number, one]) => ({
    point: points[number] as Point,
    value: one ?? Number.NaN,
    text: undefined,
    quality: one === undefined ? ('timeout' as const) : ('good' as const),
  }));
  return { device, samples, isAnswered: true, sampledAtMono: 0, sampledAt: wall };
}

function run(list: readonly Read[], stopAt: number): DeviceWindow[] {
  const summarizer = createSummarizer({ windowMs });
  const closed = list.flatMap(one => summarizer.add(batchOf(one)) ?? []);
  return [...closed, ...summarizer.flush(stopAt)];
}

/** The reads of one device, cut where one lies in another minute than the one before it. */
function naiveWindows(list: readonly Read[]): Read[][] {
  const windows: Read[][] = [];
  for (const one of list) {
    const last = windows.at(-1)?.at(-1);
    if (last && minuteOf(last.wall) === minuteOf(one.wall)) windows.at(-1)?.push(one);
    else windows.push([one]);
  }
  return windows;
}

function minuteOf(wall: number): number {
  return Math.floor(wall / windowMs);
}

function naiveSummary(number: number, window: readonly Read[]): CountedSummary | undefined {
  const all = window.flatMap(({ values }) => values.filter(([at]) => at === number).map(([, one]) => one));
  const goods = all.filter(one => one !== undefined);
  if (all.length === 0) return undefined;
  const isAny = goods.length > 0;
  return {
    point: `device/p${number}`,
    unit: 'A',
    count: goods.length,
    min: isAny ? Math.min(...goods) : undefined,
    max: isAny ? Math.max(...goods) : undefined,
    mean: isAny ? goods.reduce((sum, one) => sum + one / goods.length, 0) : undefined,
    last: goods.at(-1),
    samples: all.length,
    goodShare: goods.length / all.length,
    delta: undefined,
    resets: 0,
  };
}

function sortByPoint(summaries: readonly CountedSummary[]): CountedSummary[] {
  return summaries.toSorted((one, other) => one.point.localeCompare(other.point));
}

test.each([
  ['that goes on', onward],
  ['that jumps', jumping],
])('under a wall clock %s every sample is counted once, in its window', (_name, stepMs) => {
  fc.assert(
    fc.property(reads(stepMs), list => {
      const windows = run(list, list.at(-1)?.wall ?? 0);
      for (const device of [0, 1]) {
        const actual = windows.filter(window => window.device === device);
        const expected = naiveWindows(list.filter(one => one.device === device));
        expect(actual).toHaveLength(expected.length);
        for (const [index, window] of expected.entries()) {
          const summaries = [0, 1, 2, 3].flatMap(number => naiveSummary(number, window) ?? []);
          const got = sortByPoint(actual[index]?.points ?? []);
          expect(got.map(({ mean: _mean, ...rest }) => rest)).toEqual(
            summaries.map(({ mean: _mean, ...rest }) => rest),
          );
          for (const [at, { mean, min, max }] of got.entries()) {
            expect(Math.abs((mean ?? 0) - (summaries[at]?.mean ?? 0))).toBeLessThan(1e-5);
            if (mean !== undefined) expect((min ?? 0) <= mean && mean <= (max ?? 0)).toBe(true);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('no window is negative, longer than its limit or across a minute, however the clock jumps', () => {
  fc.assert(
    fc.property(reads(jumping), fc.constantFrom(0, -1e12, 1e12, 5_000), (list, stopMs) => {
      for (const { windowStart, windowEnd } of run(list, (list.at(-1)?.wall ?? 0) + stopMs)) {
        expect(windowEnd).toBeGreaterThanOrEqual(windowStart);
        expect(windowEnd).toBeLessThanOrEqual((minuteOf(windowStart) + 1) * windowMs);
      }
    }),
    { numRuns: 300 },
  );
});

test('under a wall clock that goes on the windows of a device neither overlap nor repeat', () => {
  fc.assert(
    fc.property(reads(onward), list => {
      for (const device of [0, 1]) {
        const windows = run(list, list.at(-1)?.wall ?? 0).filter(window => window.device === device);
        for (const [index, window] of windows.entries()) {
          const previous = windows[index - 1];
          if (previous) expect(window.windowStart).toBeGreaterThanOrEqual(previous.windowEnd);
        }
      }
    }),
    { numRuns: 300 },
  );
});
