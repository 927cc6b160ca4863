import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import type { LimitLevel } from '../../src/model/alarm.ts';
import { every, limitRule, play } from './plant.ts';

describe('a limit', () => {
  test.each<[LimitLevel, number, number[], string[]]>([
    ['high', 80, [79, 80, 80.1, 80, 81], ['met 2', 'gone 3', 'met 4']],
    ['high-high', 95, [94, 96, 90], ['met 1', 'gone 2']],
    ['low', 20, [21, 20, 19.9, 20, 19], ['met 2', 'gone 3', 'met 4']],
    ['low-low', 5, [6, 4, 6], ['met 1', 'gone 2']],
    ['low', -10, [-9, -10, -11, -10], ['met 2', 'gone 3']],
    ['high', 0, [0, 1, 0], ['met 1', 'gone 2']],
    ['low', 0, [0, -0, -1, 0], ['met 2', 'gone 3']],
  ])('%s %d sees %j', (level, limit, values, expected) => {
    const detector = createDetector([limitRule({ level, limit })], []);
    expect(play(detector, every(1, values))).toEqual(expected);
  });

  test.each<[LimitLevel, number, number, number[], string[]]>([
    ['high', 80, 5, [81, 79, 76, 75.1, 75, 79, 80, 81], ['met 0', 'gone 4', 'met 7']],
    ['low', 20, 5, [19, 21, 24, 24.9, 25, 21, 20, 19], ['met 0', 'gone 4', 'met 7']],
    ['high', 0.3, 0.1, [0.31, 0.21, 0.2], ['met 0', 'gone 2']],
    ['low', 0.1, 0.2, [0.09, 0.29, 0.3], ['met 0', 'gone 2']],
  ])('%s %d with a deadband of %d sees %j', (level, limit, deadband, values, expected) => {
    const detector = createDetector([limitRule({ level, limit, deadband })], []);
    expect(play(detector, every(1, values))).toEqual(expected);
  });

  test('chatter within the deadband is one alarm', () => {
    const chatter = Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? 80.4 : 79.6));
    const detector = createDetector([limitRule({ limit: 80, deadband: 1 })], []);
    expect(play(detector, every(100, [...chatter, 78]))).toEqual(['met 0', 'gone 100000']);
  });

  test('a value in the deadband is below the limit as long as the alarm is normal', () => {
    const detector = createDetector([limitRule({ limit: 80, deadband: 5, onDelayMs: 3_000 })], []);
    expect(play(detector, every(1_000, [81, 81, 79, 81, 81, 81, 81]))).toEqual(['met 6000']);
  });

  test('a value back in the deadband interrupts the return', () => {
    const detector = createDetector([limitRule({ limit: 80, deadband: 5, offDelayMs: 2_000 })], []);
    expect(play(detector, every(1_000, [81, 70, 70, 78, 70, 70, 70]))).toEqual(['met 0', 'gone 6000']);
  });
});
