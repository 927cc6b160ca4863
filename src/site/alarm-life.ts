import { type Priority, plainLife, type RuleLife } from '../model/alarm.ts';
import type { RawAlarm } from './schema.ts';

/**
 * What becomes of an alarm, by its priority and by what the site file says of it. Nobody is asked to acknowledge a low one
 * unless it says so.
 */
export function lifeOf(priority: Priority, raw: Partial<Pick<RawAlarm, 'latching' | 'acknowledge'>>): RuleLife {
  const needsAcknowledge = raw.acknowledge === undefined ? priority !== 'low' : raw.acknowledge === 'person';
  return { ...plainLife, isLatching: raw.latching === 'yes', needsAcknowledge };
}
