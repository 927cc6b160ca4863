import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ModbusRtuBus } from '../../src/model/bus.ts';
import type { Device } from '../../src/model/device.ts';
import type { SampleBatch } from '../../src/model/point.ts';
import {
  forecastBus,
  intervalsThatFit,
  loadOf,
  type RepeatedRead,
  repeatedRead,
  repeatedReads,
} from '../../src/poll/bus-load.ts';
import { createBusPoller } from '../../src/poll/bus-poller.ts';
import { createScriptedBus, deviceWith } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const bus: ModbusRtuBus = {
  protocol: 'modbus-rtu',
  id: 'b',
  path: '/dev/ttyUSB0',
  line: { baudRate: 9_600, parity: 'even', stopBits: 1 },
  turnaroundMs: 0,
  rs485: { direction: 'adapter', echo: 'auto' },
  timeoutMs: 300,
  deadDeviceShare: 0.1,
};

const read = (device: string, intervalMs: number, takesMs: number): RepeatedRead => ({
  device,
  intervalMs,
  takesMs,
  lostMs: 46 + 300,
});

/** The example of docs/bus-load.md: eight meters, ten registers each, every second. */
const eightMeters = Array.from({ length: 8 }, (_, index) => read(`meter-${index}`, 1_000, 45.8 + 10));

describe('the forecast of a bus', () => {
  test('is that of the worked example in the docs', () => {
    const { healthy, oneDead, twoDead } = forecastBus(bus, eightMeters);
    expect(healthy.load).toBeCloseTo(0.446, 3);
    expect(healthy.longestWaitMs).toBeCloseTo(446.4, 1);
    expect(healthy.worstAgeMs).toBeCloseTo(1_446.4, 1);
    expect(oneDead?.load).toBeCloseTo(0.491, 3);
    expect(oneDead?.longestWaitMs).toBeCloseTo((7 * 55.8 + 346) / 0.9, 0);
    expect(twoDead?.load).toBeCloseTo(0.435, 3);
    expect(twoDead?.longestWaitMs).toBeGreaterThan(1_000);
  });

  test('knows no limit to the age of a value where more is asked of the bus than it can do', () => {
    const { healthy } = forecastBus(
      bus,
      eightMeters.map(one => ({ ...one, intervalMs: 400 })),
    );
    expect(healthy.load).toBeGreaterThan(1);
    expect(healthy.longestWaitMs).toBeUndefined();
    expect(healthy.worstAgeMs).toBeUndefined();
  });

  test('of a bus whose every device is silent is of no use to anybody', () => {
    const alone = forecastBus(bus, [read('a', 1_000, 50)]);
    expect(alone.oneDead).toBeUndefined();
    const { oneDead, twoDead } = forecastBus(bus, [read('a', 1_000, 50), read('b', 1_000, 50)]);
    expect(oneDead).toBeDefined();
    expect(twoDead).toBeUndefined();
  });

  test('shares the load out over the requests that may be under way at once', () => {
    const wide = { ...bus, protocol: 'modbus-tcp', host: 'h', port: 502, connectTimeoutMs: 100 } as const;
    expect(loadOf({ ...wide, requestsInFlight: 4 }, eightMeters)).toBeCloseTo(0.1116, 4);
  });

  test('takes the wire of a read from its plan, and the measured time of the device where there is one', () => {
    const device = deviceWith('meter', [1_000]);
    const planned = { device, label: '', points: device.points, readings: [], wireMs: 45.8 };
    expect(repeatedRead(bus, planned, 1_000, 25)).toEqual({
      device: 'meter',
      intervalMs: 1_000,
      takesMs: 70.8,
      lostMs: 345.8,
    });
  });
});

describe('intervals that fit', () => {
  test('are the next of those that people choose, and bring the bus below the limit of the warning', () => {
    const crowded = [...eightMeters, ...eightMeters.map(one => ({ ...one, intervalMs: 500 }))];
    expect(loadOf(bus, crowded)).toBeGreaterThan(1);
    const fitting = intervalsThatFit(bus, crowded);
    expect([...(fitting ?? [])]).toEqual([
      [500, 1_000],
      [1_000, 2_000],
    ]);
    const changed = crowded.map(one => ({ ...one, intervalMs: fitting?.get(one.intervalMs) ?? 0 }));
    expect(loadOf(bus, changed)).toBeLessThanOrEqual(0.7);
  });

  test('do not exist for a bus that not even an hour would be long enough for', () => {
    expect(intervalsThatFit(bus, [read('a', 3_600_000, 4_000_000)])).toBeUndefined();
  });

  test('always fit', () => {
    const many = fc.array(
      fc.record({ intervalMs: fc.integer({ min: 50, max: 60_000 }), takesMs: fc.integer({ min: 1, max: 300 }) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(many, reads => {
        const all = reads.map((one, index) => ({ ...one, device: `d${index}`, lostMs: 300 }));
        const fitting = intervalsThatFit(bus, all);
        const changed = all.map(one => ({ ...one, intervalMs: fitting?.get(one.intervalMs) ?? Number.NaN }));
        if (fitting) expect(loadOf(bus, changed)).toBeLessThanOrEqual(0.7 + 1e-6);
      }),
    );
  });
});

interface Plan {
  readonly intervals: readonly number[];
  readonly takesMs: number;
}

/** Polls these devices for ten minutes with the real poller. */
async function simulate(plans: readonly Plan[], perRead: number, isDead: (device: number) => boolean) {
  const clock = new VirtualClock();
  const indexOf = (id: string) => Number(id.slice(1));
  const answer = (id: string) =>
    isDead(indexOf(id)) ? { takesMs: bus.timeoutMs, isSilent: true } : { takesMs: plans[indexOf(id)]?.takesMs ?? 0 };
  const openBus = createScriptedBus(clock, answer, { pointsPerRead: perRead });
  const devices: Device[] = plans.map(({ intervals }, index) => deviceWith(`d${index}`, intervals));
  const ages = createAges();
  const poller = createBusPoller({
    bus,
    openBus,
    devices,
    clock,
    random: seededRandom(7),
    log: silentLog,
    alarmed: new Set(),
    onBatch: ages.take,
    onLateness: () => {},
  });
  poller.start();
  await clock.advance(60_000);
  ages.forget();
  await clock.advance(180_000);
  const takes = (id: string) => plans[indexOf(id)]?.takesMs ?? 0;
  const reads = devices.flatMap(device =>
    repeatedReads(bus, [device], openBus.plan).map(one => ({ ...one, takesMs: takes(one.device) })),
  );
  return { forecasts: forecastBus(bus, reads), measured: poller.busView().load, oldestMs: ages.oldestMs() };
}

/** How old each point's last good value grew before the next one came. */
function createAges() {
  const lastGood = new Map<number, number>();
  let oldestMs = 0;
  return {
    take({ samples, sampledAtMono }: SampleBatch) {
      for (const { point, quality } of samples) {
        if (quality !== 'good') continue;
        oldestMs = Math.max(oldestMs, sampledAtMono - (lastGood.get(point.number) ?? sampledAtMono));
        lastGood.set(point.number, sampledAtMono);
      }
    },
    forget() {
      oldestMs = 0;
    },
    oldestMs: () => oldestMs,
  };
}

const plansArbitrary = fc.array(
  fc.record({
    intervals: fc.array(fc.constantFrom(250, 500, 1_000, 1_300, 2_000, 5_000), { minLength: 1, maxLength: 3 }),
    takesMs: fc.integer({ min: 5, max: 80 }),
  }),
  { minLength: 3, maxLength: 8 },
);

/** One run simulates minutes; the load must be one that a bus can have. */
function hasLoad(plans: readonly Plan[], least: number, most: number): boolean {
  const load = plans.reduce((sum, { intervals, takesMs }) => {
    return sum + intervals.reduce((own, intervalMs) => own + takesMs / intervalMs, 0);
  }, 0);
  return load >= least && load <= most;
}

describe('on the bus itself', () => {
  test('the load is as forecast within a tenth, and no value grows older than forecast', async () => {
    await fc.assert(
      fc.asyncProperty(plansArbitrary, fc.integer({ min: 1, max: 3 }), async (plans, perRead) => {
        fc.pre(hasLoad(plans, 0.05, 0.95));
        const { forecasts, measured, oldestMs } = await simulate(plans, perRead, () => false);
        expect(measured / forecasts.healthy.load).toBeGreaterThan(0.9);
        expect(measured / forecasts.healthy.load).toBeLessThan(1.1);
        expect(oldestMs).toBeLessThanOrEqual((forecasts.healthy.worstAgeMs ?? Number.POSITIVE_INFINITY) + 1);
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  test.each([1, 2])(
    'with %d dead no value grows older than forecast',
    async count => {
      await fc.assert(
        fc.asyncProperty(plansArbitrary, async plans => {
          fc.pre(hasLoad(plans, 0.05, 0.8));
          const { forecasts, oldestMs } = await simulate(plans, 3, device => device < count);
          const forecast = count === 1 ? forecasts.oneDead : forecasts.twoDead;
          expect(oldestMs).toBeLessThanOrEqual((forecast?.worstAgeMs ?? Number.POSITIVE_INFINITY) + 1);
        }),
        { numRuns: 10 },
      );
    },
    60_000,
  );
});
