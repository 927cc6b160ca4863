import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { otherPointOf, type Rule } from '../../src/model/alarm.ts';
import {
  batch,
  crossingsRule,
  deviationRule,
  frozenRule,
  limitRule,
  mismatchRule,
  point,
  sample,
  spreadRule,
  staleRule,
} from './plant.ts';

const now = { mono: 9_000, wall: 9_000 };

test('a read that moves the value and its setpoint at once is one step, in whatever order they come', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const detector = createDetector([deviationRule()], []);
    const read = (mono: number, values: readonly number[]) =>
      detector.step(
        batch(mono, [], { samples: order.map(at => sample(point(at), values[at] ?? 0)), isAnswered: true }),
      );
    expect(read(0, [3, 3])).toEqual([]);
    expect(read(1_000, [8, 8])).toEqual([]);
  }
});

test('changes come in the order of the rules, behind those of single points', () => {
  const rules = [
    deviationRule({ key: 'b', point: 1, from: { kind: 'point', point: 0, factor: 1, offset: 0 } }),
    deviationRule({ key: 'a' }),
    limitRule({ key: 'c' }),
  ];
  const detector = createDetector(rules, []);
  const heard = detector.step(batch(0, [90, 0]));
  expect(heard.map(({ rule }) => rule.key)).toEqual(['c', 'b', 'a']);
});

test('changes come in the order of the rules, whatever the order of the points', () => {
  const from = { kind: 'point', point: 0, factor: 1, offset: 0 } as const;
  const rules = ['d', 'c', 'b', 'a'].map((key, at) => deviationRule({ key, point: 4 - at, from }));
  const detector = createDetector(rules, []);
  const read = batch(0, [], { samples: [1, 2, 3, 4, 0].map(at => sample(point(at), 10 * at)), isAnswered: true });
  expect(detector.step(read).map(({ rule }) => rule.key)).toEqual(['d', 'c', 'b', 'a']);
});

test('an alarm stands on the point of its rule, not on the one that is compared with', () => {
  const detector = createDetector([deviationRule(), limitRule()], []);
  detector.step(batch(0, [90, 0]));
  expect([...detector.activeOn(0)].sort()).toEqual(['pump/off-setpoint', 'pump/pressure-high']);
  expect(detector.activeOn(1)).toEqual([]);
  expect(detector.isActive('pump/off-setpoint')).toBe(true);
});

describe('when the site is loaded anew', () => {
  const level = { kind: 'constant', value: 5 } as const;
  const elsewhere = { kind: 'point', point: 2, factor: 1, offset: 0 } as const;

  test.each<[string, Rule, Rule, boolean]>([
    ['a deviation with another limit', deviationRule(), deviationRule({ limit: 3 }), true],
    [
      'a deviation from another constant',
      deviationRule({ from: level }),
      deviationRule({ from: { ...level, value: 6 } }),
      true,
    ],
    ['a deviation from another point', deviationRule(), deviationRule({ from: elsewhere }), false],
    [
      'a deviation to the other side',
      deviationRule({ direction: 'above' }),
      deviationRule({ direction: 'below' }),
      false,
    ],
    ['crossings in a longer time', crossingsRule(), crossingsRule({ windowMs: 20_000 }), true],
    ['crossings of another point', crossingsRule(), crossingsRule({ of: elsewhere }), false],
    ['a mismatch with more time', mismatchRule(), mismatchRule({ startMs: 9_000 }), true],
    ['a mismatch with another command', mismatchRule(), mismatchRule({ command: 2 }), false],
    ['a frozen value with another companion', frozenRule(), frozenRule({ companion: undefined }), true],
    ['a frozen value of another point', frozenRule(), frozenRule({ point: 2 }), false],
    ['a spread of another size', spreadRule(), spreadRule({ limit: 9 }), true],
    ['a spread measured otherwise', spreadRule(), spreadRule({ measure: 'deviation' }), false],
    ['a stale point with more time', staleRule(), staleRule({ longestMs: 60_000 }), true],
    ['another stale point', staleRule(), staleRule({ point: 2 }), false],
  ])('%s', (_name, old, successor, isKept) => {
    const detector = createDetector([old], [old.key]);
    const changes = detector.replaceRules([successor], now);
    expect(changes.map(({ kind }) => kind)).toEqual(isKept ? [] : ['removed']);
    expect(detector.isActive(old.key)).toBe(isKept);
  });

  test('a changed reference is judged at once, and not with what was remembered of the old one', () => {
    const detector = createDetector([deviationRule({ from: level })], []);
    expect(detector.step(batch(0, [6]))).toEqual([]);
    detector.replaceRules([deviationRule({ from: { ...level, value: 1 } })], now);
    expect(detector.step(batch(1_000, [6]))).toMatchObject([{ kind: 'met', value: 5 }]);
  });

  test('new words are said, and the running time of a start goes on', () => {
    const detector = createDetector([mismatchRule()], []);
    for (const mono of [0, 1_000, 2_000, 3_000]) detector.step(batch(mono, [0, 1]));
    detector.replaceRules([mismatchRule({ startMessage: 'will not start' })], now);
    expect(detector.step(batch(5_000, [0, 1]))).toMatchObject([{ kind: 'met', rule: { message: 'will not start' } }]);
  });
});

test('which other point a rule looks at', () => {
  const level = { kind: 'constant', value: 5 } as const;
  expect(
    [deviationRule(), deviationRule({ from: level }), crossingsRule(), mismatchRule(), frozenRule(), limitRule()].map(
      otherPointOf,
    ),
  ).toEqual([1, undefined, 1, 1, 1, undefined]);
  expect(otherPointOf(frozenRule({ companion: undefined }))).toBeUndefined();
});
