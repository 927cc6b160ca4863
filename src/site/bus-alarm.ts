import { type BusRule, plainLife, priorities, type Rule } from '../model/alarm.ts';
import type { Bus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import { communicationId } from './alarm-checks.ts';

/**
 * The alarms that say that no device of a bus is heard, one for each bus of several devices: a cable that was pulled out
 * is one alarm, not thirty. As urgent as the most urgent of those it stands for; none where no device has one.
 */
export function buildBusAlarms(buses: readonly Bus[], devices: readonly Device[], rules: readonly Rule[]): BusRule[] {
  return buses.flatMap(bus => {
    const numbers = devices
      .filter(device => device.bus === bus.id && device.points.length > 0)
      .map(({ number }) => number);
    const replaced = rules.filter(rule => rule.kind === 'communication' && numbers.includes(rule.device));
    if (numbers.length < 2 || replaced.length === 0) return [];
    const ranks = replaced.map(({ priority }) => priorities.indexOf(priority));
    return {
      kind: 'bus-communication',
      key: `bus:${bus.id}/${communicationId}`,
      bus: bus.id,
      devices: numbers,
      priority: priorities[Math.max(...ranks)] ?? 'high',
      message: `no device of the bus ${bus.id} answers`,
      onDelayMs: 0,
      offDelayMs: 0,
      life: { ...plainLife, needsAcknowledge: replaced.some(({ life }) => life.needsAcknowledge) },
    };
  });
}
