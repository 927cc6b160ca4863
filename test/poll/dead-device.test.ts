import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ModbusBus } from '../../src/model/bus.ts';
import { createBusPoller } from '../../src/poll/bus-poller.ts';
import { fullTimeoutEveryMs } from '../../src/poll/patience.ts';
import { createScriptedBus, deviceWith } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/*
 * What one dead device may cost the others: the figures that plantroom promises, on a line of 9,600 baud 8E1 in virtual
 * time. A read of ten registers takes 46 ms there: 9 for the request, 29 for the answer, 8 for the device.
 */

const line = { requestMs: 9, answerMs: 29 };
const readMs = 46;

const bus: ModbusBus = {
  protocol: 'modbus-rtu',
  id: 'line',
  path: '/dev/ttyUSB0',
  line: { baudRate: 9_600, parity: 'even', stopBits: 1 },
  turnaroundMs: 0,
  rs485: { direction: 'adapter', echo: 'no' },
  timeoutMs: 1_000,
  deadDeviceShare: 0.1,
};

interface Plant {
  readonly intervalMs: number;
  /** When each of the eight devices does not answer. */
  readonly isSilent: (device: string, atMono: number) => boolean;
  readonly seed?: number;
}

function createLine({ intervalMs, isSilent, seed = 1 }: Plant) {
  const clock = new VirtualClock();
  const devices = Array.from({ length: 8 }, (_, index) => deviceWith(`d${index}`, [intervalMs]));
  const numbers = new Map(devices.map(device => [device.number, device.id]));
  const answer = (device: string, atMono: number) => ({ takesMs: readMs, isSilent: isSilent(device, atMono) });
  const openBus = createScriptedBus(clock, answer, { ...line, quarantineMs: bus.timeoutMs });
  const good = new Map(devices.map(({ id }) => [id, [] as number[]]));
  const poller = createBusPoller({
    bus,
    openBus,
    devices,
    alarmed: new Set(),
    clock,
    random: seededRandom(seed),
    log: silentLog,
    onBatch: ({ device, samples, sampledAtMono }) => {
      if (samples[0]?.quality === 'good') good.get(numbers.get(device) ?? '')?.push(sampledAtMono);
    },
    onLateness: () => {},
  });
  return {
    clock,
    openBus,
    poller,
    goodOf: (device: string, fromMono = 0) => (good.get(device) ?? []).filter(mono => mono >= fromMono),
  };
}

function longestGap(times: readonly number[]): number {
  return times.reduce((longest, time, at) => Math.max(longest, time - (times[at - 1] ?? time)), 0);
}

/** Three minutes, of which the first seconds, in which a dead device is given its full timeout once, do not count. */
const startMs = 10_000;
const observedMs = 180_000;

async function observe(plant: Plant, dead: readonly string[]) {
  const { clock, poller, goodOf } = createLine(plant);
  poller.start();
  await clock.advance(startMs + observedMs);
  const healthy = Array.from({ length: 8 }, (_, index) => `d${index}`).filter(id => !dead.includes(id));
  const figures = healthy.map(id => goodOf(id, startMs));
  return {
    done: Math.min(...figures.map(times => times.length / (observedMs / plant.intervalMs))),
    gap: Math.max(...figures.map(longestGap)) / plant.intervalMs,
    share: poller.busView().deadShare,
    load: poller.busView().load,
  };
}

describe('a line of eight devices at 40 % load', () => {
  test.each([
    ['one dead', ['d3'], 0.99],
    ['three dead', ['d1', 'd2', 'd6'], 0.97],
    ['five dead', ['d0', 'd1', 'd2', 'd6', 'd7'], 0.97],
  ] as const)(
    'with %s from the start gives the others their due reads, without a gap of 1.3 intervals',
    async (_sentence, dead, least) => {
      const seen = await observe({ intervalMs: 1_000, isSilent: device => dead.some(id => id === device) }, dead);
      expect(seen.done).toBeGreaterThanOrEqual(least);
      expect(seen.gap).toBeLessThanOrEqual(1.3);
      expect(seen.share).toBeLessThanOrEqual(bus.deadDeviceShare);
    },
  );

  test('gives the others their due reads while one dies and comes back, again and again', async () => {
    const isSilent = (device: string, atMono: number) => device === 'd3' && atMono % 60_000 > 30_000;
    const seen = await observe({ intervalMs: 1_000, isSilent }, ['d3']);
    expect(seen.done).toBeGreaterThanOrEqual(0.99);
    expect(seen.gap).toBeLessThanOrEqual(1.3);
  });

  test.each([5_000, 20_000, 59_000, 123_456, 500_000])(
    'finds a device again within 10 s of its return after %d ms',
    async awayMs => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const back = 20_000 + awayMs;
        const isSilent = (device: string, atMono: number) => device === 'd3' && atMono >= 20_000 && atMono < back;
        const { clock, poller, goodOf } = createLine({ intervalMs: 1_000, isSilent, seed });
        poller.start();
        await clock.advance(back + 15_000);
        expect((goodOf('d3', back)[0] ?? Number.POSITIVE_INFINITY) - back).toBeLessThanOrEqual(10_000);
        expect(longestGap(goodOf('d3', back).slice(1))).toBeLessThanOrEqual(1_300);
      }
    },
  );

  test('finds each of three dead devices within 10 s of its return', async () => {
    const dead = ['d1', 'd2', 'd6'];
    const back = 100_000;
    const isSilent = (device: string, atMono: number) => dead.includes(device) && (device !== 'd2' || atMono < back);
    const { clock, poller, goodOf } = createLine({ intervalMs: 1_000, isSilent });
    poller.start();
    await clock.advance(back + 15_000);
    expect((goodOf('d2', back)[0] ?? Number.POSITIVE_INFINITY) - back).toBeLessThanOrEqual(10_000);
  });

  test('is back as a whole within 5 s of its plug, all devices of it', async () => {
    const back = 90_000;
    const { clock, poller, goodOf } = createLine({
      intervalMs: 1_000,
      isSilent: (_device, atMono) => atMono >= 30_000 && atMono < back,
    });
    poller.start();
    await clock.advance(back + 10_000);
    for (let index = 0; index < 8; index += 1) {
      expect((goodOf(`d${index}`, back)[0] ?? Number.POSITIVE_INFINITY) - back).toBeLessThanOrEqual(5_000);
    }
  });

  test('asks a device that has never answered with its full timeout first, and seldom afterwards', async () => {
    const { clock, openBus, poller } = createLine({ intervalMs: 1_000, isSilent: device => device === 'd3' });
    poller.start();
    await clock.advance(25 * 60_000);
    const full = openBus.asked.filter(({ device, timeoutMs }) => device === 'd3' && timeoutMs === bus.timeoutMs);
    expect(full).toHaveLength(3);
    for (const [at, { atMono }] of full.slice(1).entries()) {
      const pauseMs = atMono - (full[at]?.atMono ?? 0);
      expect(pauseMs).toBeGreaterThanOrEqual(fullTimeoutEveryMs);
      expect(pauseMs).toBeLessThanOrEqual(fullTimeoutEveryMs + 60_000);
    }
  });
});

test('a saturated line with one dead device gives the others nine tenths of their due reads', async () => {
  const seen = await observe({ intervalMs: 8 * readMs, isSilent: device => device === 'd3' }, ['d3']);
  expect(seen.load).toBeGreaterThan(0.85);
  expect(seen.done).toBeGreaterThanOrEqual(0.9);
});

test('a device that answers later than its neighbours allow is found at the start, and stays', async () => {
  const clock = new VirtualClock();
  const devices = [deviceWith('slow', [5_000]), deviceWith('prompt', [1_000])];
  const openBus = createScriptedBus(clock, device => ({ takesMs: device === 'slow' ? 640 : readMs }), line);
  const poller = createBusPoller({
    ...{ bus, openBus, devices, alarmed: new Set<number>(), clock, random: seededRandom(1), log: silentLog },
    onBatch: () => {},
    onLateness: () => {},
  });
  poller.start();
  await clock.advance(60_000);
  expect(poller.deviceViews().map(({ health, readsFailed }) => ({ health, readsFailed }))).toEqual([
    { health: 'online', readsFailed: 0 },
    { health: 'online', readsFailed: 0 },
  ]);
});
