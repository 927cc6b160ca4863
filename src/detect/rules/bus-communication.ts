import type { BusRule } from '../../model/alarm.ts';
import type { SampleBatch } from '../../model/point.ts';
import { wasAsked } from './communication.ts';

/** A bus none of whose devices is heard. */
export interface BusCondition {
  readonly kind: 'bus-communication';
  /** Numbers of the devices that have not answered since they were asked last. */
  readonly silent: Set<number>;
  readonly deviceCount: number;
}

export function createBusCondition({ devices }: BusRule): BusCondition {
  return { kind: 'bus-communication', silent: new Set(), deviceCount: devices.length };
}

/** What a read of one of its devices says of the bus. */
export function hearOfBus({ silent }: BusCondition, batch: SampleBatch): void {
  if (batch.isAnswered) silent.delete(batch.device);
  else if (wasAsked(batch)) silent.add(batch.device);
}

/** Each device was asked, and none has answered: it is not the devices. */
export function isBusSilent({ silent, deviceCount }: BusCondition): boolean {
  return silent.size === deviceCount;
}
