import { type Priority, plainLife, type RuleLife } from '../model/alarm.ts';

/** Of an alarm of this priority about whose life the site file says nothing: nobody is asked to acknowledge a low one. */
export function lifeOf(priority: Priority): RuleLife {
  return { ...plainLife, needsAcknowledge: priority !== 'low' };
}
