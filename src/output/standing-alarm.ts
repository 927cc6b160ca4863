import type { AlarmState, Deadline, Priority } from '../model/alarm.ts';
import type { CallReason } from '../model/output.ts';

/** What an output has to know of an alarm that stands. */
export interface StandingAlarm {
  readonly alarm: string;
  /** Changes when the alarm calls anew: with each occurrence, and each time it is announced again. */
  readonly call: string;
  readonly priority: Priority;
  readonly reasons: readonly CallReason[];
  /** Shelved, suppressed or out of service: it calls nobody. */
  readonly isMasked: boolean;
}

/** @param state with the deadlines that have passed and were not met since, where anyone keeps them */
export function standingAlarm(state: AlarmState & { readonly overdue?: readonly Deadline[] }): StandingAlarm {
  const { alarm, occurrence, reAlarms, priority, masks, overdue = [] } = state;
  const reasons: CallReason[] = [];
  if (state.isUnacknowledged) reasons.push('unacknowledged');
  if (state.isActive) reasons.push('active');
  if (overdue.length > 0) reasons.push('overdue');
  const isMasked = [masks.shelved, masks.suppressed, masks.outOfService].some(mask => mask !== undefined);
  return { alarm, call: `${occurrence}+${reAlarms}`, priority, reasons, isMasked };
}
