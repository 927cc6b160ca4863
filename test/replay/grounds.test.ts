import { expect, test } from 'vitest';
import type { Rule } from '../../src/model/alarm.ts';
import { type Doubt, doubtOf, type Grounds, knownShareOf, pointsNeeded } from '../../src/replay/grounds.ts';
import { busRule, communicationRule, limitRule, rateRule, stateRule } from '../detect/plant.ts';
import { point } from '../history/samples.ts';

const points = [
  point(0, { key: 'a/known' }),
  point(1, { key: 'a/never' }),
  point(2, { key: 'a/other-unit' }),
  point(3, { key: 'a/earlier' }),
  point(4, { key: 'b/never', device: 1 }),
];

const grounds: Grounds = {
  points,
  recorded: new Set(['a/known', 'a/other-unit', 'a/earlier']),
  otherUnit: new Set(['a/other-unit']),
  known: new Map([
    ['a/known', 0.8],
    ['a/earlier', 0],
  ]),
};

test.each<[string, Rule, Doubt | undefined]>([
  ['on a known point', limitRule({ point: 0 }), undefined],
  ['of a rate on a known point', rateRule({ point: 0 }), undefined],
  ['on a point that was never recorded', stateRule({ point: 1 }), 'not-recorded'],
  ['on a point in another unit', limitRule({ point: 2 }), 'other-unit'],
  ['on a point that was recorded at another time', limitRule({ point: 3 }), 'no-record-then'],
  ['on a point that nobody knows', limitRule({ point: 9 }), 'needs-more'],
  ['of a device that is recorded', communicationRule({ device: 0 }), undefined],
  ['of a device that is not', communicationRule({ device: 1 }), 'device-not-recorded'],
  ['of a bus with such a device', busRule({ devices: [0, 1] }), 'device-not-recorded'],
])('an alarm %s is told, or it is said why not', (_what, rule, doubt) => {
  expect(doubtOf(rule, grounds)).toBe(doubt);
});

test('what is known of an alarm is what is known of its point', () => {
  expect(knownShareOf(limitRule({ point: 0 }), grounds)).toBe(0.8);
  expect(knownShareOf(limitRule({ point: 1 }), grounds)).toBe(0);
  expect(knownShareOf(communicationRule(), grounds)).toBeUndefined();
});

test('only what alarms look at is replayed', () => {
  const numbers = (rules: readonly Rule[]) => pointsNeeded(rules, points).map(({ number }) => number);
  expect(numbers([limitRule({ point: 1 }), stateRule({ point: 3 })])).toEqual([1, 3]);
  expect(numbers([communicationRule({ device: 1 })])).toEqual([4]);
  expect(numbers([busRule({ devices: [0] })])).toEqual([0, 1, 2, 3]);
});
