import { parseDuration } from '../base/duration.ts';
import { type Priority, plainLife, type RuleLife } from '../model/alarm.ts';
import type { PriorityPolicies } from '../model/deadline.ts';
import type { RawAlarm } from './schema.ts';

/** What the site file says of the life of an alarm; its group may be that of its device. */
type WrittenLife = Partial<Pick<RawAlarm, 'latching' | 'acknowledge' | 're-alarm'>> & {
  readonly group?: string | undefined;
};

/** Of an alarm of this priority: what its policy says, and what is written at the alarm itself. */
export function lifeOf(policies: PriorityPolicies, priority: Priority, written: WrittenLife = {}): RuleLife {
  const { acknowledge, latching, 're-alarm': reAlarm } = written;
  return {
    ...plainLife,
    isLatching: latching === 'yes',
    needsAcknowledge: acknowledge === undefined ? policies[priority].needsAcknowledge : acknowledge === 'person',
    reAlarmMs: reAlarm === undefined ? undefined : parseDuration(reAlarm),
    group: written.group,
  };
}
