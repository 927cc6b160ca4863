import { type BusRule, plainLife, priorities, type Rule } from '../model/alarm.ts';
import type { Bus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import { type Language, say } from '../model/texts.ts';
import { communicationId } from './alarm-checks.ts';

/**
 * The alarms that say that no device of a bus is heard, one for each bus of several devices: a cable that was pulled out
 * is one alarm, not thirty. As urgent as the most urgent of those it stands for,
 * and in the first-out group that all of them share; none where no device has one.
 */
export function buildBusAlarms(
  buses: readonly Bus[],
  devices: readonly Device[],
  rules: readonly Rule[],
  language: Language,
): BusRule[] {
  return buses.flatMap(bus => {
    const numbers = devices
      .filter(device => device.bus === bus.id && device.points.length > 0)
      .map(({ number }) => number);
    const replaced = rules.filter(rule => rule.kind === 'communication' && numbers.includes(rule.device));
    if (numbers.length < 2 || replaced.length === 0) return [];
    const groups = new Set(replaced.map(({ life }) => life.group));
    const ranks = replaced.map(({ priority }) => priorities.indexOf(priority));
    const group = groups.size === 1 ? [...groups][0] : undefined;
    return {
      kind: 'bus-communication',
      key: `bus:${bus.id}/${communicationId}`,
      bus: bus.id,
      devices: numbers,
      priority: priorities[Math.max(...ranks)] ?? 'high',
      message: say(language, 'silentBus', { bus: bus.id }),
      onDelayMs: 0,
      offDelayMs: 0,
      life: {
        ...plainLife,
        needsAcknowledge: replaced.some(({ life }) => life.needsAcknowledge),
        group,
        suppressedBy: suppressingAll(replaced),
      },
    };
  });
}

/** What hides the alarm of each of its devices hides that of the bus. */
function suppressingAll([first, ...others]: readonly Rule[]): readonly string[] {
  return (first?.life.suppressedBy ?? []).filter(id => others.every(({ life }) => life.suppressedBy.includes(id)));
}
