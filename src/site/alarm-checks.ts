import { limitLevels } from '../model/alarm.ts';
import { isText, type Point } from '../model/point.ts';
import type { RawAlarm } from './schema.ts';
import { listWords } from './suggestion.ts';

/** Id of the alarm that the gateway gives every device. */
export const communicationId = 'communication';

/** What is wrong with an alarm, and at which of its fields; without a field, something is missing. */
interface Finding {
  readonly field: string | undefined;
  readonly message: string;
  readonly hint: string;
}

type AlarmCheck = (raw: RawAlarm, point: Point) => Finding | undefined;

/** The conditions with long memories. */
export const longConditions = ['counter-rate', 'duration', 'missing', 'band', 'forecast'] as const;

const conditions = [
  ...limitLevels,
  'rate',
  'state',
  'spread',
  'stale',
  'deviation',
  'crossings',
  'mismatch',
  'frozen',
  ...longConditions,
] as const;
export type AlarmCondition = (typeof conditions)[number];

/** Conditions that fit numbers and points with states alike. */
const onAnyPoint: readonly AlarmCondition[] = ['stale', 'mismatch'];
const withDeadband: readonly AlarmCondition[] = [...limitLevels, 'spread', 'deviation', 'duration', 'band'];

/** The conditions that an alarm is given; it should be one. */
export function conditionsOf(raw: RawAlarm): readonly AlarmCondition[] {
  return conditions.filter(condition => raw[condition] !== undefined);
}

const hasIdOfItsOwn: AlarmCheck = raw => {
  if (raw.id !== communicationId) return undefined;
  return {
    field: 'id',
    message: `the alarm id "${communicationId}" is the gateway's own`,
    hint: 'give the alarm another id',
  };
};

const hasOneCondition: AlarmCheck = raw => {
  const given = conditionsOf(raw);
  if (given.length === 1) return undefined;
  if (given.length === 0) {
    return {
      field: undefined,
      message: `the alarm "${raw.id}" has no condition`,
      hint: `add one of ${conditions.join(', ')}, or inputs and an expression`,
    };
  }
  const message = `the alarm "${raw.id}" has ${given.length} conditions: ${given.join(' and ')}`;
  return { field: given[1], message, hint: 'write an alarm of its own for each' };
};

const isNotOnText: AlarmCheck = (_, point) => {
  if (kindOf(point) !== 'text') return undefined;
  return {
    field: 'point',
    message: `${point.key} is a text and cannot have alarms`,
    hint: 'choose a point that is a number',
  };
};

const fitsKindOfPoint: AlarmCheck = (raw, point) => {
  const [condition] = conditionsOf(raw);
  const kind = kindOf(point);
  if (condition !== undefined && onAnyPoint.includes(condition)) return undefined;
  const namesState = stateOf(raw) !== undefined;
  if (namesState && kind === 'number') {
    const hint = 'use high or low, or give the point states: {0: …, 1: …}';
    return { field: condition, message: `${point.key} is a number without states`, hint };
  }
  if (!namesState && kind === 'states') {
    const message = `${point.key} has states and takes no "${condition}"${stateAllowed.includes(condition ?? '') ? ' without one of them' : ''}`;
    return { field: condition, message, hint: `write state: with one of ${stateTexts(point)}` };
  }
  return undefined;
};

/** Conditions that may be about a state. */
const stateAllowed: readonly string[] = ['counter-rate', 'duration', 'missing'];

/** The state that an alarm is about, whichever its condition is. */
function stateOf(raw: RawAlarm): unknown {
  return raw.state ?? raw['counter-rate']?.state ?? raw.duration?.state ?? raw.missing?.state;
}

const hasDeadbandOnlyWithLimit: AlarmCheck = raw => {
  const [condition] = conditionsOf(raw);
  if (raw.deadband === undefined || condition === undefined || withDeadband.includes(condition)) return undefined;
  return {
    field: 'deadband',
    message: '"deadband" belongs to limits, spread, deviation, duration and band only',
    hint: 'remove it',
  };
};

/** In this order: each check may rely on those before it. */
const alarmChecks: readonly AlarmCheck[] = [
  hasIdOfItsOwn,
  hasOneCondition,
  isNotOnText,
  fitsKindOfPoint,
  hasDeadbandOnlyWithLimit,
];

/** What is wrong with an alarm on a point, of which there may be more; undefined when nothing is. */
export function checkAlarm(raw: RawAlarm, point: Point): Finding | undefined {
  for (const check of alarmChecks) {
    const finding = check(raw, point);
    if (finding) return finding;
  }
  return undefined;
}

/** `off (0), on (1)` */
export function stateTexts(point: Point): string {
  return listWords([...(point.states ?? [])].map(([value, text]) => `${text} (${value})`));
}

function kindOf(point: Point): 'number' | 'states' | 'text' {
  if (isText(point)) return 'text';
  return point.states === undefined ? 'number' : 'states';
}
