import { usualPolicies } from '../../src/model/deadline.ts';
import type { Device } from '../../src/model/device.ts';
import type { ModbusAddress, ModbusTable, Point } from '../../src/model/point.ts';
import type { Site } from '../../src/model/site.ts';

/** A point by what matters to a slave; the rest is filled in. */
export interface SamplePoint extends Partial<ModbusAddress> {
  readonly id: string;
  readonly scale?: number;
  readonly offset?: number;
}

export interface SampleDevice {
  readonly id: string;
  readonly unitId: number;
  readonly points: readonly SamplePoint[];
}

const wholeAddress: ModbusAddress = {
  protocol: 'modbus',
  table: 'holding-register',
  address: 0,
  type: 'u16',
  wordOrder: 'high-first',
  byteOrder: 'high-first',
  bit: 0,
  bitCount: 1,
  registerCount: 1,
  invalidWords: [],
};

export function samplePoint(sample: SamplePoint, number = 0): Point {
  const { id, scale = 1, offset = 0, ...address } = sample;
  return {
    number,
    key: `device/${id}`,
    id,
    name: id,
    device: 0,
    unit: '',
    intervalMs: 1_000,
    address: { ...wholeAddress, ...address },
    scale,
    offset,
    invalidValues: [],
    states: undefined,
    isCounter: false,
    recording: undefined,
  };
}

/** A site with one bus at the host; port 0 lets the simulator take free ones. */
export function sampleSite(devices: readonly SampleDevice[], host = '127.0.0.1'): Site {
  const whole: Device[] = devices.map((device, number) => ({
    number,
    id: device.id,
    name: device.id,
    bus: 'bus',
    profile: undefined,
    unitId: device.unitId,
    bacnet: undefined,
    timeoutMs: undefined,
    readLimits: { maxRegisters: 125, maxBits: 2_000, maxGap: 0, barriers: [] },
    points: device.points.map((point, index) => samplePoint(point, index)),
  }));
  return {
    gateway: { id: 'test', name: 'Test', language: 'en' },
    uplinks: [],
    store: { sizeBytes: 2e9 },
    buses: [
      {
        protocol: 'modbus-tcp',
        id: 'bus',
        host,
        port: 0,
        connectTimeoutMs: 1_000,
        timeoutMs: 1_000,
        requestsInFlight: 1,
        deadDeviceShare: 0.1,
      },
    ],
    devices: whole,
    points: whole.flatMap(device => device.points),
    rules: [],
    expressions: [],
    suppressions: [],
    ruleSets: [],
    policies: usualPolicies,
    groups: [],
    outputs: [],
  };
}

/** So many registers or bits in a row. */
export function samplePoints(table: ModbusTable, first: number, count: number): SamplePoint[] {
  return Array.from({ length: count }, (_, index) => ({ id: `p${index}`, table, address: first + index }));
}
