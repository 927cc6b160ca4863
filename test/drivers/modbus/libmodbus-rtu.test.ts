import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { OpenBus } from '../../../src/driver.ts';
import type { Bus } from '../../../src/model/bus.ts';
import { type LibmodbusSlave, startLibmodbusSlave } from '../../fakes/libmodbus-slave.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { openDeviceServer, openSerialCable, type SerialCable } from '../../fakes/serial-cable.ts';
import { holding, others } from './libmodbus-values.ts';
import { modbusAddress, modbusDevice, modbusDriver, planOne, rtuBus, rtuOverTcpBus } from './modbus-rig.ts';

/* RTU against a slave that nobody here wrote, over a serial cable and through a device server. */

let cable: SerialCable;
let slave: LibmodbusSlave;
let bus: OpenBus;

beforeEach(async () => {
  cable = await openSerialCable();
  slave = await startLibmodbusSlave('rtu', cable.far);
});

afterEach(async () => {
  await bus.close();
  await slave.stop();
  await cable[Symbol.asyncDispose]();
});

function open(settings: Bus): OpenBus {
  bus = modbusDriver(settings.protocol).create({ bus: settings, clock: systemClock, log: silentLog });
  return bus;
}

async function expectEveryValue(): Promise<void> {
  const all = [...holding, ...others];
  const device = modbusDevice(
    all.map(({ address }) => address),
    { readLimits: { maxGap: 124 } },
  );
  for (const read of bus.plan(device, device.points)) {
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
    for (const [index, point] of read.points.entries()) {
      const expected = all[point.number];
      const reading = { value: expected?.value, text: expected?.text, quality: expected?.quality ?? 'good' };
      expect({ number: point.number, reading: read.readings[index] }).toEqual({ number: point.number, reading });
    }
  }
}

const few = () => modbusDevice([0, 1, 2].map(address => modbusAddress('input-register', address)));

describe('a slave on libmodbus on a serial line', () => {
  test('is read right in every type, order and table', async () => {
    open(rtuBus(cable.near));
    await expectEveryValue();
  });

  test('is asked without a silence too short, many times, and answers each time', async () => {
    open(rtuBus(cable.near, { line: { baudRate: 115_200, parity: 'even', stopBits: 1 } }));
    const device = few();
    const read = planOne(bus, device);
    for (let count = 0; count < 200; count += 1) expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
  });

  test('that is unplugged fails at once, and is read again by the read after it is plugged in', async () => {
    open(rtuBus(cable.near));
    const device = few();
    const read = planOne(bus, device);
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
    await cable.unplug();
    await slave.stop();
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'failed', reason: 'no-connection' });
    await cable.plug();
    slave = await startLibmodbusSlave('rtu', cable.far);
    expect(await readOnce(bus, read)).toMatchObject({ kind: 'answered' });
  });

  test('may not be opened twice, and the failure says who is in the way', async () => {
    open(rtuBus(cable.near));
    const device = few();
    await readOnce(bus, planOne(bus, device));
    const second = modbusDriver('modbus-rtu').create({ bus: rtuBus(cable.near), clock: systemClock, log: silentLog });
    expect(await readOnce(second, planOne(second, device))).toMatchObject({
      reason: 'no-connection',
      detail: `${cable.near}: another program holds the port`,
    });
    await second.close();
  });

  test('that is not there is told with what to do', async () => {
    open(rtuBus('/dev/plantroom-no-such-port'));
    expect(await readOnce(bus, planOne(bus, few()))).toMatchObject({
      reason: 'no-connection',
      detail: expect.stringContaining('`plantroom ports` lists them'),
    });
  });
});

test('a slave on libmodbus behind a serial device server is read right in every type, order and table', async () => {
  await using server = await openDeviceServer(cable.near);
  open(rtuOverTcpBus(server.port));
  await expectEveryValue();
  await bus.close();
});
