import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { createModbusDrivers } from '../../drivers/modbus/modbus-driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { ModbusBus } from '../../src/model/bus.ts';
import type { Device } from '../../src/model/device.ts';
import type { SampleBatch } from '../../src/model/point.ts';
import { type BusForecast, forecastBus, repeatedReads } from '../../src/poll/bus-load.ts';
import { createBusPoller } from '../../src/poll/bus-poller.ts';
import { modbusAddress, modbusDevice } from '../drivers/modbus/modbus-rig.ts';

/*
 * The real poller with the real driver, in a process of its own: polls the buses that its argument tells, in JSON. Every
 * line on standard input is answered with what was seen since the last `mark`; a `mark` begins anew.
 */

/** Registers of one unit with one interval. */
export interface PolledRegisters {
  readonly first: number;
  readonly count: number;
  readonly intervalMs: number;
}

export interface PolledBus {
  readonly bus: ModbusBus;
  /** One for each device: what is read of it, by unit id. */
  readonly units: readonly { readonly unitId: number; readonly reads: readonly PolledRegisters[] }[];
}

export interface SeenUnit {
  readonly unitId: number;
  readonly done: number;
  readonly failed: number;
  readonly missed: number;
  /** The longest time from a good value to the next, over the interval; 0 where there were no two. */
  readonly longestGap: number;
  /** The oldest that a value grew, over what `plantroom check` says that it grows at most. */
  readonly ageOfForecast: number;
  /** From the mark to the first good value after it; null before that. */
  readonly firstGoodMs: number | null;
  readonly lastFailure: string | null;
}

export interface SeenBus {
  /** How long the bus was taken, as the poller measures it. Right within a minute of the start: its meter has two windows. */
  readonly busyMs: number;
  /** What `plantroom status` predicts now. */
  readonly predictedLoad: number;
  /** What `plantroom check` forecasts. */
  readonly forecast: BusForecast;
  readonly deadShare: number;
  readonly latenessMs: readonly number[];
  readonly units: readonly SeenUnit[];
}

export interface Seen {
  readonly elapsedMs: number;
  /** The longest time that the system, or we, held up the event loop beyond the millisecond that a timer takes. */
  readonly heldUpMs: number;
  readonly buses: readonly SeenBus[];
}

interface Watch {
  readonly watch: (batch: SampleBatch) => void;
  readonly mark: () => void;
  readonly seen: () => Pick<SeenUnit, 'longestGap' | 'ageOfForecast' | 'firstGoodMs'>;
}

if (import.meta.main) poll(JSON.parse(process.argv[2] ?? '[]'));

function poll(plan: readonly PolledBus[]): void {
  const running = plan.map(pollBus);
  let markMono = systemClock.monoMs();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  for (const { start } of running) start();
  createInterface({ input: process.stdin }).on('line', line => {
    const elapsedMs = systemClock.monoMs() - markMono;
    const told: Seen = { elapsedMs, heldUpMs: loop.max / 1e6 - 1, buses: running.map(({ seen }) => seen()) };
    process.stdout.write(`${JSON.stringify(told)}\n`);
    if (line !== 'mark') return;
    markMono = systemClock.monoMs();
    loop.reset();
    for (const { mark } of running) mark();
  });
  process.stdout.write('{"ready":true}\n');
}

function pollBus({ bus, units }: PolledBus) {
  const driver = createModbusDrivers().find(({ protocol }) => protocol === bus.protocol);
  if (!driver) throw new Error('there is no driver');
  const options = { bus, clock: systemClock, log: silentLog };
  const devices = units.map(({ unitId, reads }, number) => deviceOf(number, unitId, reads));
  const forecast = forecastBus(bus, repeatedReads(bus, devices, driver.create(options).plan)).healthy;
  const watches = devices.map(() => watchUnit(forecast.longestWaitMs ?? Number.NaN));
  const latenessMs: number[] = [];
  const startMono = systemClock.monoMs();
  const poller = createBusPoller({
    ...{ ...options, devices, openBus: driver.create(options), random: systemRandom, alarmed: new Set<number>() },
    onBatch: batch => watches[batch.device]?.watch(batch),
    onLateness: ms => latenessMs.push(ms),
  });
  const counts = () => poller.deviceViews().map(one => [one.readsDone, one.readsFailed, one.readsMissed] as const);
  const busyMs = () => poller.busView().load * (systemClock.monoMs() - startMono);
  let before = { counts: counts(), busyMs: 0 };
  return {
    start: poller.start,
    mark() {
      before = { counts: counts(), busyMs: busyMs() };
      latenessMs.length = 0;
      for (const { mark } of watches) mark();
    },
    seen(): SeenBus {
      const { predictedLoad, deadShare } = poller.busView();
      const seenUnits = counts().map((now, index) => {
        const [done = 0, failed = 0, missed = 0] = now.map((count, at) => count - (before.counts[index]?.[at] ?? 0));
        const { unitId = 0 } = devices[index] ?? {};
        const { longestGap = 0, ageOfForecast = 0, firstGoodMs = null } = watches[index]?.seen() ?? {};
        const { lastFailure = null } = poller.deviceViews()[index] ?? {};
        return { lastFailure, unitId, done, failed, missed, longestGap, ageOfForecast, firstGoodMs };
      });
      return { busyMs: busyMs() - before.busyMs, predictedLoad, forecast, deadShare, latenessMs, units: seenUnits };
    },
  };
}

function deviceOf(number: number, unitId: number, reads: readonly PolledRegisters[]): Device {
  const addresses = reads.flatMap(({ first, count }) =>
    Array.from({ length: count }, (_, index) => modbusAddress('holding-register', first + index)),
  );
  const intervals = reads.flatMap(({ count, intervalMs }) => Array<number>(count).fill(intervalMs));
  const device = modbusDevice(addresses, { unitId });
  const points = device.points.map((point, index) => ({
    ...point,
    number: 1_000 * number + index,
    intervalMs: intervals[index] ?? 0,
  }));
  return { ...device, number, id: `unit-${unitId}`, points };
}

/** How old the values of a unit grow. */
function watchUnit(longestWaitMs: number): Watch {
  const lastGood = new Map<number, number>();
  let markMono = systemClock.monoMs();
  let [longestGap, ageOfForecast] = [0, 0];
  let firstGoodMs: number | null = null;
  return {
    watch({ samples, sampledAtMono }) {
      // The points of one read share their fate.
      const [first] = samples;
      if (first?.quality !== 'good') return;
      const { number, intervalMs } = first.point;
      const ageMs = sampledAtMono - (lastGood.get(number) ?? sampledAtMono);
      lastGood.set(number, sampledAtMono);
      longestGap = Math.max(longestGap, ageMs / intervalMs);
      ageOfForecast = Math.max(ageOfForecast, ageMs / (intervalMs + longestWaitMs));
      firstGoodMs ??= sampledAtMono - markMono;
    },
    mark() {
      markMono = systemClock.monoMs();
      [longestGap, ageOfForecast] = [0, 0];
      firstGoodMs = null;
    },
    seen: () => ({ longestGap, ageOfForecast, firstGoodMs }),
  };
}
