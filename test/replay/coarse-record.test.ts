import { expect, test } from 'vitest';
import type { Rule } from '../../src/model/alarm.ts';
import { coarselyRecorded } from '../../src/replay/coarse-record.ts';
import {
  bandRule,
  communicationRule,
  crossingsRule,
  deviationRule,
  durationRule,
  forecastRule,
  frozenRule,
  limitRule,
  rateRule,
  spreadRule,
  stateRule,
} from '../detect/plant.ts';
import { point } from '../history/samples.ts';

const exact = { deadband: 0, longestGapMs: 300_000 };
const constant = { kind: 'constant', value: 4 } as const;
const beside = { kind: 'point', point: 1, factor: 1, offset: 0 } as const;

/** The record of one of the points has steps of 0.5. */
const recorded = (coarse: number) =>
  [0, 1].map(number => point(number, { recording: number === coarse ? { ...exact, deadband: 0.5 } : exact }));

test.each<[string, Rule, number, boolean]>([
  ['a limit with a smaller deadband', limitRule({ point: 0, deadband: 0.4 }), 0, true],
  ['a limit with a wider deadband', limitRule({ point: 0, deadband: 0.5 }), 0, false],
  ['a limit on another point', limitRule({ point: 0, deadband: 0 }), 1, false],
  ['a sensor that hangs within less', frozenRule({ span: 0.2, companion: undefined }), 0, true],
  ['a companion that moves by less', frozenRule({ span: 2, companion: { point: 1, span: 0.1 } }), 1, true],
  ['a swing that is smaller', spreadRule({ limit: 0.3 }), 0, true],
  ['a change that is smaller', rateRule({ point: 0, minChange: 0.1 }), 0, true],
  ['a trend that is smaller', forecastRule({ minChange: 0.1 }), 0, true],
  ['a band that is narrower', bandRule({ minChange: 0.1 }), 0, true],
  ['a level with a narrower band', crossingsRule({ of: constant, band: 0.1 }), 0, true],
  ['a deviation from a point that is recorded so', deviationRule({ from: beside, deadband: 0.1 }), 1, true],
  ['a deviation from a constant', deviationRule({ from: constant, deadband: 0.6 }), 0, false],
  ['a long time above', durationRule({ lasting: { kind: 'above', limit: 4, deadband: 0.1 } }), 0, true],
  ['a state', durationRule(), 0, false],
  ['another state', stateRule({ point: 0 }), 0, false],
  ['a device', communicationRule(), 0, false],
])('steps of 0.5 and %s', (_, rule, coarse, isTold) => {
  expect(coarselyRecorded([rule], recorded(coarse))).toEqual(isTold ? [rule.key] : []);
});
