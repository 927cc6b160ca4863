import { type AlarmPhase, normalLife, type TransitionKind } from '../../src/model/alarm.ts';

/** What events and states of alarms have beyond their condition, where a test does not care about it. */

export const plainEvent = {
  by: undefined,
  reason: undefined,
  until: undefined,
  firstOut: undefined,
  overdue: undefined,
};

/** Where an alarm is after an event of this kind if nobody has touched it. */
export function phaseAfter(kind: TransitionKind): AlarmPhase {
  return kind === 'raised' ? 'unacknowledged' : 'normal';
}

export const standingState = {
  ...normalLife,
  phase: 'unacknowledged',
  isActive: true,
  isUnacknowledged: true,
  stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
  firstOut: undefined,
} as const;
