import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/base/log.ts';
import type { OpenBus } from '../../../src/driver.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { encodeFrame, openScriptedSlave, type Script, type ScriptedSlave } from '../../fakes/scripted-slave.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusAddress, modbusBus, modbusDevice, modbusDriver, planOne, timeouts } from './modbus-rig.ts';

let slave: ScriptedSlave;
let clock: VirtualClock;
let bus: OpenBus;
let warnings: Record<string, unknown>[];

beforeEach(async () => {
  slave = await openScriptedSlave();
  clock = new VirtualClock();
  warnings = [];
  const log: Log = { ...silentLog, warn: fields => warnings.push(fields) };
  bus = modbusDriver('modbus-tcp').create({ bus: modbusBus(slave.port), clock, log });
});

afterEach(async () => {
  await bus.close();
  await slave.close();
});

const device = modbusDevice([0, 1].map(address => modbusAddress('holding-register', address)));

const refuse =
  (code: number): Script =>
  ({ transaction, unitId, functionCode }) => ({
    pieces: [encodeFrame(transaction, unitId, [functionCode | 0x80, code])],
  });

test('devices on one bus share one connection, each with its own unit id', async () => {
  const units = [1, 2, 247, 0, 255];
  for (const unitId of [...units, ...units]) await readOnce(bus, planOne(bus, { ...device, unitId }));
  expect(slave.requests.map(({ unitId }) => unitId)).toEqual([...units, ...units]);
  expect(slave.connections()).toBe(1);
});

test('transaction ids begin again after 65535 and stay matched', async () => {
  const read = planOne(bus, device);
  for (let count = 0; count < 66_000; count += 1) {
    const outcome = await readOnce(bus, read);
    if (outcome.kind !== 'answered') throw new Error(`read ${count}: ${outcome.detail}`);
  }
  const ids = slave.requests.map(({ transaction }) => transaction);
  expect(new Set(ids.slice(0, 65_536)).size).toBe(65_536);
  expect(slave.connections()).toBe(1);
});

test('an answer that was not decoded before the next one came is bad, never the next one', async () => {
  const [one, other] = [planOne(bus, device), planOne(bus, device)];
  for (const read of [one, other]) await new Promise<unknown>(resolve => bus.read(read, 1_000, resolve));
  bus.decode(one);
  bus.decode(other);
  expect(one.readings.map(({ quality }) => quality)).toEqual(['bad-reply', 'bad-reply']);
  expect(other.readings.map(({ quality }) => quality)).toEqual(['good', 'good']);
});

test('a refusal is told once, with the registers and the reason, and again only after the device gave an answer', async () => {
  const read = planOne(bus, device);
  slave.play(refuse(4), refuse(4), refuse(4));
  for (let count = 0; count < 4; count += 1) await readOnce(bus, read);
  expect(warnings).toEqual([
    {
      device: 'device',
      read: 'holding-register 0–1',
      exception: 'exception 4, device failure',
    },
  ]);
  slave.play(refuse(4));
  await readOnce(bus, read);
  expect(warnings.length).toBe(2);
});

test('a refusal with a code that does not exist is a refusal all the same', async () => {
  const read = planOne(bus, device);
  slave.play(refuse(0));
  expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
  expect(read.readings.map(({ quality }) => quality)).toEqual(['refused', 'refused']);
});

test('what went wrong is said in words', async () => {
  const read = planOne(bus, device);
  slave.play(refuse(11));
  expect(await readOnce(bus, read)).toMatchObject({ detail: 'exception 11, gateway got no answer from the device' });
  slave.play((_, good) => {
    good[6] = 9;
    return { pieces: [good] };
  });
  expect(await readOnce(bus, read)).toMatchObject({ detail: 'unit id 9 instead of 1' });
  await readOnce(bus, read);
  slave.play(() => ({ pieces: [] }));
  const outcome = readOnce(bus, read);
  await clock.advance(timeouts.timeoutMs);
  expect(await outcome).toMatchObject({ detail: 'no answer within 1000 ms' });
  await slave.close();
  expect(await readOnce(bus, read)).toMatchObject({ detail: `127.0.0.1:${slave.port}: ECONNREFUSED` });
});
