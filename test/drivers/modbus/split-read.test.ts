import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/base/log.ts';
import type { OpenBus, Read } from '../../../src/driver.ts';
import { readOnce } from '../../fakes/read-once.ts';
import {
  encodeFrame,
  openScriptedSlave,
  registerValue,
  type Script,
  type ScriptedSlave,
} from '../../fakes/scripted-slave.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusAddress, modbusBus, modbusDevice, modbusDriver, planOne } from './modbus-rig.ts';

/*
 * One wrong address in a profile, or one register that this firmware lacks, costs the values of that register and no
 * other.
 */

const day = 86_400_000;

let slave: ScriptedSlave;
let clock: VirtualClock;
let bus: OpenBus;
let warnings: Record<string, unknown>[];

beforeEach(open);
afterEach(close);

async function open(): Promise<void> {
  slave = await openScriptedSlave();
  clock = new VirtualClock();
  warnings = [];
  const log: Log = { ...silentLog, warn: fields => warnings.push(fields) };
  bus = modbusDriver('modbus-tcp').create({ bus: modbusBus(slave.port), clock, log });
}

async function close(): Promise<void> {
  await bus.close();
  await slave.close();
}

/** From now on the device behaves like this. */
function behave(script: Script): void {
  slave.play(...Array.from({ length: 2_000 }, () => script));
}

function refusing(isRefused: (address: number, count: number) => boolean, code = 2): Script {
  return ({ transaction, unitId, functionCode, address, count }, good) =>
    isRefused(address, count)
      ? { pieces: [encodeFrame(transaction, unitId, [functionCode | 0x80, code])] }
      : { pieces: [good] };
}

const lacking = (...holes: number[]) =>
  refusing((address, count) => holes.some(hole => hole >= address && hole < address + count));

const pointsAt = (...addresses: number[]) =>
  planOne(bus, modbusDevice(addresses.map(address => modbusAddress('holding-register', address))));

/** The addresses of the points that a poll brought a good value for, each checked against what the slave sent. */
async function poll(read: Read): Promise<number[]> {
  const before = slave.requests.length;
  const outcome = await readOnce(bus, read);
  if (outcome.kind !== 'answered') throw new Error(outcome.detail);
  const requests = slave.requests.slice(before);
  return read.points.flatMap(({ address }, index) => {
    const reading = read.readings[index];
    if (address.protocol !== 'modbus' || reading?.quality !== 'good') return [];
    const sent = requests
      .filter(one => one.address <= address.address && address.address < one.address + one.count)
      .map(one => registerValue(address.address, one.number));
    expect(sent).toContain(reading.value);
    return [address.address];
  });
}

async function polls(read: Read, count: number): Promise<number[]> {
  let good: number[] = [];
  for (let number = 0; number < count; number += 1) good = await poll(read);
  return good;
}

test('one register that the device lacks costs its own point, and no other, within as many polls as it takes to halve', async () => {
  behave(lacking(5));
  const read = pointsAt(0, 1, 2, 3, 4, 5, 6, 7);
  expect(await poll(read)).toEqual([]);
  expect(await poll(read)).toEqual([0, 1, 2, 3]);
  expect(await poll(read)).toEqual([0, 1, 2, 3, 6, 7]);
  expect(await poll(read)).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(read.readings[5]?.quality).toBe('refused');
});

test('a hole is told once, by the name of its point, and costs no request until it is tried again', async () => {
  behave(lacking(1));
  const read = pointsAt(0, 1, 2);
  await polls(read, 6);
  expect(warnings.filter(({ points }) => points)).toEqual([
    { points: ['device/p1'], exception: 'exception 2, illegal address: a register in this range cannot be read' },
  ]);
  const before = slave.requests.length;
  await polls(read, 3);
  expect(slave.requests.slice(before).some(({ address }) => address === 1)).toBe(false);
  await clock.advance(10_000);
  await poll(read);
  expect(slave.requests.filter(({ address, count }) => address === 1 && count === 1).length).toBe(4);
  expect(warnings.filter(({ points }) => points).length).toBe(1);
});

test('a device that refuses everything while it starts is whole again with its first answer', async () => {
  let isStarting = true;
  behave(refusing(() => isStarting));
  const read = pointsAt(0, 1, 2, 3);
  await polls(read, 8);
  isStarting = false;
  expect(await poll(read)).toEqual([0, 1, 2, 3]);
  expect(slave.requests.at(-1)).toMatchObject({ address: 0, count: 4 });
});

test('a register that comes back brings the others back that were refused with it', async () => {
  const missing = new Set([1, 3]);
  behave(refusing((address, count) => [...missing].some(hole => hole >= address && hole < address + count)));
  const read = pointsAt(0, 1, 2, 3, 4);
  await polls(read, 8);
  missing.clear();
  await clock.advance(10_000);
  await poll(read);
  expect(await poll(read)).toEqual([0, 1, 2, 3, 4]);
  await clock.advance(day);
  await poll(read);
  expect(slave.requests.at(-1)).toMatchObject({ address: 0, count: 5 });
});

test('a device that answers nothing but single reads ends there, and loses no value when the whole is tried again', async () => {
  behave(refusing((_, count) => count > 1, 3));
  const read = pointsAt(0, 1, 2, 3);
  expect(await polls(read, 3)).toEqual([0, 1, 2, 3]);
  for (let count = 0; count < 12; count += 1) {
    await clock.advance(day);
    expect(await poll(read)).toEqual([0, 1, 2, 3]);
  }
  const whole = slave.requests.filter(({ count }) => count === 4).length;
  expect(whole).toBe(13);
});

test('points of one register are never cut apart', async () => {
  behave(lacking(0));
  const read = planOne(
    bus,
    modbusDevice([0, 1, 2].map(bit => modbusAddress('holding-register', 0, { type: 'bool', bit }))),
  );
  await polls(read, 4);
  expect(slave.requests.every(({ count }) => count === 1)).toBe(true);
  expect(slave.requests.length).toBe(4);
});

test('a part that falls silent makes the whole read bad', async () => {
  behave(lacking(0));
  const read = pointsAt(0, 1);
  await polls(read, 2);
  await close();
  const outcome = await readOnce(bus, read);
  expect(outcome.kind).toBe('failed');
  expect(read.readings.map(({ quality }) => quality)).toEqual(['no-connection', 'no-connection']);
  await open();
});

describe('whatever the device lacks', () => {
  test('every register it has is read, right, after eight polls, and those it lacks are refused', async () => {
    const addresses = Array.from({ length: 60 }, (_, index) => index);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 12 }), async holes => {
        await close();
        await open();
        behave(lacking(...holes));
        const read = pointsAt(...addresses);
        expect(await polls(read, 8)).toEqual(addresses.filter(address => !holes.includes(address)));
      }),
      { numRuns: 40 },
    );
  });
});
