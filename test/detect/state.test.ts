import { expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { every, play, stateRule, type Value } from './plant.ts';

test.each<[readonly number[], Value[], string[]]>([
  [[1], [0, 1, 1, 0], ['met 1', 'gone 3']],
  [[0], [1, 0, 1], ['met 1', 'gone 2']],
  [
    [2, 5],
    [1, 2, 5, 3, 5],
    ['met 1', 'gone 3', 'met 4'],
  ],
  [[1], [1], ['met 0']],
  [[1], [1, 'timeout', 'refused', 1, 0], ['met 0', 'gone 4']],
  [[], [0, 1, 2], []],
])('states %j of a point that goes %j', (states, values, expected) => {
  const detector = createDetector([stateRule({ states })], []);
  expect(play(detector, every(1, values))).toEqual(expected);
});

test('a door contact that bounces is not a door that stands open', () => {
  const detector = createDetector([stateRule({ states: [1], onDelayMs: 300 })], []);
  expect(play(detector, every(100, [0, 1, 0, 1, 0, 1, 1, 1, 1]))).toEqual(['met 800']);
});
