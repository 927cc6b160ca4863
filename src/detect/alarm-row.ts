import { unreachable } from '../base/assert.ts';
import type { BusRule, Change, CommunicationRule, Rule } from '../model/alarm.ts';
import { createDelay, type Delay, freezeDelay, runDelay, stopDelay } from './delay.ts';
import type { Judgement } from './judgement.ts';
import { type BusCondition, createBusCondition } from './rules/bus-communication.ts';
import { type CommunicationCondition, createCommunicationCondition } from './rules/communication.ts';
import { createLimitCondition, judgeLimit, type LimitCondition } from './rules/limit.ts';
import { createRateCondition, judgeRate, type RateCondition } from './rules/rate.ts';
import { createStateCondition, judgeState, type StateCondition } from './rules/state.ts';

/** Whether the condition stands, its delays included. What becomes of the alarm is another matter (life/). */
export type ConditionPhase = 'normal' | 'active';

type PointRule = Exclude<Rule, CommunicationRule | BusRule>;
type PointCondition = LimitCondition | RateCondition | StateCondition;

/**
 * A rule and the state of its alarm. Rows of all kinds have one shape, hold their delay themselves and begin with what
 * every sample looks at: that is what keeps the hot loop fast.
 */
interface Row<RowRule extends Rule, Condition> extends Delay {
  readonly rule: RowRule;
  readonly condition: Condition;
  readonly onDelayMs: number;
  readonly offDelayMs: number;
  phase: ConditionPhase;
}

export type PointRow = Row<PointRule, PointCondition>;
export type DeviceRow = Row<CommunicationRule, CommunicationCondition>;
export type BusRow = Row<BusRule, BusCondition>;
export type AlarmRow = PointRow | DeviceRow | BusRow;

export function createRow(rule: Rule, phase: ConditionPhase): AlarmRow {
  switch (rule.kind) {
    case 'communication':
      return createDeviceRow(rule, phase);
    case 'bus-communication':
      return createBusRow(rule, phase);
    default:
      return createPointRow(rule, phase);
  }
}

function createPointRow(rule: PointRule, phase: ConditionPhase): PointRow {
  const { onDelayMs, offDelayMs } = rule;
  return { condition: createPointCondition(rule), phase, ...createDelay(), rule, onDelayMs, offDelayMs };
}

/** The on-delay of a communication rule is part of its condition; a second one would double it. */
function createDeviceRow(rule: CommunicationRule, phase: ConditionPhase): DeviceRow {
  const condition = createCommunicationCondition(rule);
  return { condition, phase, ...createDelay(), rule, onDelayMs: 0, offDelayMs: rule.offDelayMs };
}

function createBusRow(rule: BusRule, phase: ConditionPhase): BusRow {
  const { onDelayMs, offDelayMs } = rule;
  return { condition: createBusCondition(rule), phase, ...createDelay(), rule, onDelayMs, offDelayMs };
}

function createPointCondition(rule: PointRule): PointCondition {
  switch (rule.kind) {
    case 'limit':
      return createLimitCondition(rule);
    case 'rate':
      return createRateCondition(rule);
    case 'state':
      return createStateCondition(rule);
    default:
      return unreachable(rule);
  }
}

export function isDeviceRow(row: AlarmRow): row is DeviceRow {
  return row.rule.kind === 'communication';
}

export function isBusRow(row: AlarmRow): row is BusRow {
  return row.rule.kind === 'bus-communication';
}

/** What one sample says about a rule on its point. `isGood` is false for anything that must not be compared. */
export function judgeSample(row: PointRow, value: number, isGood: boolean, mono: number): Judgement {
  const { condition } = row;
  if (condition.kind === 'rate') return judgeRate(condition, mono, value, isGood);
  if (!isGood) return 'unsure';
  return condition.kind === 'limit'
    ? judgeLimit(condition, value, row.phase === 'active')
    : judgeState(condition, value);
}

/** Takes a judgement through the delay. Changes the row in place; returns what became of the condition. */
export function advanceRow(row: AlarmRow, judgement: Judgement, mono: number): Change['kind'] | undefined {
  if (judgement === 'unsure') {
    freezeDelay(row, mono);
    return undefined;
  }
  const isActive = row.phase === 'active';
  if ((judgement === 'met') === isActive) {
    stopDelay(row);
    return undefined;
  }
  if (!runDelay(row, mono, isActive ? row.offDelayMs : row.onDelayMs)) return undefined;
  stopDelay(row);
  row.phase = judgement === 'met' ? 'active' : 'normal';
  return judgement;
}
