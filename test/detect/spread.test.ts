import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { batch, every, play, spreadRule, type Value } from './plant.ts';

const calm = (count: number): Value[] => Array<Value>(count).fill(5);
/** Four seconds from crest to crest; standard deviation `height`, twice that from crest to trough. */
const wave = (count: number, height: number): Value[] =>
  Array.from({ length: count }, (_, index) => 5 + (index % 4 < 2 ? height : -height));

describe('from the lowest to the highest value no more than 2 in 10 s', () => {
  test.each<[string, Value[], string[]]>([
    ['a calm value', calm(20), []],
    ['a wave of exactly 2', wave(20, 1), []],
    ['a wave of 2.2, as soon as half of the window was seen', wave(20, 1.1), ['met 5000']],
    ['one spike, until it has left the window', [...calm(10), 8, ...calm(20)], ['met 10000', 'gone 21000']],
  ])('%s', (_name, values, heard) => {
    expect(play(createDetector([spreadRule()], []), every(1_000, values))).toEqual(heard);
  });
});

describe('a standard deviation of no more than 1 in 10 s', () => {
  const rule = spreadRule({ measure: 'deviation', limit: 1 });

  test.each<[string, Value[], string[]]>([
    ['a wave of 0.9', wave(30, 0.9), []],
    ['a wave of 1.1', wave(30, 1.1), ['met 5000']],
    ['one spike of 3: the many calm values outweigh it', [...calm(20), 8, ...calm(20)], []],
  ])('%s', (_name, values, heard) => {
    expect(play(createDetector([rule], []), every(1_000, values))).toEqual(heard);
  });

  test('tells the spread', () => {
    const detector = createDetector([rule], []);
    const raised = every(1_000, wave(8, 3)).flatMap(([mono, value]) => detector.step(batch(mono, [value])));
    expect(raised).toMatchObject([{ kind: 'met' }]);
    // Four crests and two troughs so far.
    expect(raised[0]?.value).toBeCloseTo(3 * Math.sqrt(8 / 9), 9);
  });
});

test('pressure hunting for five minutes: 0.02 MPa in a window of 60 s', () => {
  const rule = spreadRule({ measure: 'deviation', limit: 0.02, windowMs: 60_000, onDelayMs: 300_000 });
  const hunting = wave(400, 0.025).map(value => Number(value) - 5 + 0.42);
  expect(play(createDetector([rule], []), every(1_000, hunting))).toEqual(['met 330000']);
});

test('a value of tenths that goes to and fro between two of them spreads by no more than a tenth', () => {
  const trembling = Array.from({ length: 20 }, (_, index): Value => (index % 2 === 0 ? 0.3 : 0.4));
  expect(play(createDetector([spreadRule({ limit: 0.1 })], []), every(1_000, trembling))).toEqual([]);
});

test('is not raised within the deadband', () => {
  expect(play(createDetector([spreadRule({ deadband: 1 })], []), every(1_000, wave(30, 0.9)))).toEqual([]);
});

test('comes back by the deadband', () => {
  const detector = createDetector([spreadRule({ deadband: 1 })], []);
  const values = [...wave(10, 1.5), ...wave(20, 0.75), ...wave(20, 0.4)];
  const heard = play(detector, every(1_000, values));
  expect(heard[0]).toBe('met 5000');
  expect(heard).toHaveLength(2);
  expect(Number(heard[1]?.split(' ')[1])).toBeGreaterThan(30_000);
});

describe('a window that cannot say', () => {
  test('is not judged by a read that failed', () => {
    expect(play(createDetector([spreadRule()], []), every(1_000, [...wave(5, 3), 'timeout', 5]))).toEqual(['met 6000']);
  });

  test('needs three samples', () => {
    expect(play(createDetector([spreadRule()], []), every(9_000, [0, 9, 0, 9]))).toEqual([]);
  });

  test('neither raises nor returns after a gap, until half of it is known again', () => {
    const detector = createDetector([spreadRule()], []);
    expect(play(detector, every(1_000, wave(8, 3)))).toEqual(['met 5000']);
    expect(play(detector, every(1_000, Array<Value>(20).fill('timeout'), 8_000))).toEqual([]);
    expect(play(detector, every(1_000, calm(8), 28_000))).toEqual(['gone 33000']);
  });
});

test('absurd floats neither raise nor clear, and are forgotten with their window', () => {
  const rule = spreadRule({ measure: 'deviation', limit: 1 });
  const huge: Value[] = Array.from({ length: 20 }, (_, index) => (index % 2 ? 1e308 : -1e308));
  const detector = createDetector([rule], []);
  expect(play(detector, every(1_000, huge))).toEqual([]);
  expect(play(detector, every(1_000, wave(30, 0.9), 20_000))).toEqual([]);
  expect(play(detector, every(1_000, wave(20, 1.1), 50_000))).toHaveLength(1);
});
