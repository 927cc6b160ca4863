import type { Clock } from '../../src/base/clock.ts';
import type { DriverOptions } from '../../src/driver.ts';
import type { Device } from '../../src/model/device.ts';
import type { Learned } from '../../src/model/learned.ts';
import type { ModbusRead } from './read-plan.ts';
import { learnedFrom, recallSplit } from './split-read.ts';

/** What the devices of one bus are known to refuse, by the reads that found it; kept in the memory of the options. */
export interface Refusals {
  /** Cuts freshly planned reads of a device where it is known to refuse them. They replace those with the same points. */
  recall(device: Device, reads: readonly ModbusRead[]): void;
  /** To be told whenever the split of a read has changed, or is gone. */
  remember(read: ModbusRead): void;
  /** Makes every read of the device whole again. */
  forget(device: Device, makeWhole: (read: ModbusRead) => void): void;
}

export function createRefusals(memory: DriverOptions['memory'], clock: Clock): Refusals {
  /** Only reads of which something is known. */
  const known = new Map<ModbusRead, readonly Learned[]>();

  const readsOf = (device: Device) => [...known.keys()].filter(read => read.device.id === device.id);
  const now = () => ({ mono: clock.monoMs(), wall: clock.wallMs() });

  return {
    recall(device, reads) {
      const learned = memory?.recall(device) ?? readsOf(device).flatMap(read => known.get(read) ?? []);
      const planned = new Set(reads.flatMap(({ points }) => points.map(({ number }) => number)));
      for (const old of readsOf(device)) {
        if (old.points.some(({ number }) => planned.has(number))) known.delete(old);
      }
      for (const read of reads) {
        read.split = recallSplit(read, learned, now());
        if (read.split) known.set(read, learnedFrom(read, read.split, learned, now()));
      }
    },
    remember(read) {
      const before = known.get(read) ?? [];
      if (read.split) known.set(read, learnedFrom(read, read.split, before, now()));
      else if (!known.delete(read)) return;
      memory?.keep(read.device, distinct(readsOf(read.device).flatMap(one => known.get(one) ?? [])));
    },
    forget(device, makeWhole) {
      for (const read of readsOf(device)) {
        makeWhole(read);
        known.delete(read);
      }
      memory?.keep(device, []);
    },
  };
}

/** Two reads of one device may run across the same registers, at different intervals. */
function distinct(learned: readonly Learned[]): Learned[] {
  return [...new Map(learned.map(one => [`${one.kind} ${one.table} ${one.address}`, one])).values()];
}
