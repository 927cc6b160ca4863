import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { OpenBus, ReadOutcome } from '../../../src/driver.ts';
import { type LibmodbusSlave, startLibmodbusSlave } from '../../fakes/libmodbus-slave.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { holding, others } from './libmodbus-values.ts';
import { modbusAddress, modbusDevice, openBusAt, planOne, timeouts } from './modbus-rig.ts';

describe('a slave on libmodbus', () => {
  let slave: LibmodbusSlave;
  let bus: OpenBus;

  beforeAll(async () => {
    slave = await startLibmodbusSlave('serve');
    bus = openBusAt(slave.port, systemClock);
  });

  afterAll(async () => {
    await bus?.close();
    await slave?.stop();
  });

  test.each([
    ['in as few reads as can be', { maxGap: 124 }],
    ['in reads of up to 16 registers', { maxGap: 124, maxRegisters: 16, maxBits: 16 }],
    ['without running across a gap', { maxGap: 0 }],
  ])('is read right in every type, order and table, %s', async (_, readLimits) => {
    const all = [...holding, ...others];
    const device = modbusDevice(
      all.map(({ address }) => address),
      { readLimits },
    );
    const seen = new Map<number, unknown>();
    for (const read of bus.plan(device, device.points)) {
      expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
      for (const [index, point] of read.points.entries()) seen.set(point.number, read.readings[index]);
    }
    for (const [number, { value, text, quality = 'good' }] of all.entries()) {
      expect({ number, reading: seen.get(number) }).toEqual({ number, reading: { value, text, quality } });
    }
  });

  test('takes the longest reads of the protocol', async () => {
    const registers = modbusDevice(Array.from({ length: 125 }, (_, index) => modbusAddress('holding-register', index)));
    expect(await readOnce(bus, planOne(bus, registers))).toMatchObject({ kind: 'answered' });
    const bits = modbusDevice(Array.from({ length: 2_000 }, (_, index) => modbusAddress('coil', index)));
    const read = planOne(bus, bits);
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
    expect(read.readings.map(({ value }) => value)).toEqual(
      bits.points.map(({ number }) => (number % 3 === 0 ? 1 : 0)),
    );
  });

  test('that refuses a register is heard, and its points are refused', async () => {
    const read = planOne(
      bus,
      modbusDevice([modbusAddress('input-register', 99), modbusAddress('input-register', 100)]),
    );
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
    expect(read.readings.map(({ quality }) => quality)).toEqual(['refused', 'refused']);
    // From the next poll on it costs the point that is not there, and no other.
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
    expect(read.readings.map(({ value, quality }) => [value, quality])).toEqual([
      [3 * 99 + 7, 'good'],
      [Number.NaN, 'refused'],
    ]);
  });

  test('whose answer came while we were held up was not silent', async () => {
    const read = planOne(bus, modbusDevice([modbusAddress('holding-register', 0)]));
    await readOnce(bus, read);
    const outcome = new Promise<ReadOutcome>(resolve => bus.read(read, 50, resolve));
    // The request is out. A machine that is short of time, or a long task of ours, lets the deadline pass unseen.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(await outcome).toMatchObject({ kind: 'answered' });
  });

  test('that freezes is timed out, and read again when it thaws', async () => {
    const clock = new VirtualClock();
    const other = await startLibmodbusSlave('serve');
    const otherBus = openBusAt(other.port, clock);
    try {
      const read = planOne(otherBus, modbusDevice([modbusAddress('holding-register', 0)]));
      expect(await readOnce(otherBus, read)).toMatchObject({ kind: 'answered' });
      other.freeze();
      const frozen = readOnce(otherBus, read);
      await clock.advance(timeouts.timeoutMs);
      expect(await frozen).toMatchObject({ kind: 'failed', reason: 'timeout', atMono: timeouts.timeoutMs });
      other.thaw();
      expect(await readOnce(otherBus, read)).toMatchObject({ kind: 'answered' });
      expect(read.readings).toEqual([{ value: 43_981, text: undefined, quality: 'good' }]);
    } finally {
      await otherBus.close();
      await other.stop();
    }
  });

  test('that is killed is no connection, and its neighbours on other buses never notice', async () => {
    const other = await startLibmodbusSlave('serve');
    const otherBus = openBusAt(other.port, systemClock);
    try {
      const device = modbusDevice([modbusAddress('holding-register', 0)]);
      const read = planOne(otherBus, device);
      expect(await readOnce(otherBus, read)).toMatchObject({ kind: 'answered' });
      await other.stop();
      expect(await readOnce(otherBus, read)).toMatchObject({ kind: 'failed', reason: 'no-connection' });
      expect(await readOnce(otherBus, read)).toMatchObject({
        kind: 'failed',
        detail: expect.stringContaining('ECONNREFUSED'),
      });
      expect(await readOnce(bus, planOne(bus, device))).toMatchObject({ kind: 'answered' });
    } finally {
      await otherBus.close();
    }
  });
});

describe('a host that swallows the attempt to connect', () => {
  let deaf: LibmodbusSlave;
  const fillers: Socket[] = [];

  beforeAll(async () => {
    deaf = await startLibmodbusSlave('deaf');
    // The queue of the listener takes one connection; the kernel then drops every further attempt without a word.
    const filler = connect(deaf.port, '127.0.0.1');
    fillers.push(filler);
    await new Promise(resolve => filler.once('connect', resolve));
  });

  afterAll(async () => {
    for (const filler of fillers) filler.destroy();
    await deaf?.stop();
  });

  test('is given up at the deadline, and leaves nothing behind', async () => {
    const clock = new VirtualClock();
    const bus = openBusAt(deaf.port, clock);
    const outcome = readOnce(bus, planOne(bus, modbusDevice([modbusAddress('holding-register', 0)])));
    await clock.advance(timeouts.connectTimeoutMs);
    expect(await outcome).toMatchObject({
      kind: 'failed',
      reason: 'no-connection',
      atMono: timeouts.connectTimeoutMs,
      detail: expect.stringContaining('no connection within 3000 ms'),
    });
    await waitUntil(
      () => countSockets() === fillers.length,
      () => `${countSockets()} sockets are left`,
    );
    expect(clock.pending).toBe(0);
    await bus.close();
  });

  test('does not hold up close', async () => {
    const bus = openBusAt(deaf.port, new VirtualClock());
    const outcome = readOnce(bus, planOne(bus, modbusDevice([modbusAddress('holding-register', 0)])));
    await settle();
    await bus.close();
    expect(await outcome).toMatchObject({ kind: 'failed', reason: 'no-connection' });
  });
});

/** TCP sockets of this process, be they connected or trying to. */
function countSockets(): number {
  return process.getActiveResourcesInfo().filter(name => /^TCP(SocketWrap|Wrap|ConnectWrap)$|^ConnectWrap$/.test(name))
    .length;
}
