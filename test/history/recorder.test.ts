import { describe, expect, test } from 'vitest';
import { PlantroomError } from '../../src/base/errors.ts';
import { decodeFrame } from '../../src/history/frame.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import type { Point, Sample } from '../../src/model/point.ts';
import { bad, batch, good, keptIn, minuteMs, noon, point, registerOf } from './samples.ts';

const level = point(0);

/** What is kept of samples that come every `everyMs`, as [after noon, value or reason]. */
function keep(samples: readonly Sample[], everyMs = 1_000): [number, number | string][] {
  const recorder = createRecorder();
  const frames = samples.map((sample, index) => recorder.add(batch(index * everyMs, [sample])));
  return [...frames, ...recorder.flush()]
    .flatMap(frame => (frame ? keptIn(frame) : []))
    .map(({ at, value, quality }) => [at - noon, quality === 'good' ? value : quality]);
}

function levels(of: Point, ...values: number[]): Sample[] {
  return values.map(value => good(of, value));
}

describe('of a point', () => {
  test('every change is kept, and nothing else', () => {
    expect(keep(levels(level, 5, 5, 6, 6, 5))).toEqual([
      [0, 5],
      [2_000, 6],
      [4_000, 5],
    ]);
  });

  test('with a deadband a value is kept that is further than that from the one kept last', () => {
    const tank = point(0, { scale: 0.1, recording: { deadband: 0.2, longestGapMs: 300_000 } });
    expect(keep(levels(tank, 5, 5.1, 5.2, 5.3, 5.4, 5.2, 5.1, 5))).toEqual([
      [0, 5],
      [3_000, 5.3],
      [7_000, 5],
    ]);
  });

  test('that creeps is kept every deadband of its way', () => {
    const tank = point(0, { recording: { deadband: 9, longestGapMs: 1e9 } });
    const kept = keep(levels(tank, ...Array.from({ length: 50 }, (_, index) => index)));
    expect(kept.map(([, value]) => value)).toEqual([0, 10, 20, 30, 40]);
  });

  test('that does not move is kept again after its longest gap', () => {
    const tank = point(0, { recording: { deadband: 0, longestGapMs: 10_000 } });
    const kept = keep(levels(tank, ...Array.from({ length: 25 }, () => 7)));
    expect(kept).toEqual([
      [0, 7],
      [10_000, 7],
      [20_000, 7],
    ]);
  });

  test('each change of quality is kept with its reason, and the value after it whatever it is', () => {
    const samples = [good(level, 5), bad(level), bad(level), bad(level, 'offline'), good(level, 5), good(level, 5)];
    expect(keep(samples)).toEqual([
      [0, 5],
      [1_000, 'timeout'],
      [3_000, 'offline'],
      [4_000, 5],
    ]);
  });

  test('that says good but no number it is said so', () => {
    expect(keep([good(level, Number.NaN), good(level, Number.POSITIVE_INFINITY)])).toEqual([[0, 'not-a-number']]);
  });

  test('that is a text or is not to be recorded nothing is kept', () => {
    const name = point(1, { address: registerOf('string') });
    const quiet = point(2, { recording: undefined });
    expect(keep([{ ...good(name, Number.NaN), text: 'PM5560' }, bad(name), good(quiet, 1), good(level, 2)])).toEqual([
      [3_000, 2],
    ]);
  });

  test.each<[string, Partial<Point>, number]>([
    ['a tenth', { scale: 0.1 }, 0.3],
    ['minus zero', {}, -0],
    ['more decimals than its scale', { scale: 0.1 }, 1 / 3],
    ['a counter of 64 bits', { address: registerOf('u64') }, 2 ** 63],
    ['the largest number there is', {}, -Number.MAX_VALUE],
    ['the smallest', {}, Number.MIN_VALUE],
    ['a float', { address: registerOf('f32') }, Math.fround(49.98)],
    ['a float of minus zero', { address: registerOf('f32') }, -0],
    ['a float that is none', { address: registerOf('f32') }, 49.98],
    ['a scale with more decimals than can be used', { scale: Math.PI }, 7 * Math.PI],
    ['what the gateway measures of itself', { address: { protocol: 'self', measure: 'memory' } }, 141.287424],
  ])('%s comes back to the bit', (_name, parts, value) => {
    const kept = keep([good(point(0, parts), value), good(point(0, parts), 0.5), good(point(0, parts), value)]);
    expect(kept[0]?.[1]).toBe(value);
    expect(kept.at(-1)?.[1]).toBe(value);
  });
});

describe('a frame', () => {
  test('is closed by the first sample of the next minute of its own device', () => {
    const recorder = createRecorder();
    const other = point(9, { device: 7, key: 'pump/p9' });
    expect(recorder.add(batch(0, [good(level, 1)]))).toBeUndefined();
    expect(recorder.add(batch(59_999, [good(level, 2)]))).toBeUndefined();
    expect(recorder.add(batch(60_000, [good(other, 3)], { device: 7 }))).toBeUndefined();
    const frame = recorder.add(batch(61_000, [good(level, 4)]));
    expect(frame).toMatchObject({ device: 0, from: noon, to: noon + 59_999, samples: 2 });
    expect(recorder.flush().map(({ device, from }) => [device, from - noon])).toEqual([
      [0, 61_000],
      [7, 60_000],
    ]);
  });

  test('of a minute in which nothing was kept is none', () => {
    const recorder = createRecorder();
    recorder.add(batch(0, [good(level, 1)]));
    expect(recorder.add(batch(minuteMs, [good(level, 1)]))?.samples).toBe(1);
    expect(recorder.add(batch(2 * minuteMs, [good(level, 1)]))).toBeUndefined();
    expect(recorder.flush()).toEqual([]);
  });

  test('stands alone: the value a point already had is told anew when it is kept', () => {
    const recorder = createRecorder();
    recorder.add(batch(0, [good(level, 1_000)]));
    recorder.add(batch(minuteMs, [good(level, 1_001)]));
    expect(recorder.flush().map(frame => keptIn(frame).map(({ value }) => value))).toEqual([[1_001]]);
  });

  test('is closed early when it grows beyond its limit; nothing is lost', () => {
    const recorder = createRecorder();
    const points = Array.from({ length: 1_000 }, (_, number) => point(number, { scale: 0.1 }));
    const frames = [];
    for (let second = 0; second < 50; second += 1)
      frames.push(
        recorder.add(
          batch(
            second * 1_000,
            points.map(of => good(of, Math.sin(second + of.number))),
          ),
        ),
      );
    const all = [...frames, ...recorder.flush()].flatMap(frame => frame ?? []);
    expect(all.length).toBeGreaterThan(1);
    expect(all.flatMap(keptIn)).toHaveLength(50_000);
    expect(Math.max(...all.map(({ body }) => body.length))).toBeLessThan(300_000);
  });

  test.each([10, -10])('survives a wall clock that jumps by %i years', years => {
    const recorder = createRecorder();
    const jumpMs = years * 365 * 86_400_000;
    recorder.add(batch(0, [good(level, 1)]));
    const first = recorder.add(batch(1_000, [good(level, 2)], { sampledAt: noon + jumpMs }));
    const second = recorder.add(batch(2_000, [good(level, 3)]));
    const kept = [first, second, ...recorder.flush()].flatMap(frame => (frame ? keptIn(frame) : []));
    expect(kept.map(({ at, value }) => [at - noon, value])).toEqual([
      [0, 1],
      [jumpMs, 2],
      [2_000, 3],
    ]);
  });

  test('takes a clock that goes back within the minute', () => {
    const recorder = createRecorder();
    for (const [ms, value] of [
      [30_000, 1],
      [10_000, 2],
      [20_000, 3],
    ] as const)
      recorder.add(batch(ms, [good(level, value)], { sampledAtMono: value * 1_000 }));
    const [frame] = recorder.flush();
    expect(frame).toMatchObject({ from: noon + 10_000, to: noon + 30_000 });
    expect(frame && keptIn(frame).map(({ at, value }) => [at - noon, value])).toEqual([
      [30_000, 1],
      [10_000, 2],
      [20_000, 3],
    ]);
  });

  test('tells a point that changed its unit or scale in a reload apart from what it was', () => {
    const recorder = createRecorder();
    recorder.add(batch(0, [good(level, 5)]));
    const watts = point(0, { unit: 'W', scale: 1_000 });
    recorder.add(batch(1_000, [good(watts, 5_000)]));
    const closed = recorder.add(batch(minuteMs, [good(watts, 6_000)]));
    expect(closed && keptIn(closed).map(({ unit, value }) => [unit, value])).toEqual([
      ['kW', 5],
      ['W', 5_000],
    ]);
    // What is no more does not haunt the next one.
    expect(recorder.flush().map(({ points }) => points)).toEqual([[{ point: 'meter/p0', unit: 'W' }]]);
  });

  test('goes on after a reload that changed nothing of the point', () => {
    const recorder = createRecorder();
    recorder.add(batch(0, [good(level, 5)]));
    recorder.add(batch(1_000, [good(point(0), 5)]));
    recorder.add(batch(2_000, [good(point(0), 6)]));
    expect(recorder.flush().flatMap(keptIn)).toHaveLength(2);
  });

  test('of a device that was removed is closed', () => {
    const recorder = createRecorder();
    recorder.add(batch(0, [good(level, 5)]));
    expect(recorder.forget(0)?.samples).toBe(1);
    expect(recorder.forget(0)).toBeUndefined();
    expect(recorder.flush()).toEqual([]);
  });

  test('that is damaged is told, wherever it was cut or changed, and never read for ever', () => {
    const recorder = createRecorder();
    const points = [level, point(1, { address: registerOf('f32') }), point(2, { scale: Math.PI })];
    for (let second = 0; second < 20; second += 1)
      recorder.add(
        batch(
          second * 1_000,
          points.map(of => (second === 9 ? bad(of) : good(of, second * 1.7))),
        ),
      );
    const [frame] = recorder.flush();
    const body = frame?.body ?? new Uint8Array();
    const read = (bytes: Uint8Array) => decodeFrame(bytes, 3, () => {});
    for (let length = 0; length < body.length; length += 1) {
      try {
        read(body.slice(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(PlantroomError);
      }
      const changed = body.slice();
      changed[length] = 0xff;
      try {
        read(changed);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'storage', message: expect.stringContaining('damaged') });
      }
    }
    expect(() => read(new Uint8Array([9]))).toThrow('does not know version 9');
  });
});
