import { describe, expect, test } from 'vitest';
import type { ModbusAddress, Point, Sample, SampleBatch } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';
import type { Summary } from '../../src/model/summary.ts';
import { createSummarizer, type DeviceWindow } from '../../src/summary/summarizer.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const minuteMs = 60_000;

function point(number: number, parts: Partial<Point> = {}): Point {
  return {
    number,
    key: `meter/p${number}`,
    id: `p${number}`,
    name: `Point ${number}`,
    device: 0,
    unit: 'kW',
    intervalMs: 1_000,
    address: { protocol: 'self', measure: 'uptime' },
    scale: 1,
    offset: 0,
    invalidValues: [],
    states: undefined,
    isCounter: false,
    recording: undefined,
    ...parts,
  };
}

const text: ModbusAddress = {
  protocol: 'modbus',
  table: 'holding-register',
  address: 0,
  type: 'string',
  wordOrder: 'high-first',
  byteOrder: 'high-first',
  bit: 0,
  bitCount: 1,
  registerCount: 8,
  invalidWords: [],
};

const points = [point(0), point(1), point(2)];

function good(of: Point, value: number): Sample {
  return { point: of, value, text: undefined, quality: 'good' };
}

function bad(of: Point, quality: Quality = 'timeout'): Sample {
  return { point: of, value: Number.NaN, text: undefined, quality };
}

function batch(sampledAt: number, samples: readonly Sample[], device = 0): SampleBatch {
  return { device, samples, isAnswered: true, sampledAtMono: 0, sampledAt };
}

/** A batch with the one number that a test about windows needs. */
function at(sampledAt: number, device = 0): SampleBatch {
  return batch(sampledAt, [good(point(device), 1)], device);
}

function summarizer() {
  return createSummarizer({ windowMs: minuteMs });
}

/** What one window makes of these samples. */
function sumUp(samples: readonly Sample[]): readonly Summary[] {
  const sums = summarizer();
  for (const [index, one] of samples.entries()) sums.add(batch(noon + index, [one]));
  return sums.flush(noon + minuteMs)[0]?.points ?? [];
}

function spanOf(window: DeviceWindow | undefined): [number, number] | undefined {
  return window && [window.windowStart - noon, window.windowEnd - noon];
}

describe('a summary', () => {
  const [p] = points as [Point];
  const labels = { point: 'meter/p0', unit: 'kW' };
  const none = { count: 0, min: undefined, max: undefined, mean: undefined, last: undefined };

  test.each<[string, Sample[], Omit<Summary, 'point' | 'unit'>]>([
    [
      'one value',
      [good(p, 3)],
      { count: 1, min: 3, max: 3, mean: 3, last: 3, goodShare: 1, delta: undefined, resets: 0 },
    ],
    [
      'several values',
      [good(p, 3), good(p, -1), good(p, 7), good(p, 3)],
      { count: 4, min: -1, max: 7, mean: 3, last: 3, goodShare: 1, delta: undefined, resets: 0 },
    ],
    [
      'failed reads among them',
      [bad(p), good(p, 4), bad(p, 'refused'), good(p, 2)],
      { count: 2, min: 2, max: 4, mean: 3, last: 2, goodShare: 0.5, delta: undefined, resets: 0 },
    ],
    [
      'a bad sample that still carries a number',
      [good(p, 4), { ...good(p, 1_000), quality: 'invalid-value' }],
      { count: 1, min: 4, max: 4, mean: 4, last: 4, goodShare: 0.5, delta: undefined, resets: 0 },
    ],
    ['failed reads alone', [bad(p), bad(p)], { ...none, goodShare: 0, delta: undefined, resets: 0 }],
    [
      'no number that is called good',
      [good(p, Number.NaN), good(p, Number.POSITIVE_INFINITY)],
      { ...none, goodShare: 0, delta: undefined, resets: 0 },
    ],
    [
      'the largest numbers there are',
      [good(p, Number.MAX_VALUE), good(p, -Number.MAX_VALUE)],
      {
        count: 2,
        min: -Number.MAX_VALUE,
        max: Number.MAX_VALUE,
        mean: 0,
        last: -Number.MAX_VALUE,
        goodShare: 1,
        delta: undefined,
        resets: 0,
      },
    ],
  ])('of %s', (_name, samples, expected) => {
    expect(sumUp(samples)).toEqual([{ ...labels, samples: samples.length, ...expected }]);
  });

  test('of a meter that stands at a thousand million keeps its last digits', () => {
    const values = Array.from({ length: 1_200 }, (_, index) => 1e9 + (index % 2) * 0.5);
    expect(sumUp(values.map(value => good(p, value)))[0]?.mean).toBeCloseTo(1e9 + 0.25, 5);
  });

  test('of a value that never changed is that value', () => {
    const [summary] = sumUp(Array.from({ length: 100 }, () => good(p, 0.1)));
    expect(summary).toMatchObject({ min: 0.1, max: 0.1, mean: 0.1, last: 0.1 });
  });

  test('of a text is none, be it read or not', () => {
    const name = point(7, { address: text });
    const texts: Sample[] = [{ point: name, value: Number.NaN, text: 'PM5560', quality: 'good' }, bad(name)];
    expect(sumUp([...texts, good(p, 1)]).map(summary => summary.point)).toEqual(['meter/p0']);
    expect(sumUp(texts)).toEqual([]);
  });

  test('stands in the order in which the points first came', () => {
    const [a, b, c] = points as [Point, Point, Point];
    const sums = summarizer();
    sums.add(batch(noon, [good(b, 1)]));
    sums.add(batch(noon, [good(a, 1), good(b, 2), good(c, 3)]));
    expect(sums.flush(noon)[0]?.points.map(summary => summary.point)).toEqual(['meter/p1', 'meter/p0', 'meter/p2']);
  });
});

describe('a window', () => {
  test('is closed by the first sample of its device in the next one, which is counted there', () => {
    const sums = summarizer();
    const [p] = points as [Point];
    expect(sums.add(batch(noon, [good(p, 1)]))).toBeUndefined();
    expect(sums.add(batch(noon + 59_999, [good(p, 3)]))).toBeUndefined();
    const closed = sums.add(batch(noon + 60_000, [good(p, 99)]));
    expect(closed).toMatchObject({ device: 0, windowStart: noon, windowEnd: noon + 60_000 });
    expect(closed?.points[0]).toMatchObject({ count: 2, max: 3 });
    expect(sums.add(at(noon + 120_000))?.points[0]).toMatchObject({ count: 1, mean: 99 });
  });

  test('is aligned to the wall clock, but for the first, which starts where it starts', () => {
    const sums = summarizer();
    sums.add(at(noon + 17_500));
    expect(spanOf(sums.add(at(noon + 61_000)))).toEqual([17_500, 60_000]);
    expect(spanOf(sums.add(at(noon + 150_000)))).toEqual([60_000, 120_000]);
  });

  test('belongs to one device', () => {
    const sums = summarizer();
    sums.add(at(noon, 0));
    sums.add(at(noon + 30_000, 1));
    expect(sums.add(at(noon + 60_000, 1))).toMatchObject({ device: 1 });
    expect(sums.add(at(noon + 70_000, 0))).toMatchObject({ device: 0 });
  });

  test('without samples does not exist: a point read once an hour has one window an hour', () => {
    const sums = summarizer();
    sums.add(at(noon));
    expect(spanOf(sums.add(at(noon + 3_600_000)))).toEqual([0, 60_000]);
    expect(spanOf(sums.add(at(noon + 7_200_000)))).toEqual([3_600_000, 3_660_000]);
  });

  test('leaves out points that had no sample in it, and takes in those that came', () => {
    const sums = summarizer();
    const [a, b] = points as [Point, Point];
    sums.add(batch(noon, [good(a, 1)]));
    sums.add(batch(noon + 1, [good(a, 1), good(b, 1)]));
    const names = (window: DeviceWindow | undefined) => window?.points.map(summary => summary.point);
    expect(names(sums.add(batch(noon + 60_000, [good(b, 1)])))).toEqual(['meter/p0', 'meter/p1']);
    expect(names(sums.add(batch(noon + 120_000, [good(b, 1)])))).toEqual(['meter/p1']);
  });

  test.each<Partial<Point>>([{ unit: 'MW' }, { scale: 0.001 }, { offset: 10 }])(
    'never mixes the samples of a point with those it gives after a reload with %j',
    parts => {
      const sums = summarizer();
      sums.add(batch(noon, [good(point(0), 5_000)]));
      sums.add(batch(noon + 1_000, [good(point(0, parts), 5)]));
      const [summary, ...more] = sums.flush(noon + 2_000)[0]?.points ?? [];
      expect(summary).toMatchObject({
        unit: parts.unit ?? 'kW',
        count: 1,
        mean: 5,
        goodShare: 1,
        delta: undefined,
        resets: 0,
      });
      expect(more).toEqual([]);
    },
  );

  test('of nothing but texts is not told', () => {
    const sums = summarizer();
    const texts = [bad(point(7, { address: text }))];
    sums.add(batch(noon, texts));
    expect(sums.add(batch(noon + 60_000, texts))).toBeUndefined();
    expect(sums.flush(noon + 61_000)).toEqual([]);
  });
});

describe('when the wall clock jumps', () => {
  const yearMs = 365 * 86_400_000;

  test('ten years on, the window is closed at its end and another one starts', () => {
    const sums = summarizer();
    sums.add(at(noon + 5_000));
    expect(spanOf(sums.add(at(noon + 10 * yearMs + 5_000)))).toEqual([5_000, 60_000]);
    expect(spanOf(sums.flush(noon + 10 * yearMs + 9_000)[0])).toEqual([10 * yearMs, 10 * yearMs + 9_000]);
  });

  test('two hours back, the window is closed at its last sample and another one starts at its first', () => {
    const sums = summarizer();
    const back = -7_200_000;
    sums.add(at(noon + 5_000));
    sums.add(at(noon + 20_000));
    expect(spanOf(sums.add(at(noon + back + 20_500)))).toEqual([5_000, 20_000]);
    expect(spanOf(sums.add(at(noon + back + 60_000)))).toEqual([back + 20_500, back + 60_000]);
    expect(spanOf(sums.add(at(noon + back + 120_000)))).toEqual([back + 60_000, back + 120_000]);
  });

  test('to before 1970 it works the same', () => {
    const sums = summarizer();
    sums.add(at(-90_000));
    expect(sums.add(at(-1))).toMatchObject({ windowStart: -90_000, windowEnd: -60_000 });
    expect(sums.add(at(0))).toMatchObject({ windowStart: -60_000, windowEnd: 0 });
  });

  test('within the minute it stays one window', () => {
    const sums = summarizer();
    sums.add(at(noon + 40_000));
    sums.add(at(noon + 10_000));
    const [window] = sums.flush(noon + 12_000);
    expect(spanOf(window)).toEqual([10_000, 40_000]);
    expect(window?.points[0]).toMatchObject({ count: 2 });
  });
});

describe('at stop', () => {
  test('every window ends where it really ends', () => {
    const sums = summarizer();
    sums.add(at(noon, 0));
    sums.add(at(noon + 90_000, 1));
    const closed = sums.flush(noon + 95_000);
    expect(closed.map(window => [window.device, ...(spanOf(window) ?? [])])).toEqual([
      [0, 0, 60_000],
      [1, 90_000, 95_000],
    ]);
    expect(sums.flush(noon + 96_000)).toEqual([]);
  });

  test('a wall clock that went back since the last sample makes no negative window', () => {
    const sums = summarizer();
    sums.add(at(noon + 10_000));
    expect(spanOf(sums.flush(noon - 1_000_000)[0])).toEqual([10_000, 10_000]);
  });

  test('whole milliseconds hold samples with fractions', () => {
    const sums = summarizer();
    sums.add(at(noon + 0.4));
    sums.add(at(noon + 1_000.6));
    expect(spanOf(sums.flush(noon + 1_000)[0])).toEqual([0, 1_001]);
  });
});

describe('a device that is removed', () => {
  test('has its window closed at its last sample, once', () => {
    const sums = summarizer();
    sums.add(at(noon, 4));
    sums.add(at(noon + 7_000, 4));
    expect(spanOf(sums.forget(4))).toEqual([0, 7_000]);
    expect(sums.forget(4)).toBeUndefined();
    expect(sums.flush(noon + 8_000)).toEqual([]);
  });

  test('and comes back within the minute starts a window of its own', () => {
    const sums = summarizer();
    sums.add(at(noon));
    sums.forget(0);
    sums.add(at(noon + 30_000));
    expect(spanOf(sums.add(at(noon + 60_000)))).toEqual([30_000, 60_000]);
  });

  test('that was never heard of has none', () => {
    expect(summarizer().forget(3)).toBeUndefined();
  });
});
