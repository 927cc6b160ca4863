import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModbusAddress, ModbusType, Point, Sample } from '../../src/model/point.ts';
import { createSummarizer } from '../../src/summary/summarizer.ts';

const minuteMs = 60_000;

function counter(type: ModbusType, parts: Partial<Point> = {}): Point {
  const address: ModbusAddress = {
    protocol: 'modbus',
    table: 'holding-register',
    address: 0,
    type,
    wordOrder: 'high-first',
    byteOrder: 'high-first',
    bit: 0,
    bitCount: 1,
    registerCount: 1,
    invalidWords: [],
  };
  return {
    ...{ number: 0, key: 'meter/energy', id: 'energy', name: 'Energy', device: 0, unit: 'kWh', intervalMs: 1_000 },
    ...{ address, scale: 1, offset: 0, invalidValues: [], states: undefined, isCounter: true, recording: undefined },
    ...parts,
  };
}

type Reading = number | 'bad';

/** Rise and resets of each minute; a minute is a list of readings. */
function count(minutes: readonly (readonly Reading[])[], point: Point): [number | undefined, number][] {
  const sums = createSummarizer({ windowMs: minuteMs });
  const closed = minutes.flatMap((readings, minute) =>
    readings.flatMap((reading, index) => {
      const sampledAt = minute * minuteMs + index * 1_000;
      const sample: Sample =
        reading === 'bad'
          ? { point, value: Number.NaN, text: undefined, quality: 'timeout' }
          : { point, value: reading, text: undefined, quality: 'good' };
      return sums.add({ device: 0, samples: [sample], isAnswered: true, sampledAt, sampledAtMono: sampledAt }) ?? [];
    }),
  );
  return [...closed, ...sums.flush(minutes.length * minuteMs)].map(({ points: [sum] }) => [
    sum?.delta,
    sum?.resets ?? 0,
  ]);
}

describe('a counter', () => {
  const meter = counter('u32');
  const tenths = counter('u16', { scale: 0.1 });

  test.each<[string, Point, Reading[][], [number | undefined, number][]]>([
    ['rises within a minute', meter, [[10, 12, 15]], [[5, 0]]],
    [
      'rises over the end of a minute',
      meter,
      [
        [10, 12],
        [15, 15],
      ],
      [
        [2, 0],
        [3, 0],
      ],
    ],
    [
      'says nothing with its very first sample',
      meter,
      [[10], [14]],
      [
        [undefined, 0],
        [4, 0],
      ],
    ],
    [
      'that stands has risen by nothing',
      meter,
      [[10, 10], [10]],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'rises while it cannot be read',
      meter,
      [
        [10, 'bad'],
        ['bad', 'bad'],
        ['bad', 40],
      ],
      [
        [undefined, 0],
        [undefined, 0],
        [30, 0],
      ],
    ],
    ['is reset and counts from zero', meter, [[1_000, 1_010, 3, 5]], [[15, 1]]],
    [
      'is reset between two minutes',
      meter,
      [[1_000, 1_010], [3]],
      [
        [10, 0],
        [3, 1],
      ],
    ],
    ['is reset twice', meter, [[500, 0, 7, 2]], [[9, 2]]],
    ['of 16 bits wraps around', counter('u16'), [[65_530, 4]], [[10, 1]]],
    ['of 32 bits wraps around', meter, [[2 ** 32 - 5, 5]], [[10, 1]]],
    ['of 16 bits and tenths wraps around', tenths, [[6_553, 0.4]], [[1, 1]]],
    ['that falls from the middle of its range was reset', counter('u16'), [[30_000, 4]], [[4, 1]]],
    ['that falls from the top to the middle was reset', counter('u16'), [[65_000, 30_000]], [[30_000, 1]]],
    ['of floats cannot wrap around', counter('f32'), [[65_530, 4]], [[4, 1]]],
    ['with an offset counts from it', counter('u16', { offset: 100 }), [[900, 105]], [[5, 1]]],
    ['of tenths has no dust', tenths, [[100.1, 100.4, 100.7]], [[0.6, 0]]],
  ])('%s', (_name, point, minutes, expected) => {
    expect(count(minutes, point)).toEqual(expected);
  });

  test('of another scale after a reload starts anew', () => {
    const sums = createSummarizer({ windowMs: minuteMs });
    const add = (point: Point, value: number, sampledAt: number) =>
      sums.add({
        device: 0,
        samples: [{ point, value, text: undefined, quality: 'good' }],
        isAnswered: true,
        sampledAt,
        sampledAtMono: sampledAt,
      });
    add(meter, 1_000, 0);
    add(meter, 1_001, 1_000);
    add(counter('u32', { scale: 10 }), 10_020, 2_000);
    add(counter('u32', { scale: 10 }), 10_030, 3_000);
    expect(sums.flush(minuteMs)[0]?.points).toMatchObject([{ delta: 10, resets: 0, samples: 2 }]);
  });

  test('that only rises has risen, all minutes together, from its first value to its last', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
        steps => {
          let value = 7;
          const minutes = steps.map(minute =>
            minute.map(step => {
              value += step;
              return value / 10;
            }),
          );
          const first = minutes[0]?.[0] ?? 0;
          const total = count(minutes, counter('u32', { scale: 0.1 })).reduce((sum, [delta = 0]) => sum + delta, 0);
          expect(total).toBeCloseTo(value / 10 - first, 6);
        },
      ),
    );
  });

  test('never falls by its deltas, whatever it reads', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(65_535), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
        minutes => {
          const readings = minutes.flat();
          const falls = readings.filter((value, index) => index > 0 && value < (readings[index - 1] ?? 0)).length;
          const found = count(minutes, counter('u16'));
          expect(found.every(([delta = 0]) => delta >= 0)).toBe(true);
          expect(found.reduce((sum, [, resets]) => sum + resets, 0)).toBe(falls);
        },
      ),
    );
  });
});
