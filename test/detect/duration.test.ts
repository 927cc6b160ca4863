import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { durationRule, every, play, type Value } from './plant.ts';

const runsLong = (active: string[] = []) => createDetector([durationRule()], active);
const run = (count: number, value: Value = 1): Value[] => Array<Value>(count).fill(value);

describe('a pump that runs for more than a minute', () => {
  test('is told when the minute is over', () => {
    expect(play(runsLong(), every(1_000, [0, ...run(100)]))).toEqual(['met 62000']);
  });

  test('returns by its off-delay, also when it has begun to run again', () => {
    const detector = createDetector([durationRule({ offDelayMs: 3_000 })], []);
    expect(play(detector, every(1_000, [0, ...run(63), 0, ...run(10)]))).toEqual(['met 62000', 'gone 67000']);
  });

  test('is over when the gateway finds it standing still', () => {
    expect(play(runsLong(['pump/runs-long']), every(1_000, [0]))).toEqual(['gone 0']);
  });

  test('is fine when it stops before', () => {
    const twice = [0, ...run(60), 0, ...run(60), 0];
    expect(play(runsLong(), every(1_000, twice))).toEqual([]);
  });

  test('returns when it stops', () => {
    expect(play(runsLong(), every(1_000, [0, ...run(62), 0, 1, 1]))).toEqual(['met 62000', 'gone 63000']);
  });

  test('has its delays beside', () => {
    const detector = createDetector([durationRule({ onDelayMs: 5_000, offDelayMs: 10_000 })], []);
    const values = [0, ...run(70), 0, 0, 0, 1, ...run(20, 0)];
    expect(play(detector, every(1_000, values))).toEqual(['met 67000', 'gone 81000']);
  });

  test('counts a short gap in which it can only have run on', () => {
    // Every second read fails: a plain on-delay would count half of the time.
    const values = Array.from({ length: 40 }, (_, at): Value => (at % 2 === 0 ? 1 : 'timeout'));
    expect(play(runsLong(), [[0, 0], ...every(2_000, values, 2_000)])).toEqual(['met 66000']);
  });

  test('counts nothing for a long gap, and goes on after it', () => {
    const history = [
      ...every(1_000, [0, ...run(31)]),
      ...every(1_000, run(20, 'offline'), 32_000),
      ...every(1_000, run(40), 52_000),
    ];
    // 30 s before the gap; the other 30 are over behind 82 s.
    expect(play(runsLong(), history)).toEqual(['met 83000']);
  });

  test('is not ended by bad samples', () => {
    const history = [...every(1_000, [0, ...run(70)]), ...every(1_000, run(500, 'no-connection'), 71_000)];
    expect(play(runsLong(), history)).toEqual(['met 62000']);
  });

  test('is not taken for stopped when nobody knows how long it has run', () => {
    const detector = runsLong(['pump/runs-long']);
    expect(play(detector, every(1_000, run(30)))).toEqual([]);
    expect(play(detector, every(1_000, [0], 30_000))).toEqual(['gone 30000']);
  });
});

test('a level above a limit for too long comes back over the deadband only', () => {
  const rule = durationRule({ lasting: { kind: 'above', limit: 80, deadband: 5 }, longestMs: 10_000 });
  const detector = createDetector([rule], []);
  const values = [70, 81, ...run(20, 78), 74, 79, ...run(20, 79)];
  expect(play(detector, every(1_000, values))).toEqual(['met 12000', 'gone 22000']);
});

test('a level below a limit for too long is told', () => {
  const rule = durationRule({ lasting: { kind: 'below', limit: 20, deadband: 0 }, longestMs: 10_000 });
  expect(play(createDetector([rule], []), every(1_000, [30, ...run(12, 19)]))).toEqual(['met 12000']);
});
