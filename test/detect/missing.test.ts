import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { every, missingRule, play, type Value, wholeCounter } from './plant.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const testRun = missingRule({ withinMs: 8 * dayMs });
const off = (count: number, value: Value = 0): Value[] => Array<Value>(count).fill(value);

describe('no test run for 8 days', () => {
  test('is told 8 days after the last one', () => {
    const values = [0, 0, 1, 1, ...off(300)];
    expect(play(createDetector([testRun], []), every(hourMs, values))).toEqual([`met ${(3 + 193) * hourMs}`]);
  });

  test('is told 8 days after the gateway began to watch where there was none', () => {
    expect(play(createDetector([testRun], []), every(hourMs, off(300)))).toEqual([`met ${193 * hourMs}`]);
  });

  test('ends with the next one', () => {
    const values = [1, ...off(200), 1, ...off(10)];
    expect(play(createDetector([testRun], []), every(hourMs, values))).toEqual([
      `met ${193 * hourMs}`,
      `gone ${201 * hourMs}`,
    ]);
  });

  test('is no alarm while the set runs on', () => {
    expect(play(createDetector([testRun], []), every(hourMs, off(500, 1)))).toEqual([]);
  });

  test('is told in time although the set was not heard for two of the days', () => {
    const values = [1, ...off(50), ...off(48, 'offline'), ...off(150)];
    expect(play(createDetector([testRun], []), every(hourMs, values))).toEqual([`met ${193 * hourMs}`]);
  });

  test('stays told while too little is known of the days since', () => {
    const values = [0, ...off(250, 'offline'), 0];
    expect(play(createDetector([testRun], [testRun.key]), every(hourMs, values))).toEqual([]);
  });

  test('cannot be said of a set that was not heard for most of the days', () => {
    const values = [1, ...off(20), ...off(180, 'offline'), ...off(120)];
    // 20 h before and 76 h after: then half of the 8 days is known.
    expect(play(createDetector([testRun], []), every(hourMs, values))).toEqual([`met ${(201 + 76) * hourMs}`]);
  });

  test('stays told over a start that knows nothing of it', () => {
    const detector = createDetector([testRun], ['pump/no-test']);
    expect(play(detector, every(hourMs, off(100)))).toEqual([]);
    expect(play(detector, every(hourMs, [1], 101 * hourMs))).toEqual([`gone ${101 * hourMs}`]);
  });
});

describe('a starts counter that does not rise for 8 days', () => {
  const rule = missingRule({ withinMs: 8 * dayMs, counted: { kind: 'rise', terms: wholeCounter } });

  test('is told, also over a gap: what it says afterwards tells that nothing has happened in it', () => {
    const values = [7, 8, 8, ...off(180, 'offline'), ...off(30, 8)];
    expect(play(createDetector([rule], []), every(hourMs, values))).toEqual([`met ${194 * hourMs}`]);
  });

  test('has risen in a gap: that counts as having happened when it was seen', () => {
    const values = [7, 8, 8, ...off(180, 'offline'), 9, ...off(300, 9)];
    expect(play(createDetector([rule], []), every(hourMs, values))).toEqual([`met ${(183 + 193) * hourMs}`]);
  });

  test('is not saved by one value that is misread', () => {
    const values = [7, 8, ...off(100, 8), 60_000, ...off(100, 8)];
    expect(play(createDetector([rule], []), every(hourMs, values))).toEqual([`met ${194 * hourMs}`]);
  });
});
