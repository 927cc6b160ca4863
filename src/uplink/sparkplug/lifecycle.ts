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

export function createLosses(plant: Plant): Losses {
  /** By alarm: a device can be lost by an alarm of its own and by one of its bus. */
  const losses = new Map<string, readonly string[]>();
  const isLost = (device: string) => [...losses.values()].some(devices => devices.includes(device));

  return {
    reset() {
      losses.clear();
      for (const state of plant.standing().alarms.filter(isLoss)) {
        losses.set(state.alarm, devicesLostBy(state, plant.site()));
      }
    },
    apply(event) {
      if (!isLoss(event)) return { lost: [], back: [] };
      if (event.kind === 'raised') {
        const lost = devicesLostBy(event, plant.site());
        losses.set(event.alarm, lost);
        return { lost, back: [] };
      }
      const given = losses.get(event.alarm) ?? [];
      losses.delete(event.alarm);
      return { lost: [], back: given.filter(device => !isLost(device)) };
    },
    isLost,
  };
}
