import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import type { OpenBus, Read } from '../../../src/driver.ts';
import type { Device } from '../../../src/model/device.ts';
import type { Learned, ReadMemory } from '../../../src/model/learned.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { encodeFrame, openScriptedSlave, type Script, type ScriptedSlave } from '../../fakes/scripted-slave.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusAddress, modbusBus, modbusDevice, modbusDriver } from './modbus-rig.ts';

/* What a device refuses outlives the process: a restart does not ask again for what is known to be refused. */

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const addresses = Array.from({ length: 12 }, (_, index) => index);
const device = modbusDevice(addresses.map(address => modbusAddress('holding-register', address)));

let slave: ScriptedSlave;
let clock: VirtualClock;
let memory: ReadMemory<Device> & { learned: readonly Learned[] };
let bus: OpenBus;
let read: Read;
let isRefused: (address: number, count: number) => boolean;

beforeEach(async () => {
  slave = await openScriptedSlave();
  clock = new VirtualClock();
  memory = {
    learned: [],
    recall: () => memory.learned,
    keep(_, learned) {
      // What a store would give back.
      memory.learned = JSON.parse(JSON.stringify(learned));
    },
  };
  isRefused = () => false;
  const script: Script = ({ transaction, unitId, functionCode, address, count }, good) => ({
    pieces: [isRefused(address, count) ? encodeFrame(transaction, unitId, [functionCode | 0x80, 2]) : good],
  });
  slave.play(...Array.from({ length: 5_000 }, () => script));
  start();
});

afterEach(async () => {
  await bus.close();
  await slave.close();
});

function start(): void {
  bus = modbusDriver('modbus-tcp').create({ bus: modbusBus(slave.port), clock, log: silentLog, memory });
  const [planned, ...more] = bus.plan(device, device.points);
  expect(more).toEqual([]);
  read = planned as Read;
}

async function restart(): Promise<void> {
  await bus.close();
  start();
}

const lacking =
  (...holes: number[]) =>
  (address: number, count: number) =>
    holes.some(hole => hole >= address && hole < address + count);

/** Polls `times` times, `everyMs` apart, and returns the addresses that were good in the last. */
async function polls(times: number, everyMs = 1_000): Promise<number[]> {
  for (let poll = 0; poll < times; poll += 1) {
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
    await clock.advance(everyMs);
  }
  return read.readings.flatMap(({ quality }, index) => (quality === 'good' ? [index] : []));
}

/** How many requests were refused while something was done. */
async function refusedDuring(work: () => Promise<unknown>): Promise<number> {
  const before = slave.requests.length;
  await work();
  return slave.requests.slice(before).filter(({ address, count }) => isRefused(address, count)).length;
}

describe('after a restart', () => {
  test('nothing that is known to be refused is asked for, and every other value is there with the first poll', async () => {
    isRefused = lacking(3, 7);
    await polls(60, minute);
    await restart();
    expect(await refusedDuring(() => polls(60))).toBe(0);
    await restart();
    expect(await polls(1)).toEqual(addresses.filter(address => address !== 3 && address !== 7));
  });

  test('a hole is tried once a day, and is no hole any more when the device has it', async () => {
    isRefused = lacking(5);
    await polls(48 * 3, hour / 3);
    await restart();
    expect(await refusedDuring(() => polls(24 * 4, hour))).toBeLessThanOrEqual(4);
    isRefused = () => false;
    await polls(24, hour);
    await restart();
    await polls(2, day);
    expect(await polls(1)).toEqual(addresses);
    expect(slave.requests.at(-1)).toMatchObject({ address: 0, count: addresses.length });
    expect(memory.learned).toEqual([]);
  });

  test('a device that answers nothing but single reads is read singly at once, and its whole is tried again', async () => {
    isRefused = (_, count) => count > 1;
    await polls(120, minute);
    await restart();
    const refused = await refusedDuring(async () => expect(await polls(59)).toEqual(addresses));
    expect(refused).toBe(0);
    expect(await refusedDuring(() => polls(24, 2 * hour))).toBeGreaterThan(0);
    isRefused = () => false;
    await polls(2, day);
    expect(memory.learned).toEqual([]);
  });

  test('a refusal of a minute ago is soon tried again: a device that was starting up has its values by then', async () => {
    isRefused = lacking(5);
    await polls(8);
    await restart();
    isRefused = () => false;
    await polls(30);
    expect(await polls(1)).toEqual(addresses);
  });

  test('what was learned of points that are not asked for any more is left out', async () => {
    isRefused = lacking(5);
    await polls(10);
    const [others] = bus.plan(device, device.points.slice(8));
    expect(await readOnce(bus, others as Read)).toMatchObject({ kind: 'answered' });
    expect(slave.requests.at(-1)).toMatchObject({ address: 8, count: 4 });
  });
});

test('a plan that is made anew while the gateway runs knows what was learned', async () => {
  isRefused = lacking(5);
  await polls(60, minute);
  [read] = bus.plan(device, device.points, 80) as [Read];
  expect(await refusedDuring(() => polls(60))).toBe(0);
});

test('what is forgotten is asked for at the next poll', async () => {
  isRefused = lacking(5);
  await polls(60, minute);
  bus.forget(device, [read]);
  expect(memory.learned).toEqual([]);
  isRefused = () => false;
  expect(await polls(1)).toEqual(addresses);
});

test.each([
  ['ten years ahead', 10 * 365 * day],
  ['ten years back', -10 * 365 * day],
])('a wall clock that jumps %s neither loses what was learned nor keeps it for ever', async (_, jumpMs) => {
  isRefused = lacking(5);
  await polls(60, minute);
  clock.jumpWall(jumpMs);
  await restart();
  // One try at most, at once or within a day.
  expect(await refusedDuring(() => polls(60))).toBeLessThanOrEqual(1);
  clock.jumpWall(-jumpMs);
  await restart();
  expect(await polls(1)).toEqual(addresses.filter(address => address !== 5));
  isRefused = () => false;
  await polls(3, day);
  expect(await polls(1)).toEqual(addresses);
  expect(memory.learned).toEqual([]);
});

test('whatever the device lacks, a restart finds the same values with its first poll and asks for nothing in vain', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(11), { maxLength: 5 }), async holes => {
      memory.learned = [];
      await restart();
      isRefused = lacking(...holes);
      await polls(60, minute);
      await restart();
      expect(await refusedDuring(() => polls(1))).toBe(0);
      expect(await polls(1)).toEqual(addresses.filter(address => !holes.includes(address)));
    }),
    { numRuns: 15 },
  );
});

describe('a read that goes on while its device is planned anew, as it is every ten minutes,', () => {
  test('is whole in the memory too once the device has its register', async () => {
    isRefused = lacking(5);
    await polls(60, minute);
    bus.plan(device, device.points);
    expect(memory.learned).not.toEqual([]);
    isRefused = () => false;
    await polls(3, day);
    expect(memory.learned).toEqual([]);
  });

  test('keeps the age of what it knows', async () => {
    isRefused = lacking(5);
    await polls(60, minute);
    const before = memory.learned.find(({ kind }) => kind === 'hole');
    bus.plan(device, device.points);
    await polls(24, hour);
    expect(memory.learned.find(({ kind }) => kind === 'hole')?.learnedAt).toBe(before?.learnedAt);
  });

  test('forgets when it is told to', async () => {
    isRefused = lacking(5);
    await polls(60, minute);
    bus.plan(device, device.points);
    isRefused = () => false;
    bus.forget(device, [read]);
    expect(await polls(1)).toEqual(addresses);
    expect(memory.learned).toEqual([]);
  });
});
