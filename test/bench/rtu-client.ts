import { parseArgs } from 'node:util';
import modbusSerial from 'modbus-serial';
import { createModbusDrivers } from '../../drivers/modbus/modbus-driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { modbusAddress, modbusDevice, rtuBus } from '../drivers/modbus/modbus-rig.ts';

/*
 * Reads the same registers over one serial port again and again, for a time, in a process of its own: with our driver or
 * with modbus-serial as it comes. Tells the reads, and how many brought a wrong value.
 */

const { values } = parseArgs({
  options: {
    client: { type: 'string', default: 'plantroom' },
    path: { type: 'string', default: '' },
    registers: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
    baud: { type: 'string', default: '9600' },
  },
});
const registers = Number(values.registers);
const first = 100;
let startMono = 0;
const tally = { reads: 0, failed: 0, wrong: 0 };

await (values.client === 'plantroom' ? openPlantroom() : openModbusSerial());

async function openPlantroom(): Promise<void> {
  const driver = createModbusDrivers().find(({ protocol }) => protocol === 'modbus-rtu');
  const line = { baudRate: Number(values.baud), parity: 'even', stopBits: 1 } as const;
  const bus = driver?.create({ bus: rtuBus(values.path, { line }), clock: systemClock, log: silentLog });
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
          count(read.readings.map(({ value }) => value));
        } else tally.failed += 1;
        if (isOver()) resolve();
        else goOn();
      });
    goOn();
  });
  tell(cpu);
  await bus.close();
}

async function openModbusSerial(): Promise<void> {
  const client = new modbusSerial.default();
  await client.connectRTUBuffered(values.path, {
    baudRate: Number(values.baud),
    parity: 'even',
    dataBits: 8,
    stopBits: 1,
  });
  client.setID(1);
  client.setTimeout(1_000);
  await client.readHoldingRegisters(first, registers);
  const cpu = begin();
  while (!isOver()) {
    try {
      const { data } = await client.readHoldingRegisters(first, registers);
      count(data);
    } catch {
      tally.failed += 1;
    }
  }
  tell(cpu);
  client.destroy(() => process.exit(0));
}

function count(read: readonly number[]): void {
  tally.reads += 1;
  if (read.length !== registers || read.some((value, index) => value !== first + index)) tally.wrong += 1;
}

function begin() {
  process.stdout.write('{"begun":true}\n');
  startMono = performance.now();
  return { usage: process.cpuUsage(), mono: startMono };
}

function isOver(): boolean {
  return performance.now() - startMono > Number(values.seconds) * 1_000;
}

function tell({ usage, mono }: { usage: NodeJS.CpuUsage; mono: number }): void {
  const elapsedMs = performance.now() - mono;
  const { user, system } = process.cpuUsage(usage);
  process.stdout.write(`${JSON.stringify({ ...tally, elapsedMs, cpuMs: (user + system) / 1_000 })}\n`);
}
