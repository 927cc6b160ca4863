import type { AlarmEvent } from '../../src/model/alarm.ts';
import type { AlarmStateChange } from '../../src/store/messages.ts';
import { phaseAfter, plainEvent, standingState } from '../fakes/alarm-parts.ts';

/** Events that follow from their number alone: five alarms that are raised and return in turn. */
export function rigEvent(number: number, storeId: string): AlarmEvent {
  const alarm = `rig/alarm-${number % 5}`;
  const isRaised = Math.floor(number / 5) % 2 === 0;
  return {
    number,
    id: `${storeId}-${number}`,
    kind: isRaised ? 'raised' : 'returned',
    alarm,
    occurrence: `${storeId}-${isRaised ? number : number - 5}`,
    rule: 'limit',
    priority: 'high',
    message: `Alarm ${number % 5} of the rig`,
    device: 'rig',
    deviceName: 'Rig',
    point: 'rig/level',
    pointName: 'Level',
    value: number,
    state: undefined,
    unit: 'mm',
    limit: 0,
    ...plainEvent,
    phase: phaseAfter(isRaised ? 'raised' : 'returned'),
    sampledAt: 1_795_428_900_000 + number,
    detectedAt: 1_795_428_900_000 + number,
    stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
  };
}

export function rigStateAfter(event: AlarmEvent): AlarmStateChange {
  if (event.kind !== 'raised') return { kind: 'clear', alarm: event.alarm };
  const { alarm, occurrence, rule, priority, message, detectedAt, value, state, unit } = event;
  return {
    kind: 'set',
    state: { ...standingState, alarm, occurrence, rule, priority, message, raisedAt: detectedAt, value, state, unit },
  };
}

/** The occurrences that stand after events 1 to `last`. */
export function rigStanding(last: number, storeId: string): string[] {
  const standing = new Map<string, string>();
  for (let number = 1; number <= last; number += 1) {
    const { kind, alarm, occurrence } = rigEvent(number, storeId);
    if (kind === 'raised') standing.set(alarm, occurrence);
    else standing.delete(alarm);
  }
  return [...standing.values()].sort();
}
