import type { AlarmState, Priority } from '../model/alarm.ts';
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

/** Until alarms can be acknowledged, one that stands is active and nobody has answered for it. */
export function standingAlarm({ alarm, occurrence, priority }: AlarmState): StandingAlarm {
  return { alarm, call: occurrence, priority, reasons: ['unacknowledged', 'active'], isMasked: false };
}
