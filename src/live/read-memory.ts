import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type Device, polledPart } from '../model/device.ts';
import { type Learned, mostLearned, type ReadMemory, retryInMs } from '../model/learned.ts';
import type { HoleView } from '../model/view.ts';
import type { LearnedRecord } from '../store/store.ts';

/**
 * What devices refuse, in memory, and on the disk as soon as that can be. Polling never waits for it and never fails by
 * it: what the disk does not take is learned anew after the next start.
 */
export interface LiveReadMemory extends ReadMemory<Device> {
  /**
   * Takes over what was kept, before polling begins. What does not fit a device of the site any more is removed. A store
   * that cannot tell costs a few refused reads, and nothing else.
   */
  load(stored: Promise<readonly LearnedRecord[]>, devices: readonly Device[]): Promise<void>;
  /** In the order of the devices given. */
  views(devices: readonly Device[]): HoleView[];
}

export interface ReadMemoryOptions {
  /** Undefined while there is no store. */
  readonly write: (record: LearnedRecord) => Promise<void> | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export function createReadMemory({ write, clock, log }: ReadMemoryOptions): LiveReadMemory {
  const records = new Map<string, LearnedRecord>();
  /** Devices with a write under way, and whether there is something newer: a disk that hangs piles nothing up. */
  const writing = new Map<string, 'last' | 'newer'>();

  function recall(device: Device): readonly Learned[] {
    const record = records.get(device.id);
    return record && record.signature === signatureOf(device) ? record.learned : [];
  }

  async function store(device: string): Promise<void> {
    if (writing.has(device)) {
      writing.set(device, 'newer');
      return;
    }
    do {
      writing.set(device, 'last');
      try {
        await write(records.get(device) ?? { device, signature: '', learned: [] });
      } catch (thrown) {
        log.warn({ device, failure: messageOf(thrown) }, 'what was learned of a device was not stored');
        break;
      }
    } while (writing.get(device) === 'newer');
    writing.delete(device);
  }

  function takeOver(stored: readonly LearnedRecord[], devices: readonly Device[]): void {
    const byId = new Map(devices.map(device => [device.id, device]));
    for (const record of stored) {
      const device = byId.get(record.device);
      if (device && signatureOf(device) === record.signature) records.set(record.device, record);
      else void store(record.device);
    }
  }

  return {
    recall,
    keep(device, learned) {
      if (learned.length === 0) records.delete(device.id);
      else {
        const kept = learned.slice(0, mostLearned);
        records.set(device.id, { device: device.id, signature: signatureOf(device), learned: kept });
      }
      void store(device.id);
    },
    async load(stored, devices) {
      try {
        takeOver(await stored, devices);
      } catch (thrown) {
        log.warn({ failure: messageOf(thrown) }, 'what devices refuse is learned anew');
      }
    },
    views: devices => {
      const nowWall = clock.wallMs();
      return devices.flatMap(device => recall(device).map(learned => viewOf(device, learned, nowWall)));
    },
  };
}

/** All that decides what is asked of a device: where it differs, what was learned says nothing any more. */
function signatureOf(device: Device): string {
  const { bus, unitId, bacnet, readLimits, points } = polledPart(device);
  const text = JSON.stringify([bus, bacnet ?? unitId, readLimits, points.map(({ address }) => address)]);
  return createHash('sha256').update(text).digest('base64');
}

function viewOf(device: Device, learned: Learned, nowWall: number): HoleView {
  const { kind, table, address, count, learnedAt } = learned;
  const points = device.points.filter(
    ({ address: own }) =>
      own.protocol === 'modbus' && own.table === table && own.address >= address && own.address < address + count,
  );
  return {
    device: device.id,
    deviceName: device.name,
    kind,
    table,
    address,
    count,
    points: points.map(({ key }) => key),
    since: learnedAt,
    nextTryAt: nowWall + retryInMs(learned, nowWall),
  };
}
