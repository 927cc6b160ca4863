import { parseArgs } from 'node:util';
import modbusSerial from 'modbus-serial';
import { createModbusDrivers } from '../../drivers/modbus/modbus-driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { modbusAddress, modbusBus, modbusDevice, rtuBus } from '../drivers/modbus/modbus-rig.ts';

/*
 * Reads the same holding registers again and again, for a time, in a process of its own: with our driver or with
 * modbus-serial as it comes, over a serial port or a TCP port. Tells the reads, and how many brought a wrong value: register
 * a has to hold a.
 */

const { values } = parseArgs({
  options: {
    client: { type: 'string', default: 'plantroom' },
    /** Path of a serial port, or a TCP port on this machine. */
    endpoint: { type: 'string', default: '' },
    registers: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
  },
});
const isSerial = values.endpoint.startsWith('/');
const baudRate = 9_600;
const registers = Number(values.registers);
const first = 100;
const tally = { reads: 0, failed: 0, wrong: 0 };
let startMono = 0;

await (values.client === 'plantroom' ? readWithPlantroom() : readWithModbusSerial());

async function readWithPlantroom(): Promise<void> {
  const line = { baudRate, parity: 'even', stopBits: 1 } as const;
  const settings = isSerial ? rtuBus(values.endpoint, { line }) : modbusBus(Number(values.endpoint));
  const driver = createModbusDrivers().find(({ protocol }) => protocol === settings.protocol);
  const bus = driver?.create({ bus: settings, clock: systemClock, log: silentLog });
  if (!bus) throw new Error('there is no driver');
  const device = modbusDevice(
    Array.from({ length: registers }, (_, index) => modbusAddress('holding-register', first + index)),
  );
  const [read] = bus.plan(device, device.points);
  if (!read) throw new Error('nothing was planned');
  await new Promise<void>(resolve => bus.read(read, 1_000, () => resolve()));
  const cpu = begin();
  await new Promise<void>(resolve => {
    const goOn = () =>
      bus.read(read, 1_000, outcome => {
        if (outcome.kind === 'answered') {
          bus.decode(read);
          count(index => read.readings[index]?.value);
        } else tally.failed += 1;
        if (isOver()) resolve();
        else goOn();
      });
    goOn();
  });
  tell(cpu);
  await bus.close();
}

async function readWithModbusSerial(): Promise<void> {
  const client = new modbusSerial.default();
  if (isSerial) {
    await client.connectRTUBuffered(values.endpoint, { baudRate, parity: 'even', dataBits: 8, stopBits: 1 });
  } else await client.connectTCP('127.0.0.1', { port: Number(values.endpoint) });
  client.setID(1);
  client.setTimeout(1_000);
  await client.readHoldingRegisters(first, registers);
  const cpu = begin();
  while (!isOver()) {
    try {
      const { data } = await client.readHoldingRegisters(first, registers);
      count(index => data[index]);
    } catch {
      tally.failed += 1;
    }
  }
  tell(cpu);
  client.destroy(() => process.exit(0));
}

function count(valueAt: (index: number) => number | undefined): void {
  tally.reads += 1;
  for (let index = 0; index < registers; index += 1) {
    if (valueAt(index) === first + index) continue;
    tally.wrong += 1;
    return;
  }
}

function begin() {
  startMono = performance.now();
  process.stdout.write('{"begun":true}\n');
  return process.cpuUsage();
}

function isOver(): boolean {
  return performance.now() - startMono > Number(values.seconds) * 1_000;
}

function tell(begun: NodeJS.CpuUsage): void {
  const elapsedMs = performance.now() - startMono;
  const { user, system } = process.cpuUsage(begun);
  process.stdout.write(`${JSON.stringify({ ...tally, elapsedMs, cpuMs: (user + system) / 1_000 })}\n`);
}
