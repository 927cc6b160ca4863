import { expect, test } from 'vitest';
import { plainLife, type Rule } from '../../src/model/alarm.ts';
import type { Expression, ExpressionInput } from '../../src/model/expression.ts';
import {
  type Doubt,
  doubtfulSuppressions,
  doubtOf,
  type Grounds,
  knownShareOf,
  pointsNeeded,
} from '../../src/replay/grounds.ts';
import { siteOfRules } from '../../src/replay/replay.ts';
import { createSourceFinder, narrow } from '../../src/replay/sources.ts';
import { warmUps } from '../../src/replay/warm-up.ts';
import { bandRule, busRule, communicationRule, limitRule, rateRule, stateRule } from '../detect/plant.ts';
import { point } from '../history/samples.ts';

const points = [
  point(0, { key: 'a/known' }),
  point(1, { key: 'a/never' }),
  point(2, { key: 'a/other-unit' }),
  point(3, { key: 'a/earlier' }),
  point(4, { key: 'b/never', device: 1 }),
];

/** Point 10 is computed of the known one and alarm b/silent, and an alarm stands on that; 11 of a point never recorded. */
const expression = (number: number, inputs: ExpressionInput[]): Expression => ({
  ...{ target: { kind: 'point', point: point(number, { key: `a/computed-${number}` }) }, text: 'true', inputs },
});
const silent = communicationRule({ key: 'b/silent', device: 1 });
const known: ExpressionInput = { kind: 'value', name: 'p', point: 0, isText: false, conversion: undefined };
const never: ExpressionInput = { kind: 'mean', name: 'm', point: 1, overMs: 60_000, conversion: undefined };
const unheard: ExpressionInput = { kind: 'alarm', name: 'dead', alarm: silent.key, points: [], devices: [1] };
const site = {
  ...siteOfRules([silent, limitRule({ point: 0 })]),
  expressions: [
    expression(10, [known]),
    expression(11, [known, never]),
    expression(12, [known, unheard]),
    { ...expression(13, [never]), target: { kind: 'suppression', id: 'off' } } as const,
  ],
  suppressions: [
    { id: 'off', name: 'Off', outside: undefined },
    { id: 'night', name: 'Night', outside: { days: ['mon'], fromMinute: 0, toMinute: 60 } },
  ] as const,
};

const grounds: Grounds = {
  points,
  finder: createSourceFinder(site),
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
  ['on a point computed of known ones', limitRule({ point: 10 }), undefined],
  ['on a point computed of an unknown one', limitRule({ point: 11 }), 'not-recorded'],
  ['on a point computed of an alarm of such a device', limitRule({ point: 12 }), 'device-not-recorded'],
  ['of a bus with such a device', busRule({ devices: [0, 1] }), 'device-not-recorded'],
])('an alarm %s is told, or it is said why not', (_what, rule, doubt) => {
  expect(doubtOf(rule, grounds)).toBe(doubt);
});

test('what is known of an alarm is what is known of its point', () => {
  expect(knownShareOf(limitRule({ point: 0 }), grounds)).toBe(0.8);
  expect(knownShareOf(limitRule({ point: 1 }), grounds)).toBe(0);
  expect(knownShareOf(communicationRule(), grounds)).toBeUndefined();
});

test('of an alarm on a computed point the least that is known of its inputs is known', () => {
  expect(knownShareOf(limitRule({ point: 10 }), grounds)).toBe(0.8);
  expect(knownShareOf(limitRule({ point: 11 }), grounds)).toBe(0);
});

test('only what alarms look at is replayed, through what is computed of it', () => {
  const numbers = (rules: readonly Rule[]) =>
    pointsNeeded({ ...site, rules, suppressions: [] }, points).map(({ number }) => number);
  expect(numbers([limitRule({ point: 1 }), stateRule({ point: 3 })])).toEqual([1, 3]);
  expect(numbers([communicationRule({ device: 1 })])).toEqual([4]);
  expect(numbers([busRule({ devices: [0] })])).toEqual([0, 1, 2, 3]);
  expect(numbers([limitRule({ point: 11 })])).toEqual([0, 1]);
});

test('a suppression whose inputs were not recorded is in doubt, a schedule is not', () => {
  expect(doubtfulSuppressions(site, grounds)).toEqual(['off']);
});

test('of a bus all alarms are judged together, or none', () => {
  const [one, other, elsewhere] = [0, 1, 7].map(device => communicationRule({ key: `${device}/silent`, device }));
  const bus = busRule({ devices: [0, 1] });
  const whole = siteOfRules([one, other, elsewhere, bus, limitRule({ point: 0 })].filter(rule => rule !== undefined));
  expect(narrow(whole, [other as Rule]).rules).toEqual([one, other, bus]);
  expect(narrow(whole, [bus]).rules).toEqual([one, other, bus]);
  expect(narrow(whole, [elsewhere as Rule]).rules).toEqual([elsewhere]);
});

test('a site is narrowed down to what some alarms, and what hides them, are made of', () => {
  const wanted = limitRule({ key: 'a/wanted', point: 12, life: { ...plainLife, suppressedBy: ['off'] } });
  const narrowed = narrow({ ...site, rules: [...site.rules, wanted] }, [wanted]);
  expect(narrowed.rules).toEqual([silent, wanted]);
  expect(narrowed.expressions).toEqual([site.expressions[2], site.expressions[3]]);
  expect(narrowed.suppressions.map(({ id }) => id)).toEqual(['off']);
});

test('so much of the record of a point is replayed before as the alarms on it look back', () => {
  const [hour, day] = [3_600_000, 86_400_000];
  const rules = [
    rateRule({ point: 0, windowMs: hour, onDelayMs: 0 }),
    bandRule({ key: 'a/band', point: 3, days: 14, onDelayMs: 0 }),
    limitRule({ key: 'a/mean', point: 11, onDelayMs: 0 }),
  ];
  const needs = warmUps({ ...site, rules, suppressions: [] });
  expect(needs.get(0)).toBe(600_000 + 2 * hour);
  expect(needs.get(3)).toBe(600_000 + 15 * day + day);
  expect(needs.get(1)).toBe(600_000 + 120_000);
  expect(needs.get(2)).toBeUndefined();
});
