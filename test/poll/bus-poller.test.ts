import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Device } from '../../src/model/device.ts';
import type { SampleBatch } from '../../src/model/point.ts';
import { createBusPoller } from '../../src/poll/bus-poller.ts';
import { longestQuestionMs, mostWaitingQuestions } from '../../src/poll/question-desk.ts';
import { createScriptedBus, deviceWith, type ScriptedAnswer, type ScriptedBusOptions } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

interface Taken {
  readonly device: number;
  readonly point: string;
  readonly value: number;
  readonly quality: string;
  readonly atMono: number;
}

interface RigOptions extends ScriptedBusOptions {
  readonly timeoutMs?: number;
  readonly alarmed?: ReadonlySet<number>;
}

function rig(
  devices: readonly Device[],
  answer: (device: string, atMono: number) => ScriptedAnswer,
  options: RigOptions = {},
) {
  const clock = new VirtualClock();
  const bus = createScriptedBus(clock, answer, options);
  const taken: Taken[] = [];
  const lateness: number[] = [];
  const poller = createBusPoller({
    bus: {
      protocol: 'modbus-tcp',
      id: 'b',
      host: 'h',
      port: 502,
      connectTimeoutMs: 100,
      timeoutMs: options.timeoutMs ?? 100,
      requestsInFlight: 1,
      deadDeviceShare: 0.1,
    },
    openBus: bus,
    devices,
    alarmed: options.alarmed ?? new Set(),
    clock,
    random: seededRandom(1),
    log: silentLog,
    onBatch: (batch: SampleBatch) => {
      for (const { point, value, quality } of batch.samples) {
        taken.push({ device: batch.device, point: point.key, value, quality, atMono: batch.sampledAtMono });
      }
    },
    onLateness: ms => lateness.push(ms),
  });
  return { clock, bus, taken, lateness, poller };
}

const prompt = (): ScriptedAnswer => ({ takesMs: 5 });

describe('a bus poller', () => {
  test('reads every point at its interval without drifting, however long the answers take', async () => {
    const { clock, bus, poller } = rig([deviceWith('pump', [1_000])], () => ({ takesMs: 337 }), { timeoutMs: 1_000 });
    poller.start();
    await clock.advance(100_000);
    const starts = bus.asked.map(({ atMono }) => atMono);
    expect(starts.length).toBeGreaterThanOrEqual(99);
    for (const [index, start] of starts.entries()) expect(start).toBeCloseTo((starts[0] ?? 0) + index * 1_000, 6);
  });

  test('has one request on the wire at a time, whatever falls due together', async () => {
    const devices = ['a', 'b', 'c'].map(id => deviceWith(id, [50, 200, 1_000]));
    const { clock, bus, poller } = rig(devices, () => ({ takesMs: 7 }));
    poller.start();
    await clock.advance(5_000);
    expect(bus.hadCollision()).toBe(false);
  });

  test('turns a silent device into one bad sample for each due time', async () => {
    const { clock, taken, poller } = rig([deviceWith('pump', [1_000])], () => ({ takesMs: 100, isSilent: true }));
    poller.start();
    await clock.advance(20_500);
    expect(taken.length).toBeGreaterThanOrEqual(20);
    expect(new Set(taken.map(({ quality }) => quality))).toEqual(new Set(['timeout', 'offline']));
  });

  test('asks a dead device only now and then, so that it costs its neighbours little', async () => {
    const devices = [deviceWith('dead', [100]), deviceWith('well', [100])];
    const { clock, bus, poller } = rig(devices, id => (id === 'dead' ? { takesMs: 100, isSilent: true } : prompt()));
    poller.start();
    await clock.advance(60_000);
    expect(bus.asked.filter(({ device }) => device === 'dead').length).toBeLessThan(25);
    expect(bus.asked.filter(({ device }) => device === 'well').length).toBeGreaterThan(575);
  });

  test('takes a device back with the first good answer, at latest one longest back-off after its return', async () => {
    const device = deviceWith('pump', [1_000]);
    const { clock, taken, poller } = rig([device], (_id, atMono) => ({ takesMs: 10, isSilent: atMono < 60_000 }));
    poller.start();
    await clock.advance(80_000);
    const firstGood = taken.find(({ quality }) => quality === 'good');
    expect(firstGood?.atMono).toBeLessThan(66_100);
    expect(poller.deviceViews()[0]?.health).toBe('online');
  });

  test('counts due times that the bus had no time for and tells them by one bad sample', async () => {
    const { clock, taken, poller } = rig([deviceWith('slow', [50])], () => ({ takesMs: 500 }), { timeoutMs: 1_000 });
    poller.start();
    await clock.advance(10_000);
    expect(poller.busView().readsMissed).toBeGreaterThan(100);
    expect(taken.some(({ quality }) => quality === 'overrun')).toBe(true);
  });

  test('makes no burst of reads after the machine was frozen', async () => {
    const { clock, bus, poller } = rig([deviceWith('pump', [100])], prompt);
    poller.start();
    await clock.advance(1_000);
    const before = bus.asked.length;
    clock.freeze(3_600_000);
    await clock.advance(1_000);
    expect(bus.asked.length - before).toBeLessThanOrEqual(12);
  });

  test('scales a reading and refuses the numbers by which the device says that it has none', async () => {
    const device = deviceWith('pump', [100], { scale: 0.1, offset: -5, invalidValues: [65_535] });
    const { clock, taken, poller } = rig([device], (_id, atMono) => ({
      takesMs: 1,
      value: atMono < 500 ? 65_535 : 100,
    }));
    poller.start();
    await clock.advance(1_000);
    expect(taken.at(0)).toMatchObject({ quality: 'invalid-value', value: Number.NaN });
    expect(taken.at(-1)).toMatchObject({ quality: 'good', value: 5 });
  });

  test('stops at once although a read is under way, and says nothing of that read', async () => {
    const { clock, taken, poller } = rig([deviceWith('pump', [1_000])], () => ({ takesMs: 60_000 }), {
      timeoutMs: 120_000,
    });
    poller.start();
    await clock.advance(2_000);
    await poller.stop();
    expect(taken).toEqual([]);
  });

  test('keeps every healthy point on time while the wall clock jumps by ten years', async () => {
    const { clock, bus, poller } = rig([deviceWith('pump', [1_000])], prompt);
    poller.start();
    await clock.advance(10_000);
    clock.jumpWall(10 * 365 * 86_400_000);
    await clock.advance(10_000);
    clock.jumpWall(-20 * 365 * 86_400_000);
    await clock.advance(10_000);
    expect(bus.asked.length).toBeGreaterThanOrEqual(29);
    expect(bus.asked.length).toBeLessThanOrEqual(31);
  });

  test('accounts for every due read: done, failed or missed, for any mix of devices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            intervals: fc.array(fc.integer({ min: 50, max: 3_000 }), { minLength: 1, maxLength: 4 }),
            takes: fc.integer({ min: 1, max: 400 }),
            silent: fc.boolean(),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        fc.integer({ min: 1, max: 3 }),
        async (plans, pointsPerRead) => {
          const devices = plans.map(({ intervals }, index) => deviceWith(`d${index}`, intervals));
          const { clock, bus, taken, poller } = rig(
            devices,
            id => {
              const plan = plans[Number(id.slice(1))];
              return { takesMs: plan?.takes ?? 1, isSilent: plan?.silent ?? false };
            },
            { pointsPerRead, timeoutMs: 400 },
          );
          poller.start();
          await clock.advance(10_000);
          const { readsDue, readsDone, readsFailed, readsMissed } = poller.busView();
          const accounted = readsDone + readsFailed + readsMissed;
          const mostUnderWay = devices.reduce((sum, device) => sum + device.points.length, 0);
          expect(accounted).toBeLessThanOrEqual(readsDue);
          expect(readsDue - accounted).toBeLessThanOrEqual(mostUnderWay);
          expect(bus.hadCollision()).toBe(false);
          // Only silent devices and reads that were missed are bad.
          for (const sample of taken) {
            const plan = plans[devices.findIndex(({ number }) => number === sample.device)];
            if (!plan?.silent) expect(['good', 'overrun']).toContain(sample.quality);
            else expect(sample.quality).not.toBe('good');
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a question of a person', () => {
  const question = { kind: 'raw', unitId: 9, table: 'holding-register', address: 0, count: 1 } as const;

  test('is asked at once on a bus that sleeps, and is answered', async () => {
    const { clock, bus, poller } = rig([deviceWith('pump', [10_000])], prompt);
    poller.start();
    await clock.advance(2_000);
    const answer = poller.ask(question, 100);
    await clock.advance(10);
    expect(await answer).toMatchObject({ kind: 'raw', values: [1], responseMs: 5 });
    expect(bus.questionsMono).toEqual([2_000]);
  });

  test('never takes more than every second request of a bus that has reads to make', async () => {
    const devices = ['a', 'b', 'c'].map(id => deviceWith(id, [100]));
    const { clock, bus, taken, poller } = rig(devices, id => ({ takesMs: id === 'person' ? 60 : 30 }));
    poller.start();
    let answered = 0;
    const keepAsking = async (): Promise<void> => {
      const answer = await poller.ask(question, 100);
      if (answer.kind === 'failed') return;
      answered += 1;
      await keepAsking();
    };
    const scans = Array.from({ length: 10 }, keepAsking);
    await clock.advance(30_000);
    expect(answered).toBeGreaterThan(300);
    expect(bus.asked.length).toBeGreaterThanOrEqual(bus.questionsMono.length - 1);
    expect(bus.hadCollision()).toBe(false);
    expect(taken.filter(({ quality }) => quality === 'good').length).toBeGreaterThan(300);
    await poller.stop();
    await Promise.all(scans);
  });

  test('is refused when too many wait, and ends with the bus', async () => {
    const { clock, poller } = rig([], () => ({ takesMs: 0, isSilent: true }));
    poller.start();
    const answers = Array.from({ length: mostWaitingQuestions + 2 }, () => poller.ask(question, 3_600_000));
    expect(await answers.at(-1)).toMatchObject({ kind: 'failed', reason: 'overrun' });
    await clock.advance(longestQuestionMs);
    expect(await answers[0]).toMatchObject({ kind: 'failed', reason: 'timeout' });
    await poller.stop();
    expect(await answers[1]).toMatchObject({ kind: 'failed', reason: 'no-connection' });
    expect(await answers[9]).toMatchObject({ kind: 'failed', reason: 'no-connection' });
    expect(await poller.ask(question, 100)).toMatchObject({ kind: 'failed', reason: 'no-connection' });
  });

  test('does not spoil the answer that is being looked at', async () => {
    const { clock, taken, poller } = rig([deviceWith('pump', [1_000])], prompt);
    poller.start();
    const answers: Promise<unknown>[] = [];
    for (let round = 0; round < 1_000; round += 1) {
      if (round % 3 === 0) answers.push(poller.ask(question, 100));
      await clock.advance(7);
    }
    await Promise.all(answers);
    expect(new Set(taken.map(({ quality }) => quality))).toEqual(new Set(['good']));
  });
});

describe('the load of a bus', () => {
  const silences = { beforeAnswerMs: 4, afterAnswerMs: 6 };
  const line = { requestMs: 5, answerMs: 5, silences, pointsPerRead: 1 };

  test('is predicted by what a device takes to answer once it was heard, without the silence before its answer', async () => {
    const { clock, poller } = rig([deviceWith('pump', [1_000])], () => ({ takesMs: 40 }), line);
    expect(poller.busView().predictedLoad).toBeCloseTo(0.01, 6);
    poller.start();
    await clock.advance(5_000);
    expect(poller.busView().predictedLoad).toBeCloseTo(0.026, 6);
  });

  test.each([
    ['a read', 1, 0.046],
    ['two reads in a row', 2, 0.086],
  ])('counts the silence after %s, in which nobody may have the bus', async (_what, points, load) => {
    const device = deviceWith('pump', Array<number>(points).fill(1_000));
    const { clock, poller } = rig([device], () => ({ takesMs: 40 }), line);
    poller.start();
    await clock.advance(25_000);
    expect(poller.busView().load).toBeCloseTo(load, 3);
  });

  test('counts no silence after a timeout, which was one', async () => {
    const { clock, poller } = rig([deviceWith('pump', [1_000])], () => ({ takesMs: 0, isSilent: true }), line);
    poller.start();
    await clock.advance(1_000);
    // One request of 5 ms and its timeout.
    expect(poller.busView().load).toBeCloseTo(0.105, 3);
  });
});
