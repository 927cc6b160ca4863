import type {
  BusRule,
  Change,
  CommunicationRule,
  CrossingsRule,
  DeviationRule,
  FrozenRule,
  MismatchRule,
  Rule,
} from '../model/alarm.ts';
import { createDelay, type Delay, freezeDelay, runDelay, stopDelay } from './delay.ts';
import type { Judgement } from './judgement.ts';
import {
  createLongCondition,
  judgeLongCondition,
  type KeptCondition,
  type LongCondition,
  loadLongCondition,
  type Remembered,
  saveLongCondition,
} from './long-condition.ts';
import { judgeBand, type TimeOfDay } from './rules/band.ts';
import { type BusCondition, createBusCondition } from './rules/bus-communication.ts';
import { type CommunicationCondition, createCommunicationCondition } from './rules/communication.ts';
import { type CrossingsCondition, createCrossingsCondition, judgeCrossings } from './rules/crossings.ts';
import { createDeviationCondition, type DeviationCondition, judgeDeviation } from './rules/deviation.ts';
import { createFrozenCondition, type FrozenCondition, judgeFrozen } from './rules/frozen.ts';
import { createLimitCondition, judgeLimit, type LimitCondition } from './rules/limit.ts';
import { createMismatchCondition, judgeMismatch, type MismatchCondition } from './rules/mismatch.ts';
import { createRateCondition, judgeRate, type RateCondition } from './rules/rate.ts';
import { createSpreadCondition, judgeSpread, type SpreadCondition } from './rules/spread.ts';
import { createStaleCondition, judgeStale, type StaleCondition } from './rules/stale.ts';
import { createStateCondition, judgeState, type StateCondition } from './rules/state.ts';

/** Whether the condition stands, its delays included. What becomes of the alarm is another matter (life/). */
export type ConditionPhase = 'normal' | 'active';

/** Rules that may compare their point with another one. */
type JointRule = DeviationRule | CrossingsRule | MismatchRule | FrozenRule;
type JointCondition = DeviationCondition | CrossingsCondition | MismatchCondition | FrozenCondition;

type PointRule = Exclude<Rule, CommunicationRule | BusRule | JointRule>;
type PointCondition =
  | LimitCondition
  | RateCondition
  | StateCondition
  | SpreadCondition
  | StaleCondition
  | LongCondition;

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
export type JointRow = Row<JointRule, JointCondition>;
export type DeviceRow = Row<CommunicationRule, CommunicationCondition>;
export type BusRow = Row<BusRule, BusCondition>;
export type AlarmRow = PointRow | JointRow | DeviceRow | BusRow;

/** @param timeOfDay for bands by time of day. */
export function createRow(rule: Rule, phase: ConditionPhase, timeOfDay: TimeOfDay): AlarmRow {
  switch (rule.kind) {
    case 'communication':
      return createDeviceRow(rule, phase);
    case 'bus-communication':
      return createBusRow(rule, phase);
    case 'deviation':
    case 'crossings':
    case 'mismatch':
    case 'frozen':
      return createJointRow(rule, phase);
    default:
      return createPointRow(rule, phase, timeOfDay);
  }
}

function createPointRow(rule: PointRule, phase: ConditionPhase, timeOfDay: TimeOfDay): PointRow {
  const { onDelayMs, offDelayMs } = rule;
  return { condition: createPointCondition(rule, timeOfDay), phase, ...createDelay(), rule, onDelayMs, offDelayMs };
}

function createJointRow(rule: JointRule, phase: ConditionPhase): JointRow {
  const { onDelayMs, offDelayMs } = rule;
  return { condition: createJointCondition(rule), phase, ...createDelay(), rule, onDelayMs, offDelayMs };
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

function createPointCondition(rule: PointRule, timeOfDay: TimeOfDay): PointCondition {
  switch (rule.kind) {
    case 'limit':
      return createLimitCondition(rule);
    case 'rate':
      return createRateCondition(rule);
    case 'state':
      return createStateCondition(rule);
    case 'spread':
      return createSpreadCondition(rule);
    case 'stale':
      return createStaleCondition(rule);
    default:
      return createLongCondition(rule, timeOfDay);
  }
}

function createJointCondition(rule: JointRule): JointCondition {
  switch (rule.kind) {
    case 'deviation':
      return createDeviationCondition(rule);
    case 'crossings':
      return createCrossingsCondition(rule);
    case 'mismatch':
      return createMismatchCondition(rule);
    case 'frozen':
      return createFrozenCondition(rule);
  }
}

export function isDeviceRow(row: AlarmRow): row is DeviceRow {
  return row.rule.kind === 'communication';
}

export function isBusRow(row: AlarmRow): row is BusRow {
  return row.rule.kind === 'bus-communication';
}

export function isJointRow(row: AlarmRow): row is JointRow {
  return 'inputs' in row.condition;
}

/** Whether the condition outlives a restart. */
function isLongRow(row: AlarmRow): row is PointRow & { readonly condition: LongCondition } {
  return 'isChanged' in row.condition;
}

/** What is to be kept of a row; undefined when there is nothing that was not asked for before. */
export function rememberRow(row: AlarmRow, mono: number): Remembered | undefined {
  if (!isLongRow(row) || !row.condition.isChanged) return undefined;
  row.condition.isChanged = false;
  return { rule: row.rule, state: saveLongCondition(row.condition, mono) };
}

/** Gives a new row what was kept of an earlier one. False when that makes no sense; the row is then as it was. */
export function recallRow(row: AlarmRow, kept: KeptCondition): boolean {
  return isLongRow(row) && loadLongCondition(row.condition, kept);
}

/** Gives a new row what an old one knows at `mono`; nothing where that knows nothing. */
export function handOver(old: AlarmRow, row: AlarmRow, mono: number): void {
  if (isLongRow(old)) recallRow(row, { state: saveLongCondition(old.condition, mono), atMono: mono });
}

/**
 * What one sample says about a rule on its point. `isGood` is false for anything that must not be compared; `wall` is there
 * for the time of day alone.
 */
export function judgeSample(row: PointRow, value: number, isGood: boolean, mono: number, wall: number): Judgement {
  const { condition } = row;
  switch (condition.kind) {
    case 'limit':
      return isGood ? judgeLimit(condition, value, row.phase === 'active') : 'unsure';
    case 'state':
      return isGood ? judgeState(condition, value) : 'unsure';
    case 'rate':
      return judgeRate(condition, mono, value, isGood);
    case 'spread':
      return judgeSpread(condition, mono, value, isGood, row.phase === 'active');
    case 'stale':
      return judgeStale(condition, mono, isGood);
    case 'band':
      return judgeBand(condition, mono, value, isGood, wall, row.phase === 'active');
    default:
      return judgeLongCondition(condition, mono, value, isGood);
  }
}

/** What the latest samples of all its points say about a rule. */
export function judgeInputs({ condition, phase }: JointRow): Judgement {
  condition.inputs.isNew = false;
  switch (condition.kind) {
    case 'deviation':
      return judgeDeviation(condition, phase === 'active');
    case 'crossings':
      return judgeCrossings(condition);
    case 'mismatch':
      return judgeMismatch(condition);
    case 'frozen':
      return judgeFrozen(condition);
  }
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
