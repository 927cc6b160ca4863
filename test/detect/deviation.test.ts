import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import type { DeviationRule } from '../../src/model/alarm.ts';
import { batch, deviationRule, play, playReads, point, sample, type Value } from './plant.ts';

describe('more than 2 away from the setpoint', () => {
  test.each<[DeviationRule['direction'], number, number, boolean]>([
    ['both', 10, 8, false],
    ['both', 10.1, 8, true],
    ['both', 5.9, 8, true],
    ['both', 6, 8, false],
    ['above', 10.1, 8, true],
    ['above', 5.9, 8, false],
    ['below', 5.9, 8, true],
    ['below', 10.1, 8, false],
    // Exactly 0.3 to a person, a little more in binary.
    ['both', 2.4, 0.4, false],
    ['both', 3.3, 1.3, false],
  ])('%s: %d beside %d', (direction, value, setpoint, isAlarm) => {
    const detector = createDetector([deviationRule({ direction })], []);
    expect(playReads(detector, [[value, setpoint]])).toEqual(isAlarm ? ['met 0'] : []);
  });
});

test('what a person wrote as 0.3 is 0.3 in binary too', () => {
  const detector = createDetector([deviationRule({ limit: 0.3 })], []);
  expect(playReads(detector, [[0.4, 0.1]])).toEqual([]);
  expect(playReads(detector, [[0.1, 0.4]], 1_000)).toEqual([]);
  expect(playReads(detector, [[0.4001, 0.1]], 2_000)).toEqual(['met 2000']);
});

test('and so is what is added to a large number', () => {
  const detector = createDetector([deviationRule({ limit: 0.3 })], []);
  expect(playReads(detector, [[1_000_000.3, 1_000_000]])).toEqual([]);
  expect(playReads(detector, [[1_000_000.301, 1_000_000]], 1_000)).toEqual(['met 1000']);
});

test('is told in the words of its rule', () => {
  const [change] = createDetector([deviationRule({ message: 'off its setpoint' })], []).step(batch(0, [9, 0]));
  expect(change?.rule.message).toBe('off its setpoint');
});

test('a constant is a reference that is always good', () => {
  const detector = createDetector([deviationRule({ from: { kind: 'constant', value: 8 } })], []);
  expect(
    play(detector, [
      [0, 10],
      [1_000, 11],
      [2_000, 'timeout'],
      [3_000, 8],
    ]),
  ).toEqual(['met 1000', 'gone 3000']);
});

test('a reference in another unit is converted', () => {
  const from = { kind: 'point', point: 1, factor: 0.01, offset: 0 } as const;
  const detector = createDetector([deviationRule({ from })], []);
  expect(
    playReads(detector, [
      [3, 300],
      [3, 600],
    ]),
  ).toEqual(['met 1000']);
});

test('comes back by the deadband before it returns', () => {
  const detector = createDetector([deviationRule({ deadband: 0.5 })], []);
  const values = [0, 2.5, 1.6, 1.5, 1.6].map(value => [value, 0]);
  expect(playReads(detector, values)).toEqual(['met 1000', 'gone 3000']);
});

test('waits for its on-delay and its off-delay', () => {
  const detector = createDetector([deviationRule({ onDelayMs: 2_000, offDelayMs: 1_000 })], []);
  const values = [3, 3, 3, 0, 3, 0, 0].map(value => [value, 0]);
  expect(playReads(detector, values)).toEqual(['met 2000', 'gone 6000']);
});

test('is unsure while one of the two is not known', () => {
  const detector = createDetector([deviationRule()], []);
  const reads: Value[][] = [
    ['timeout', 0],
    [9, 'refused'],
    [9, Number.NaN],
    [9, 0],
    ['timeout', 'timeout'],
    [0, 'not-a-number'],
    [0, 0],
  ];
  expect(playReads(detector, reads)).toEqual(['met 3000', 'gone 6000']);
});

test('is judged when the setpoint moves, although it comes with another device', () => {
  const detector = createDetector([deviationRule()], []);
  detector.step(batch(0, [5]));
  const ofSetpoint = (mono: number, value: Value) =>
    detector.step(batch(mono, [value], { device: 1, samples: [sample(point(1), value)] }));
  expect(ofSetpoint(500, 5)).toEqual([]);
  expect(ofSetpoint(1_000, 1)).toMatchObject([{ kind: 'met', value: 4, sampledAtMono: 1_000 }]);
});

test('time does not go back when two devices are heard out of order', () => {
  const detector = createDetector([deviationRule({ onDelayMs: 1_000 })], []);
  detector.step(batch(5_000, [9]));
  // The other device is late: by its own clock this is before the first.
  detector.step(batch(1_000, [0], { device: 1, samples: [sample(point(1), 0)] }));
  expect(detector.step(batch(5_900, [9]))).toEqual([]);
  expect(detector.step(batch(6_000, [9]))).toMatchObject([{ kind: 'met' }]);
});

test('tells the difference, which is what the limit is compared with', () => {
  const detector = createDetector([deviationRule({ direction: 'below' })], []);
  expect(detector.step(batch(0, [5, 8]))).toMatchObject([{ kind: 'met', value: -3 }]);
});

test('two numbers too large to be compared neither raise nor clear', () => {
  const huge = [
    [Number.MAX_VALUE, -Number.MAX_VALUE],
    [Number.MAX_VALUE, -Number.MAX_VALUE],
  ];
  expect(playReads(createDetector([deviationRule()], []), huge)).toEqual([]);
  expect(playReads(createDetector([deviationRule()], ['pump/off-setpoint']), huge)).toEqual([]);
});
