import { describe, expect, test } from 'vitest';
import { createMinuteBuffer, minuteMs } from '../../src/replay/minutes.ts';
import { createRebuilder } from '../../src/replay/rebuild.ts';
import { codeOfQuality } from '../../src/replay/records.ts';
import { noon, point } from '../history/samples.ts';

type Kept = readonly [place: number, second: number, value: number | 'timeout'];

const power = point(0, { intervalMs: 1_000 });
const level = point(1, { intervalMs: 10_000, device: 1 });

/** What is sampled of a record, as `second place=value`. */
function play(kept: readonly Kept[], minutes: number, holdS = 300): string[] {
  const buffer = createMinuteBuffer(noon);
  for (const [place, second, value] of kept) {
    const isGood = typeof value === 'number';
    buffer.add(place, noon + second * 1_000, isGood ? value : Number.NaN, codeOfQuality(isGood ? 'good' : value));
  }
  const rebuilder = createRebuilder([power, level].map(one => ({ point: one, holdMs: holdS * 1_000 })));
  const said: string[] = [];
  for (const minute of buffer.takeBefore(noon + minutes * minuteMs))
    rebuilder.play(minute, ({ sampledAt, device, samples, isAnswered }) => {
      for (const { point: of, value, quality } of samples) {
        expect(of.device).toBe(device);
        const what = quality === 'good' ? value : `${quality}${isAnswered ? '' : ' unheard'}`;
        said.push(`${(sampledAt - noon) / 1_000} ${of.number}=${what}`);
      }
    });
  expect(said).toHaveLength(rebuilder.samples);
  return said;
}

describe('a recorded value', () => {
  test('stands until the next one, and is sampled at the interval of its point', () => {
    expect(
      play(
        [
          [0, 1, 5],
          [0, 4, 7],
        ],
        1,
      ).slice(0, 5),
    ).toEqual(['1 0=5', '2 0=5', '3 0=5', '4 0=7', '5 0=7']);
  });

  test('stands no longer than the longest gap: then one bad sample says that nobody knows, and there are none', () => {
    const said = play(
      [
        [0, 0, 5],
        [0, 100, 6],
      ],
      2,
      30,
    );
    expect(said.slice(29, 34)).toEqual(['29 0=5', '30 0=5', '31 0=5', '32 0=not-read unheard', '100 0=6']);
  });

  test('that comes a little late is not sampled twice: a poll is not exact', () => {
    expect(
      play(
        [
          [0, 1, 5],
          [0, 2.012, 6],
          [0, 2.998, 7],
        ],
        1,
      ).slice(0, 4),
    ).toEqual(['1 0=5', '2.012 0=6', '2.998 0=7', '3.998 0=7']);
  });

  test('that is bad is bad until the next one, and its device is not heard', () => {
    expect(
      play(
        [
          [0, 1, 'timeout'],
          [0, 3, 4],
        ],
        1,
      ).slice(0, 3),
    ).toEqual(['1 0=timeout unheard', '2 0=timeout unheard', '3 0=4']);
  });

  test('comes in the order of time, whatever the order of the record; devices in theirs', () => {
    const said = play(
      [
        [1, 20, 2],
        [0, 20, 1],
        [1, 10, 1],
        [0, 0, 0],
      ],
      1,
    );
    const seconds = said.map(line => Number(line.split(' ')[0]));
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect(said.filter(line => line.startsWith('20 '))).toEqual(['20 0=1', '20 1=2']);
    expect(said.filter(line => line.includes(' 1='))).toEqual(['10 1=1', '20 1=2', '30 1=2', '40 1=2', '50 1=2']);
  });

  test('of a clock that was set back within a minute is put in the order of its times', () => {
    expect(
      play(
        [
          [0, 30, 3],
          [0, 10, 1],
          [0, 20, 2],
        ],
        1,
      )
        .filter(line => / 0=/.test(line))
        .slice(0, 11)
        .at(-1),
    ).toBe('20 0=2');
  });
});

describe('a buffer of minutes', () => {
  test('hands out every minute in turn, the empty ones too, and takes nothing back', () => {
    const buffer = createMinuteBuffer();
    for (const minute of [5, 3, 7]) expect(buffer.add(0, minute * minuteMs, 1, 0)).toBe(true);
    const counts = [...buffer.takeBefore(7 * minuteMs)].map(({ startAt, records }) => [
      startAt / minuteMs,
      records?.count ?? 0,
    ]);
    expect(counts).toEqual([
      [3, 1],
      [4, 0],
      [5, 1],
      [6, 0],
    ]);
    expect(buffer.add(0, 6 * minuteMs, 1, 0)).toBe(false);
    expect(buffer.waiting).toBe(1);
  });
});
