import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { every, forecastRule, play, type Value } from './plant.ts';

const ramp = (from: number, perS: number, count: number) => Array.from({ length: count }, (_, at) => from + at * perS);

describe('a tank that is empty within a minute', () => {
  const soonEmpty = (active: string[] = []) => createDetector([forecastRule()], active);

  test.each<[string, number[], string[]]>([
    ['falls by 1 a second from 80', ramp(80, -1, 30), ['met 21000']],
    ['falls by 1 a second from 200', ramp(200, -1, 30), []],
    ['is filled', ramp(50, 1, 30), []],
    ['stands still', ramp(50, 0, 30), []],
    ['stands still at the limit', ramp(0, 0, 30), []],
    ['falls so slowly that it may be noise', ramp(1, -0.02, 60), []],
  ])('%s', (_name, values, expected) => {
    expect(play(soonEmpty(), every(1_000, values))).toEqual(expected);
  });

  test('is told while it is empty, and no longer than that', () => {
    const values = [...ramp(30, -1, 31), ...ramp(-1, 0, 60), ...ramp(0, 1, 60)];
    const heard = play(soonEmpty(), every(1_000, values));
    expect(heard[0]).toBe('met 10000');
    expect(heard[1]).toBe('gone 92000');
    expect(heard.length).toBe(2);
  });

  test('returns when it falls no more', () => {
    const heard = play(soonEmpty(), every(1_000, [...ramp(80, -1, 40), ...ramp(41, 0, 40)]));
    expect(heard.map(text => text.split(' ')[0])).toEqual(['met', 'gone']);
  });

  test('cannot be said while the window has too many gaps', () => {
    const values = ramp(40, -1, 35).map((value, at): Value => (at > 5 ? 'timeout' : value));
    expect(play(soonEmpty(), every(1_000, values))).toEqual([]);
    expect(play(soonEmpty(['pump/empty-soon']), every(1_000, values))).toEqual([]);
  });
});

test('a winding that gets hot is told on its way up', () => {
  const rule = forecastRule({ limit: 130, withinMs: 600_000, windowMs: 300_000, minChange: 2 });
  const values = [...ramp(60, 0, 60), ...ramp(60, 0.05, 1_200)];
  const heard = play(createDetector([rule], []), every(1_000, values));
  // 10 minutes at 0.05 °C/s are 30 °C: at 100 °C, 800 s after it began.
  expect(heard).toEqual(['met 861000']);
});

test('noise around a level raises nothing', () => {
  const noise = Array.from({ length: 600 }, (_, at) => 3 + 0.2 * Math.sin(at * 1.7) + 0.1 * Math.sin(at * 0.9));
  expect(play(createDetector([forecastRule({ minChange: 1 })], []), every(1_000, noise))).toEqual([]);
});

test('values too large to reckon with neither raise nor clear', () => {
  const huge = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE));
  expect(play(createDetector([forecastRule()], []), every(1_000, huge))).toEqual([]);
  expect(play(createDetector([forecastRule()], ['pump/empty-soon']), every(1_000, huge))).toEqual([]);
});
