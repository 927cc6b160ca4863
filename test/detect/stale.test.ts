import { expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { batch, every, play, staleRule, type Value } from './plant.ts';

const silence = (count: number): Value[] => Array<Value>(count).fill('timeout');

test('comes when there was no good value for more than 5 s, and returns with the first good one', () => {
  const values: Value[] = [1, 1, ...silence(8), 1, 1];
  expect(play(createDetector([staleRule()], []), every(1_000, values))).toEqual(['met 7000', 'gone 10000']);
});

test.each<Value>(['timeout', 'refused', 'invalid-value', 'overrun', 'offline', Number.NaN])(
  'whatever the reason: %s',
  reason => {
    const values: Value[] = [1, ...Array<Value>(8).fill(reason)];
    expect(play(createDetector([staleRule()], []), every(1_000, values))).toEqual(['met 6000']);
  },
);

test('of a point that was never read, from its first failed read on', () => {
  expect(play(createDetector([staleRule()], []), every(1_000, silence(8), 100_000))).toEqual(['met 106000']);
});

test('one good value in time is enough', () => {
  const values: Value[] = [1, ...silence(5), 1, ...silence(5), 1];
  expect(play(createDetector([staleRule()], []), every(1_000, values))).toEqual([]);
});

test('an alarm that stood before a restart does not return before a good value', () => {
  const detector = createDetector([staleRule()], ['pump/stale']);
  expect(play(detector, every(1_000, [...silence(20), 1]))).toEqual(['gone 20000']);
});

test('tells no value when it comes: there is none', () => {
  const detector = createDetector([staleRule({ longestMs: 1_000 })], []);
  detector.step(batch(0, [7]));
  expect(detector.step(batch(2_000, ['timeout']))).toMatchObject([{ kind: 'met', value: undefined }]);
});

test('on-delay and off-delay come on top', () => {
  const detector = createDetector([staleRule({ onDelayMs: 2_000, offDelayMs: 1_000 })], []);
  expect(play(detector, every(1_000, [1, ...silence(9), 1, 1]))).toEqual(['met 8000', 'gone 11000']);
});
