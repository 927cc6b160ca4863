import type { AlarmCommand } from '../model/alarm-command.ts';
import type { CommandReply } from '../model/command.ts';

/**
 * An order that was given for one occurrence of an alarm must not reach the next one, which nobody has seen yet: the order
 * may have been a day on its way. Undefined where it may be carried out.
 *
 * @param occurrenceOf the last occurrence of an alarm; undefined where none is known, so that there is none to be mistaken for it
 */
export function refuseOtherOccurrence(
  { alarms: [alarm = ''], occurrence }: AlarmCommand,
  occurrenceOf: (alarm: string) => string | undefined,
): CommandReply | undefined {
  const now = occurrenceOf(alarm);
  if (occurrence === undefined || now === undefined || now === occurrence) return undefined;
  return {
    kind: 'refused',
    message: `${alarm}: ${occurrence} is over, and it has come again since, as ${now}`,
    details: ['look at the new one, and order what is to be done with it'],
  };
}
