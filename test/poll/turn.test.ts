import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Device } from '../../src/model/device.ts';
import { createBusPoller } from '../../src/poll/bus-poller.ts';
import { mostAlarmReadsInARow } from '../../src/poll/turn.ts';
import { createScriptedBus, deviceWith, type ScriptedAnswer, type ScriptedBusOptions } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/** Who has the bus, and in which order. */

interface Taken {
  readonly point: number;
  readonly quality: string;
  readonly atMono: number;
}

interface RigOptions extends ScriptedBusOptions {
  readonly alarmed?: Iterable<number>;
}

function rig(
  devices: readonly Device[],
  answer: (device: string, atMono: number) => ScriptedAnswer,
  options: RigOptions = {},
) {
  const clock = new VirtualClock();
  const bus = createScriptedBus(clock, answer, options);
  const taken: Taken[] = [];
  const poller = createBusPoller({
    bus: {
      protocol: 'modbus-tcp',
      id: 'b',
      host: 'h',
      port: 502,
      connectTimeoutMs: 100,
      timeoutMs: 1_000,
      requestsInFlight: options.window ?? 1,
      deadDeviceShare: 0.1,
    },
    openBus: bus,
    devices,
    alarmed: new Set(options.alarmed ?? []),
    clock,
    random: seededRandom(1),
    log: silentLog,
    onBatch: ({ samples, sampledAtMono }) => {
      for (const { point, quality } of samples) taken.push({ point: point.number, quality, atMono: sampledAtMono });
    },
    onLateness: () => {},
  });
  return { clock, bus, taken, poller };
}

function alarmedPointsOf(device: Device, isAlarmed: (id: string) => boolean): number[] {
  return device.points.filter(({ id }) => isAlarmed(id)).map(({ number }) => number);
}

/** A device with points of one interval, each of which is a read of its own. */
function deviceOf(id: string, intervalMs: number, count: number): Device {
  return deviceWith(id, new Array<number>(count).fill(intervalMs));
}

describe('of what falls due together', () => {
  test('the points that alarms need come first, in the reads of every device', async () => {
    const device = deviceOf('pump', 1_000, 6);
    const alarmed = alarmedPointsOf(device, id => id === 'p4' || id === 'p5');
    const { clock, bus, poller } = rig([device], () => ({ takesMs: 10 }), { pointsPerRead: 1, alarmed });
    poller.start();
    await clock.advance(2_000);
    expect(bus.asked.slice(0, 6).map(({ points }) => points[0])).toEqual(['p4', 'p5', 'p0', 'p1', 'p2', 'p3']);
  });

  test('a read of the rest waits for four reads that alarms need, and no longer, on a bus that is too small', async () => {
    const busy = deviceOf('busy', 200, 8);
    const calm = deviceOf('calm', 1_000, 1);
    const alarmed = alarmedPointsOf(busy, () => true);
    const { clock, bus, poller } = rig([busy, calm], () => ({ takesMs: 40 }), { pointsPerRead: 1, alarmed });
    poller.start();
    await clock.advance(60_000);
    const order = bus.asked.map(({ device }) => device);
    expect(order.filter(device => device === 'calm').length).toBeGreaterThanOrEqual(59);
    const inBetween = order
      .join(' ')
      .split('calm')
      .map(run => run.split(' ').filter(device => device === 'busy').length);
    expect(Math.max(...inBetween)).toBeGreaterThan(mostAlarmReadsInARow);
    for (const { atMono } of bus.asked.filter(({ device }) => device === 'calm').slice(1)) {
      const before = bus.asked.filter(
        ({ device, atMono: mono }) => device === 'busy' && mono < atMono && mono >= atMono - 200,
      );
      expect(before.length).toBeLessThanOrEqual(mostAlarmReadsInARow + 1);
    }
  });

  test('what has the nearest next due time comes first: a fast point does not wait for a slow one', async () => {
    const slow = deviceOf('slow', 60_000, 20);
    const fast = deviceOf('fast', 100, 1);
    const { clock, bus, poller } = rig([slow, fast], () => ({ takesMs: 20 }), { pointsPerRead: 1 });
    poller.start();
    await clock.advance(10_000);
    const starts = bus.asked.filter(({ device }) => device === 'fast').map(({ atMono }) => atMono);
    for (const [at, start] of starts.entries()) {
      expect(start - (starts[0] ?? 0) - at * 100).toBeLessThanOrEqual(40);
    }
    expect(bus.asked.filter(({ device }) => device === 'slow')).toHaveLength(20);
  });

  test('other points that alarms need after a reload go first from then on, and no beat is missed', async () => {
    const device = deviceOf('pump', 1_000, 3);
    const { clock, bus, taken, poller } = rig([device], () => ({ takesMs: 10 }), { pointsPerRead: 1 });
    poller.start();
    await clock.advance(5_000);
    poller.setAlarmed(new Set(alarmedPointsOf(device, id => id === 'p2')));
    await clock.advance(5_000);
    expect(bus.asked.slice(0, 3).map(({ points }) => points[0])).toEqual(['p0', 'p1', 'p2']);
    expect(bus.asked.slice(-3).map(({ points }) => points[0])).toEqual(['p2', 'p0', 'p1']);
    expect(taken).toHaveLength(30);
    expect(new Set(taken.map(({ quality }) => quality))).toEqual(new Set(['good']));
  });
});

describe('a bus that is too small for what is asked of it', () => {
  test('gives every device of one interval its fair part, whatever their place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 11, max: 30 }), async (count, tenths) => {
        const devices = Array.from({ length: count }, (_, index) => deviceWith(`d${index}`, [1_000]));
        const takesMs = (tenths * 100) / count;
        const { clock, bus, poller } = rig(devices, () => ({ takesMs }));
        poller.start();
        await clock.advance(120_000);
        const counts = devices.map(({ id }) => bus.asked.filter(({ device }) => device === id).length);
        const fair = 120_000 / takesMs / count;
        expect(Math.min(...counts)).toBeGreaterThan(0.8 * fair - 1);
        expect(Math.max(...counts)).toBeLessThan(1.2 * fair + 1);
      }),
      { numRuns: 20 },
    );
  });

  test('never piles up what it could not read: what is read was due less than its interval ago', async () => {
    const bounded = fc.record({
      interval: fc.integer({ min: 50, max: 2_000 }),
      points: fc.integer({ min: 1, max: 4 }),
      alarmed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(bounded, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 10, max: 300 }),
        async (plans, takesMs) => {
          const devices = plans.map(({ interval, points }, index) => deviceOf(`d${index}`, interval, points));
          const alarmed = devices.flatMap((device, index) =>
            alarmedPointsOf(device, () => plans[index]?.alarmed ?? false),
          );
          const { clock, bus, taken, poller } = rig(devices, () => ({ takesMs }), { pointsPerRead: 1, alarmed });
          poller.start();
          await clock.advance(20_000);
          // One sample for each read, and one for each run of lost due times: no more than there were due times.
          for (const device of devices) {
            const [point] = device.points;
            if (!point) continue;
            const good = taken.filter(sample => sample.point === point.number && sample.quality === 'good');
            expect(good.length).toBeLessThanOrEqual(20_000 / point.intervalMs + 1);
          }
          const { readsDue, readsDone, readsFailed, readsMissed } = poller.busView();
          expect(readsDone + readsFailed + readsMissed).toBeLessThanOrEqual(readsDue);
          expect(readsFailed).toBe(0);
          expect(bus.hadCollision()).toBe(false);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('catches nothing up after the machine was frozen for an hour', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 50, max: 5_000 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1_000, max: 3_600_000 }),
        async (intervals, frozenMs) => {
          const devices = intervals.map((interval, index) => deviceWith(`d${index}`, [interval]));
          const { clock, bus, poller } = rig(devices, () => ({ takesMs: 1 }));
          poller.start();
          await clock.advance(10_000);
          const before = bus.asked.length;
          clock.freeze(frozenMs);
          await clock.advance(2_000);
          const usual = intervals.reduce((sum, interval) => sum + Math.ceil(2_000 / interval) + 1, 0);
          expect(bus.asked.length - before).toBeLessThanOrEqual(usual);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('an endpoint that takes several requests at once', () => {
  test('is given as many as it takes, never more, and every answer finds its points', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 8 }),
        fc.array(
          fc.record({
            interval: fc.integer({ min: 100, max: 1_000 }),
            points: fc.integer({ min: 1, max: 5 }),
            takes: fc.integer({ min: 5, max: 300 }),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        async (window, plans) => {
          const devices = plans.map(({ interval, points }, index) => deviceOf(`d${index}`, interval, points));
          const answer = (id: string) => ({
            takesMs: plans[Number(id.slice(1))]?.takes ?? 1,
            value: Number(id.slice(1)),
          });
          const { clock, bus, taken, poller } = rig(devices, answer, { pointsPerRead: 1, window });
          poller.start();
          await clock.advance(10_000);
          expect(bus.mostUnderWay()).toBeLessThanOrEqual(window);
          for (const { quality } of taken) expect(['good', 'overrun']).toContain(quality);
          const { readsDue, readsDone, readsMissed } = poller.busView();
          expect(readsDone + readsMissed).toBeGreaterThanOrEqual(
            readsDue - devices.reduce((sum, { points }) => sum + points.length, 0),
          );
          await poller.stop();
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('reads in the time of one answer what takes four when asked one by one', async () => {
    const device = deviceOf('meter', 1_000, 4);
    const { clock, bus, taken, poller } = rig([device], () => ({ takesMs: 400 }), { pointsPerRead: 1, window: 4 });
    poller.start();
    await clock.advance(30_000);
    expect(bus.mostUnderWay()).toBe(4);
    expect(taken.length).toBeGreaterThanOrEqual(116);
    expect(poller.busView()).toMatchObject({ readsMissed: 0, readsFailed: 0 });
  });
});

test('a device that rests after a timeout is not asked meanwhile, is not blamed for it, and its neighbour is read on', async () => {
  const devices = [deviceWith('pump', [200]), deviceWith('fan', [200])];
  const isSilent = (device: string, atMono: number) => device === 'pump' && atMono >= 2_000 && atMono < 2_200;
  const answer = (device: string, atMono: number) => ({ takesMs: 5, isSilent: isSilent(device, atMono) });
  const { clock, bus, taken, poller } = rig(devices, answer, { quarantineMs: 1_000 });
  poller.start();
  await clock.advance(4_000);
  const asked = bus.asked.filter(({ device }) => device === 'pump').map(({ atMono }) => atMono);
  const gaps = asked.map((atMono, at) => atMono - (asked[at - 1] ?? atMono)).filter(gapMs => gapMs > 300);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]).toBeGreaterThanOrEqual(1_000);
  expect(bus.asked.filter(({ device }) => device === 'fan').length).toBeGreaterThanOrEqual(19);
  expect(taken.some(({ quality }) => quality === 'overrun')).toBe(false);
  expect(poller.deviceViews().map(({ health }) => health)).toEqual(['degraded', 'online']);
});

test('a point of a long interval is read at once when its device is back, not an hour later', async () => {
  const device = deviceWith('meter', [1_000, 3_600_000]);
  const back = 600_000;
  const { clock, taken, poller } = rig([device], (_id, atMono) => ({ takesMs: 5, isSilent: atMono < back }));
  poller.start();
  await clock.advance(back + 40_000);
  for (const { number } of device.points) {
    const firstGood = taken.find(({ point, quality }) => point === number && quality === 'good');
    expect((firstGood?.atMono ?? Number.POSITIVE_INFINITY) - back).toBeLessThanOrEqual(10_000);
  }
});

describe('reads are planned anew', () => {
  const roundedPlans = (bus: { planned: readonly { turnaroundMs: number | undefined }[] }) =>
    bus.planned.map(({ turnaroundMs }) => turnaroundMs && Math.round(turnaroundMs));

  test('for the measured response time soon after the start, and when it has changed since', async () => {
    let takesMs = 30;
    const { clock, bus, taken, poller } = rig([deviceWith('pump', [1_000])], () => ({ takesMs }), {
      requestMs: 5,
      answerMs: 5,
    });
    poller.start();
    await clock.advance(2 * 60_000);
    expect(roundedPlans(bus)).toEqual([undefined, 20]);
    await clock.advance(30 * 60_000);
    expect(roundedPlans(bus)).toEqual([undefined, 20]);
    takesMs = 80;
    await clock.advance(10 * 60_000);
    expect(roundedPlans(bus)).toEqual([undefined, 20, 70]);
    // The cadence goes on through it.
    for (const [at, { atMono }] of taken.entries()) {
      const due = (taken[0]?.atMono ?? 0) + at * 1_000;
      expect(atMono - due).toBeGreaterThanOrEqual(-0.001);
      expect(atMono - due).toBeLessThanOrEqual(50.001);
    }
  });
});
