import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Coarse, createCoarsener, type DeviceSummary } from '../../src/history/coarser.ts';
import { type CoarseSpan, windowAround } from '../../src/history/span-window.ts';
import type { CountedSummary } from '../../src/model/summary.ts';
import { minuteMs, noon } from './samples.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

function of(values: readonly number[], parts: Partial<CountedSummary> = {}): CountedSummary {
  const count = values.length;
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    ...{
      point: 'meter/p',
      unit: 'kW',
      count,
      samples: count,
      goodShare: count === 0 ? 0 : 1,
      delta: undefined,
      resets: 0,
    },
    min: count === 0 ? undefined : Math.min(...values),
    max: count === 0 ? undefined : Math.max(...values),
    mean: count === 0 ? undefined : sum / count,
    last: values.at(-1),
    ...parts,
  };
}

function minute(index: number, points: readonly CountedSummary[], device = 'meter'): DeviceSummary {
  return { device, windowStart: noon + index * minuteMs, windowEnd: noon + (index + 1) * minuteMs, points };
}

function coarsen(minutes: readonly DeviceSummary[], span: CoarseSpan = '15min'): Coarse[] {
  const coarsener = createCoarsener(span);
  return minutes.flatMap((one, index) => coarsener.add(index + 1, one));
}

function spans(found: readonly Coarse[]): [string, number, number][] {
  return found.map(({ summary: { device, windowStart, windowEnd } }) => [
    device,
    (windowStart - noon) / minuteMs,
    (windowEnd - noon) / minuteMs,
  ]);
}

describe('a quarter of an hour', () => {
  test('is closed by the first minute of the next one and holds all of its own', () => {
    const found = coarsen(Array.from({ length: 31 }, (_, index) => minute(index, [of([index])])));
    expect(spans(found)).toEqual([
      ['meter', 0, 15],
      ['meter', 15, 30],
    ]);
    expect(found.map(({ upTo }) => upTo)).toEqual([15, 30]);
    expect(found[0]?.summary.points).toEqual([of(Array.from({ length: 15 }, (_, index) => index))]);
  });

  test('weighs its minutes by their good samples', () => {
    const [found] = coarsen([minute(0, [of([1, 1, 1])]), minute(1, [of([5])]), minute(15, [of([0])])]);
    expect(found?.summary.points).toMatchObject([{ count: 4, mean: 2, min: 1, max: 5, last: 5 }]);
  });

  test('tells the share of good samples, of minutes without a good one too', () => {
    const dead = of([], { samples: 60 });
    const half = of([4], { samples: 20, goodShare: 0.05 });
    const [found] = coarsen([minute(0, [half]), minute(1, [dead]), minute(15, [dead])]);
    expect(found?.summary.points).toMatchObject([{ count: 1, samples: 80, goodShare: 1 / 80, last: 4, mean: 4 }]);
  });

  test('adds up deltas and resets of counters', () => {
    const steps = [of([1]), of([4], { delta: 3 }), of([]), of([2], { delta: 2, resets: 1 })];
    const [found] = coarsen([...steps.map((step, index) => minute(index, [step])), minute(15, [of([3])])]);
    expect(found?.summary.points).toMatchObject([{ delta: 5, resets: 1 }]);
  });

  test('does not mix a unit with another: the point starts anew', () => {
    const watts = of([5_000], { unit: 'W' });
    const [found] = coarsen([minute(0, [of([5])]), minute(1, [watts]), minute(15, [watts])]);
    expect(found?.summary.points).toEqual([watts]);
  });

  test('begins with its first minute where nothing is known from before', () => {
    const minutes = [7, 8, 15, 30].map(index => minute(index, [of([1])]));
    expect(spans(coarsen(minutes))).toEqual([
      ['meter', 7, 15],
      ['meter', 15, 30],
    ]);
  });

  test('of a device that is gone is closed when the others are a quarter further', () => {
    const minutes = [minute(0, [of([1])], 'gone'), ...[1, 16, 29, 30].map(index => minute(index, [of([1])]))];
    expect(spans(coarsen(minutes))).toEqual([
      ['meter', 1, 15],
      ['meter', 15, 30],
      ['gone', 0, 15],
    ]);
  });

  test.each([10, -10])('is closed by a clock that jumps %i years, and none is longer than a quarter', years => {
    const jump = years * 365 * 24 * 60;
    const minutes = [0, 1, jump + 2, jump + 3, jump + 17, 4, 20].map(index => minute(index, [of([index])]));
    const found = coarsen(minutes);
    expect(found.reduce((sum, { summary }) => sum + (summary.points[0]?.count ?? 0), 0)).toBe(6);
    for (const { summary } of found) expect(summary.windowEnd - summary.windowStart).toBeLessThanOrEqual(15 * minuteMs);
  });

  test('knows the devices of the last run, whose windows begin where they should', () => {
    const coarsener = createCoarsener('15min', ['meter']);
    coarsener.add(1, minute(17, [of([1])]));
    expect(spans(coarsener.add(2, minute(30, [of([1])])))).toEqual([['meter', 15, 30]]);
  });

  test('that is open says which minute it began with', () => {
    const coarsener = createCoarsener('15min');
    for (const [number, index] of [
      [5, 3],
      [6, 4],
      [7, 15],
    ] as const)
      coarsener.add(number, minute(index, [of([1])]));
    expect([...coarsener.open]).toEqual([['meter', 7]]);
  });

  test('holds what a naive reckoning over all its samples holds', () => {
    const samples = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(samples, { minLength: 1, maxLength: 50 }), minutes => {
        const end = Math.ceil(minutes.length / 15) * 15;
        const found = coarsen([...minutes.map((values, index) => minute(index, [of(values)])), minute(end, [of([])])]);
        const expected = Array.from({ length: end / 15 }, (_, at) => of(minutes.slice(at * 15, at * 15 + 15).flat()));
        const strip = ({ mean: _, ...rest }: CountedSummary) => rest;
        expect(found.flatMap(({ summary }) => summary.points.map(strip))).toEqual(expected.map(strip));
        for (const [at, { summary }] of found.entries())
          expect(summary.points[0]?.mean ?? 0).toBeCloseTo(expected[at]?.mean ?? 0, 9);
      }),
    );
  });
});

describe('a day', () => {
  test.each([
    ['Europe/Berlin', '2026-03-29T10:00:00Z', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T10:00:00Z', '2026-10-24T22:00:00.000Z', 25],
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-24T22:00:00.000Z', 25],
    ['Asia/Shanghai', '2026-06-01T15:59:59Z', '2026-05-31T16:00:00.000Z', 24],
    ['Asia/Kathmandu', '2026-06-01T12:00:00Z', '2026-05-31T18:15:00.000Z', 24],
    // The clocks change at midnight: the day begins at one o'clock.
    ['America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T04:00:00.000Z', 23],
    ['UTC', '1969-12-31T12:00:00Z', '1969-12-31T00:00:00.000Z', 24],
  ])('in %s at %s begins at %s and has %i hours', (timeZone, at, start, hours) => {
    process.env.TZ = timeZone;
    const { start: found, end } = windowAround('1day', Date.parse(at));
    expect(new Date(found).toISOString()).toBe(start);
    expect((end - found) / 3_600_000).toBe(hours);
  });

  test('follows on the one before it without gap or overlap, whatever the clocks do', () => {
    process.env.TZ = 'America/Santiago';
    let { start, end } = windowAround('1day', noon);
    for (let day = 0; day < 800; day += 1) {
      const next = windowAround('1day', end);
      expect(next.start).toBe(end);
      expect(windowAround('1day', end - 1)).toEqual({ start, end });
      ({ start, end } = next);
    }
  });

  test('is put together from quarters', () => {
    process.env.TZ = 'Europe/Berlin';
    const midnight = Date.parse('2026-10-24T22:00:00Z');
    const quarters = Array.from({ length: 101 }, (_, index) => ({
      device: 'meter',
      windowStart: midnight + index * 15 * minuteMs,
      windowEnd: midnight + (index + 1) * 15 * minuteMs,
      points: [of([1], { delta: 0.25 })],
    }));
    const found = coarsen(quarters, '1day');
    expect(found.map(({ summary, upTo }) => [new Date(summary.windowEnd).toISOString(), upTo])).toEqual([
      ['2026-10-25T23:00:00.000Z', 100],
    ]);
    expect(found[0]?.summary.points).toMatchObject([{ count: 100, delta: 25 }]);
  });
});
