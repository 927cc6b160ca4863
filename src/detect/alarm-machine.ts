import type { TransitionKind } from '../model/alarm.ts';

/** Where an alarm is in its life. */
export type AlarmPhase = 'normal' | 'active';

/** What can happen to an alarm. Conditions arrive here after their delays. */
export type AlarmInput = 'condition-met' | 'condition-gone' | 'rule-removed';

export interface AlarmStep {
  readonly phase: AlarmPhase;
  /** What is to be recorded; undefined when nothing happened. */
  readonly transition: TransitionKind | undefined;
}

const staysNormal: AlarmStep = { phase: 'normal', transition: undefined };
const staysActive: AlarmStep = { phase: 'active', transition: undefined };
const raises: AlarmStep = { phase: 'active', transition: 'raised' };
const returns: AlarmStep = { phase: 'normal', transition: 'returned' };
const leaves: AlarmStep = { phase: 'normal', transition: 'removed' };

const steps: Record<AlarmPhase, Record<AlarmInput, AlarmStep>> = {
  normal: { 'condition-met': raises, 'condition-gone': staysNormal, 'rule-removed': staysNormal },
  active: { 'condition-met': staysActive, 'condition-gone': returns, 'rule-removed': leaves },
};

/** The life cycle of an alarm: every phase answers every input. Pure. */
export function stepAlarm(phase: AlarmPhase, input: AlarmInput): AlarmStep {
  return steps[phase][input];
}
