import type { AlarmEvent } from '../../model/alarm.ts';
import { devicesLostBy, isLoss } from './alarm-metrics.ts';
import type { Plant } from './plant.ts';

/** Which devices are lost, by the alarms that say so: those that stood at the birth of the node, and events since. */
export interface Losses {
  /** Begins anew with what stands now. */
  reset(): void;
  /** Takes in an event that came after that. Returns the devices that it took or gave back. */
  apply(event: AlarmEvent): { readonly lost: readonly string[]; readonly back: readonly string[] };
  isLost(device: string): boolean;
}

/** The condition is gone, hidden or not. What people do to the alarm brings no device back. */
const ends: readonly AlarmEvent['kind'][] = ['returned', 'hidden-returned', 'removed'];

export function createLosses(plant: Plant): Losses {
  /** By alarm: a device can be lost by an alarm of its own and by one of its bus. */
  const losses = new Map<string, readonly string[]>();
  const isLost = (device: string) => [...losses.values()].some(devices => devices.includes(device));

  return {
    reset() {
      losses.clear();
      for (const state of plant.standing().alarms.filter(isLoss)) {
        // Hidden or not: what is told of a lost device is not known.
        if (!state.isActive) continue;
        losses.set(state.alarm, devicesLostBy(state, plant.site()));
      }
    },
    apply(event) {
      if (!isLoss(event)) return { lost: [], back: [] };
      if (event.kind === 'raised' || event.kind === 'hidden-raised') {
        const lost = devicesLostBy(event, plant.site());
        losses.set(event.alarm, lost);
        return { lost, back: [] };
      }
      if (!ends.includes(event.kind)) return { lost: [], back: [] };
      const given = losses.get(event.alarm) ?? [];
      losses.delete(event.alarm);
      return { lost: [], back: given.filter(device => !isLost(device)) };
    },
    isLost,
  };
}
