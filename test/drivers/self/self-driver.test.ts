import { describe, expect, test } from 'vitest';
import { createSelfDriver, type SelfInstruments } from '../../../drivers/self/self-driver.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Device } from '../../../src/model/device.ts';
import { type Point, type SelfMeasure, selfMeasures } from '../../../src/model/point.ts';
import { type DriverRig, describeDriverContract } from '../../contract/driver-contract.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const bus = { protocol: 'self', id: 'self' } as const;

/** Every measure is its place in the list, and a hundred more with every reading. */
function countingInstruments(): { instruments: SelfInstruments; last: Map<SelfMeasure, number> } {
  const last = new Map<SelfMeasure, number>(selfMeasures.map((measure, index) => [measure, index]));
  const measure = (name: SelfMeasure) => () => {
    const value = (last.get(name) ?? 0) + 100;
    last.set(name, value);
    return value;
  };
  const entries = selfMeasures.map(name => [name, measure(name)] as const);
  return { instruments: Object.fromEntries(entries) as Record<SelfMeasure, () => number>, last };
}

function selfDevice(): Device {
  const points = selfMeasures.map(
    (measure, number): Point => ({
      number,
      key: `gateway/${measure}`,
      id: measure,
      name: measure,
      device: 1,
      unit: '',
      intervalMs: 1_000,
      address: { protocol: 'self', measure },
      scale: 1,
      offset: 0,
      invalidValues: [],
      states: undefined,
      isCounter: false,
      recording: undefined,
    }),
  );
  const readLimits = { maxRegisters: 125, maxBits: 2_000, maxGap: 0, barriers: [] };
  return {
    number: 1,
    id: 'gateway',
    name: 'Gateway',
    bus: 'self',
    profile: undefined,
    unitId: undefined,
    bacnet: undefined,
    timeoutMs: undefined,
    readLimits,
    points,
  };
}

async function openRig(): Promise<DriverRig> {
  const { instruments, last } = countingInstruments();
  const device = selfDevice();
  return {
    driver: createSelfDriver(instruments),
    bus,
    device,
    valueOf: number => last.get(selfMeasures[number] ?? 'uptime') ?? Number.NaN,
    wire: undefined,
    stop: async () => undefined,
  };
}

describeDriverContract('the gateway itself', openRig, { hasWire: false });

describe('the gateway as a device', () => {
  test('has a bad point where a measurement is no number, and good ones beside it', async () => {
    const { instruments } = countingInstruments();
    const driver = createSelfDriver({ ...instruments, memory: () => Number.NaN });
    const openBus = driver.create({ bus, clock: new VirtualClock(), log: silentLog });
    const device = selfDevice();
    const [read] = openBus.plan(device, device.points);
    if (!read) throw new Error('nothing was planned');
    await readOnce(openBus, read);
    expect(read.readings.map(({ quality }) => quality)).toEqual(
      selfMeasures.map(measure => (measure === 'memory' ? 'not-a-number' : 'good')),
    );
  });

  test('is measured only when it is asked', () => {
    const { instruments, last } = countingInstruments();
    const openBus = createSelfDriver(instruments).create({ bus, clock: new VirtualClock(), log: silentLog });
    openBus.plan(selfDevice(), selfDevice().points);
    expect([...last.values()]).toEqual(selfMeasures.map((_, index) => index));
  });
});
