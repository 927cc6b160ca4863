import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../src/base/log.ts';
import { createReadMemory } from '../../src/live/read-memory.ts';
import type { Device } from '../../src/model/device.ts';
import { type Learned, mostLearned } from '../../src/model/learned.ts';
import type { LearnedRecord } from '../../src/store/store.ts';
import { modbusAddress, modbusDevice } from '../drivers/modbus/modbus-rig.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';

const meter = modbusDevice([0, 1, 2].map(address => modbusAddress('holding-register', address)));

const hole = (address: number, changes: Partial<Learned> = {}): Learned => ({
  kind: 'hole',
  table: 'holding-register',
  address,
  count: 1,
  learnedAt: Date.UTC(2026, 0, 1) - 3_600_000,
  triedAt: Date.UTC(2026, 0, 1) - 1_800_000,
  ...changes,
});

/** A memory on a disk that keeps what it is told, or hangs, or fails. */
function rig(kept: LearnedRecord[] = []) {
  const disk = new Map(kept.map(record => [record.device, record]));
  const writes: LearnedRecord[] = [];
  const warnings: string[] = [];
  let hang: Promise<void> | undefined;
  let isBroken = false;
  const log: Log = { ...silentLog, warn: (_, text) => warnings.push(text ?? '') };
  const memory = createReadMemory({
    async write(record) {
      writes.push(record);
      await hang;
      if (isBroken) throw new Error('the disk is full');
      if (record.learned.length === 0) disk.delete(record.device);
      else disk.set(record.device, record);
    },
    clock: new VirtualClock(),
    log,
  });
  return {
    memory,
    disk,
    writes,
    warnings,
    hangUntil: (until: Promise<void>) => {
      hang = until;
    },
    breakDisk: () => {
      isBroken = true;
    },
  };
}

/** What another start of the same site finds. */
async function afterRestart(disk: ReadonlyMap<string, LearnedRecord>, devices: readonly Device[]) {
  const next = rig([...disk.values()]);
  await next.memory.load(Promise.resolve([...disk.values()]), devices);
  await settle();
  return next;
}

test('what was learned of a device is there again after a restart', async () => {
  const { memory, disk } = rig();
  memory.keep(meter, [hole(1)]);
  await settle();
  const next = await afterRestart(disk, [meter]);
  expect(next.memory.recall(meter)).toEqual([hole(1)]);
});

test.each<[string, Device]>([
  ['its points', { ...meter, points: meter.points.slice(1) }],
  ['its limits', { ...meter, readLimits: { ...meter.readLimits, maxRegisters: 2 } }],
  ['its unit id', { ...meter, unitId: 9 }],
])('a device that changed %s is another device, of which nothing is known', async (_, changed) => {
  const { memory, disk } = rig();
  memory.keep(meter, [hole(1)]);
  await settle();
  expect(memory.recall(changed)).toEqual([]);
  const next = await afterRestart(disk, [changed]);
  expect(next.memory.recall(changed)).toEqual([]);
  expect(next.disk.size).toBe(0);
});

test('what was learned of a device that left the site does not stay on the disk', async () => {
  const { memory, disk } = rig();
  memory.keep(meter, [hole(1)]);
  await settle();
  expect((await afterRestart(disk, [])).disk.size).toBe(0);
});

test('a store that cannot be read costs nothing but what was learned', async () => {
  const { memory, warnings } = rig();
  await memory.load(Promise.reject(new Error('the disk fails')), [meter]);
  expect(memory.recall(meter)).toEqual([]);
  expect(warnings).toEqual(['what devices refuse is learned anew']);
});

test('a disk that hangs holds nobody up and piles nothing up: only the newest is written when it works again', async () => {
  const { memory, writes, disk, hangUntil } = rig();
  const { promise, resolve } = Promise.withResolvers<void>();
  hangUntil(promise);
  for (let address = 0; address < 100; address += 1) memory.keep(meter, [hole(address)]);
  expect(memory.recall(meter)).toEqual([hole(99)]);
  await settle();
  expect(writes.length).toBe(1);
  resolve();
  await settle();
  expect(writes.length).toBe(2);
  expect(disk.get('device')?.learned).toEqual([hole(99)]);
});

test('a disk that refuses is told once, and what was learned still holds', async () => {
  const { memory, warnings, breakDisk } = rig();
  breakDisk();
  memory.keep(meter, [hole(1)]);
  await settle();
  expect(warnings).toEqual(['what was learned of a device was not stored']);
  expect(memory.recall(meter)).toEqual([hole(1)]);
});

test('a device that refuses everything it is asked takes no more room than any', () => {
  const { memory } = rig();
  memory.keep(
    meter,
    Array.from({ length: mostLearned + 50 }, (_, address) => hole(address)),
  );
  expect(memory.recall(meter).length).toBe(mostLearned);
});

test('people are shown the points that a hole costs, since when, and when it is tried again', () => {
  const { memory } = rig();
  memory.keep(meter, [hole(1), hole(2, { kind: 'cut', count: 0 })]);
  const [shown, cut] = memory.views([meter]);
  expect(shown).toMatchObject({ device: 'device', kind: 'hole', address: 1, points: ['device/p1'] });
  expect(shown?.since).toBe(Date.UTC(2026, 0, 1) - 3_600_000);
  expect(shown?.nextTryAt).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 1));
  expect(shown?.nextTryAt).toBeLessThanOrEqual(Date.UTC(2026, 0, 1) + 86_400_000);
  expect(cut).toMatchObject({ kind: 'cut', points: [] });
});
