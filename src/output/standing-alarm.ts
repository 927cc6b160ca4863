import type { AlarmState, Deadline, Priority } from '../model/alarm.ts';
import type { CallReason } from '../model/output.ts';

/** What an output has to know of an alarm that stands. */
export interface StandingAlarm {
  readonly alarm: string;
  /** Changes when the alarm calls anew: with each occurrence, and each time it is announced again. */
  readonly call: string;
  /** How often its condition has come back within the occurrence. */
  readonly comebacks: number;
  readonly priority: Priority;
  readonly reasons: readonly CallReason[];
  /** It calls nobody: it is hidden, or the first of its first-out group calls in its place. */
  readonly isQuiet: boolean;
}

/** What people still owe an alarm. */
export interface Claim {
  /** Deadlines that have passed and were not met since. */
  readonly overdue: readonly Deadline[];
  /** It is secondary to an alarm that calls people in its place. */
  readonly isCovered: boolean;
}

export function standingAlarm(state: AlarmState, { overdue, isCovered }: Claim): StandingAlarm {
  const { alarm, occurrence, reAlarms, comebacks, priority, masks } = state;
  const reasons: CallReason[] = [];
  if (state.isUnacknowledged) reasons.push('unacknowledged');
  if (state.isActive) reasons.push('active');
  if (overdue.length > 0) reasons.push('overdue');
  const isHidden = [masks.shelved, masks.suppressed, masks.outOfService].some(mask => mask !== undefined);
  return { alarm, call: `${occurrence}+${reAlarms}`, comebacks, priority, reasons, isQuiet: isHidden || isCovered };
}
