import { expect } from 'vitest';
import { createModbusDrivers } from '../../../drivers/modbus/modbus-driver.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Driver, OpenBus, Read } from '../../../src/driver.ts';
import type { Bus, ModbusRtuBus, ModbusRtuOverTcpBus, ModbusTcpBus } from '../../../src/model/bus.ts';
import type { Device, ReadLimits } from '../../../src/model/device.ts';
import type { ModbusAddress, ModbusTable, Point } from '../../../src/model/point.ts';

export const timeouts = { connectTimeoutMs: 3_000, timeoutMs: 1_000 };

export function modbusBus(port: number, host = '127.0.0.1'): ModbusTcpBus {
  return { protocol: 'modbus-tcp', id: 'bus', host, port, ...timeouts, requestsInFlight: 1, deadDeviceShare: 0.1 };
}

export function rtuBus(path: string, changes: Partial<ModbusRtuBus> = {}): ModbusRtuBus {
  return {
    protocol: 'modbus-rtu',
    id: 'bus',
    path,
    line: { baudRate: 19_200, parity: 'even', stopBits: 1 },
    turnaroundMs: 0,
    rs485: { direction: 'adapter', echo: 'auto' },
    timeoutMs: timeouts.timeoutMs,
    deadDeviceShare: 0.1,
    ...changes,
  };
}

export function rtuOverTcpBus(port: number): ModbusRtuOverTcpBus {
  const { line, turnaroundMs, rs485, deadDeviceShare } = rtuBus('');
  return {
    protocol: 'modbus-rtu-over-tcp',
    id: 'bus',
    host: '127.0.0.1',
    port,
    line,
    turnaroundMs,
    rs485,
    deadDeviceShare,
    ...timeouts,
  };
}

export function modbusDriver(protocol: Bus['protocol']): Driver {
  const driver = createModbusDrivers().find(one => one.protocol === protocol);
  if (!driver) throw new Error(`no driver for ${protocol}`);
  return driver;
}

export function openBusAt(port: number, clock: Clock): OpenBus {
  return modbusDriver('modbus-tcp').create({ bus: modbusBus(port), clock, log: silentLog });
}

/** The one read that fetches these points. */
export function planOne(bus: OpenBus, device: Device): Read {
  const [read, ...more] = bus.plan(device, device.points);
  expect(more).toEqual([]);
  if (!read) throw new Error('nothing was planned');
  return read;
}

export function modbusAddress(
  table: ModbusTable,
  address: number,
  changes: Partial<ModbusAddress> = {},
): ModbusAddress {
  const isBit = table === 'coil' || table === 'discrete-input';
  return {
    protocol: 'modbus',
    table,
    address,
    type: isBit ? 'bool' : 'u16',
    wordOrder: 'high-first',
    byteOrder: 'high-first',
    bit: 0,
    bitCount: 1,
    registerCount: 1,
    invalidWords: [],
    ...changes,
  };
}

export function modbusDevice(
  addresses: readonly ModbusAddress[],
  changes: { unitId?: number; readLimits?: Partial<ReadLimits> } = {},
): Device {
  const points = addresses.map(
    (address, number): Point => ({
      number,
      key: `device/p${number}`,
      id: `p${number}`,
      name: `Point ${number}`,
      device: 1,
      unit: '',
      intervalMs: 1_000,
      address,
      scale: 1,
      offset: 0,
      invalidValues: [],
      states: undefined,
      isCounter: false,
      recording: undefined,
    }),
  );
  return {
    number: 1,
    id: 'device',
    name: 'Device',
    bus: 'bus',
    profile: undefined,
    unitId: changes.unitId ?? 1,
    bacnet: undefined,
    timeoutMs: undefined,
    readLimits: { maxRegisters: 125, maxBits: 2_000, maxGap: 0, barriers: [], ...changes.readLimits },
    points,
  };
}
