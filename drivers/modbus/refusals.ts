import type { Clock } from '../../src/base/clock.ts';
import type { DriverOptions } from '../../src/driver.ts';
import type { Device } from '../../src/model/device.ts';
import type { Learned } from '../../src/model/learned.ts';
import type { ModbusRead } from './read-plan.ts';
import { learnedFrom, recallSplit } from './split-read.ts';

/** What the devices of one bus are known to refuse, by the points read together; kept in the memory of the options. */
export interface Refusals {
  /** Cuts freshly planned reads of a device where it is known to refuse them. They replace those with the same points. */
  recall(device: Device, reads: readonly ModbusRead[]): void;
  /** To be told whenever the split of a read has changed, or is gone. */
  remember(read: ModbusRead): void;
  forget(device: Device): void;
}

interface Known {
  readonly read: ModbusRead;
  readonly learned: readonly Learned[];
}

export function createRefusals(memory: DriverOptions['memory'], clock: Clock): Refusals {
  /**
   * Only reads of which something is known. By their points and not by themselves: of a read that is planned anew with the
   * same points the poller goes on with the old one.
   */
  const known = new Map<string, Known>();

  const knownOf = (device: Device) => [...known.values()].filter(({ read }) => read.device.id === device.id);
  const now = () => ({ mono: clock.monoMs(), wall: clock.wallMs() });

  return {
    recall(device, reads) {
      const learned = memory?.recall(device) ?? knownOf(device).flatMap(one => one.learned);
      // Nearly always: most devices refuse nothing.
      if (learned.length === 0 && known.size === 0) return;
      const planned = new Set(reads.flatMap(({ points }) => points.map(({ number }) => number)));
      for (const { read } of knownOf(device)) {
        if (read.points.some(({ number }) => planned.has(number))) known.delete(keyOf(read));
      }
      for (const read of reads) {
        read.split = recallSplit(read, learned, now());
        if (read.split) known.set(keyOf(read), { read, learned: learnedFrom(read, read.split, learned, now()) });
      }
    },
    remember(read) {
      const before = known.get(keyOf(read))?.learned ?? [];
      if (read.split) known.set(keyOf(read), { read, learned: learnedFrom(read, read.split, before, now()) });
      else if (!known.delete(keyOf(read))) return;
      memory?.keep(read.device, distinct(knownOf(read.device).flatMap(one => one.learned)));
    },
    forget(device) {
      for (const { read } of knownOf(device)) known.delete(keyOf(read));
      memory?.keep(device, []);
    },
  };
}

/** Numbers of points are unique in the process. */
function keyOf({ points }: ModbusRead): string {
  return points.map(({ number }) => number).join();
}

/** Two reads of one device may run across the same registers, at different intervals. */
function distinct(learned: readonly Learned[]): Learned[] {
  return [...new Map(learned.map(one => [`${one.kind} ${one.table} ${one.address}`, one])).values()];
}
