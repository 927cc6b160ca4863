import type { Log } from '../base/log.ts';
import type { Read } from '../driver.ts';
import { type Bus, isOfPlant, lanesOf } from '../model/bus.ts';
import { assumedTurnaroundMs, type Device } from '../model/device.ts';
import type { Point } from '../model/point.ts';

/*
 * What a bus can do, computed before anyone drives to the site. docs/bus-load.md explains the formulas and goes through
 * an example; change both together.
 */

/** A read that is made again and again, as far as it takes time from its bus. */
export interface RepeatedRead {
  /** Id of the device. */
  readonly device: string;
  readonly intervalMs: number;
  /** How long the bus is taken by it when the device answers. */
  readonly takesMs: number;
  /** How long the bus is taken by it when the device does not answer. */
  readonly lostMs: number;
}

export interface BusForecast {
  /** The share of its time that the bus is asked for; 1 is all of it, and more than that cannot be had. */
  readonly load: number;
  /** The longest a read may have to wait and take, ms; undefined when there is no such limit. */
  readonly longestWaitMs: number | undefined;
  /** The oldest that the value of a point may grow before the next one is there, ms; undefined when there is no limit. */
  readonly worstAgeMs: number | undefined;
}

export interface BusForecasts {
  readonly healthy: BusForecast;
  /** With the one device silent that hurts the others most; undefined when nobody is left to be hurt. */
  readonly oneDead: BusForecast | undefined;
  readonly twoDead: BusForecast | undefined;
}

/** What a site file may ask of a bus before `plantroom check` says a word, and before it refuses. */
export const busLoadLimits = { warning: 0.7, error: 1 } as const;

export function forecastBus(bus: Bus, reads: readonly RepeatedRead[]): BusForecasts {
  return {
    healthy: forecast(bus, reads, slowestMs(reads), []),
    oneDead: forecastDead(bus, reads, 1),
    twoDead: forecastDead(bus, reads, 2),
  };
}

/** Plans the devices of a bus as the poller does: the points of one interval together. */
export function repeatedReads(
  bus: Bus,
  devices: readonly Device[],
  plan: (device: Device, points: readonly Point[]) => readonly Read[],
): RepeatedRead[] {
  return devices.flatMap(device =>
    [...Map.groupBy(device.points, ({ intervalMs }) => intervalMs)].flatMap(([intervalMs, points]) =>
      plan(device, points).map(read => repeatedRead(bus, read, intervalMs)),
    ),
  );
}

/** @param turnaroundMs how long the device takes to answer, as measured */
export function repeatedRead(
  bus: Bus,
  { device, wireMs }: Read,
  intervalMs: number,
  turnaroundMs: number = assumedTurnaroundMs,
): RepeatedRead {
  const timeoutMs = device.timeoutMs ?? (isOfPlant(bus) ? bus.timeoutMs : 0);
  return { device: device.id, intervalMs, takesMs: wireMs + turnaroundMs, lostMs: wireMs + timeoutMs };
}

/** Σ time of a read ÷ its interval, over the requests that may be under way at once. */
export function loadOf(bus: Bus, reads: readonly RepeatedRead[]): number {
  return reads.reduce((sum, { takesMs, intervalMs }) => sum + takesMs / intervalMs, 0) / lanesOf(bus);
}

/** With the devices silent whose own reads leave the least time when they go. */
function forecastDead(bus: Bus, reads: readonly RepeatedRead[], count: number): BusForecast | undefined {
  const devices = [...Map.groupBy(reads, ({ device }) => device).values()];
  if (devices.length <= count) return undefined;
  const dead = devices.toSorted((a, b) => loadOf(bus, a) - loadOf(bus, b)).slice(0, count);
  const living = reads.filter(({ device }) => !dead.some(others => others[0]?.device === device));
  // Of all devices, whichever they are: the bound must hold for any two.
  const losses = devices.map(others => Math.max(...others.map(({ lostMs }) => lostMs))).toSorted((a, b) => b - a);
  return forecast(bus, living, slowestMs(reads), losses.slice(0, count));
}

function slowestMs(reads: readonly RepeatedRead[]): number {
  return reads.reduce((most, { intervalMs }) => Math.max(most, intervalMs), 0);
}

/**
 * @param slowest the longest interval of a point, ms
 * @param losses how long the bus waits in vain for each device that is silent
 */
function forecast(bus: Bus, reads: readonly RepeatedRead[], slowest: number, losses: readonly number[]): BusForecast {
  const deadShare = losses.length > 0 && isOfPlant(bus) ? bus.deadDeviceShare : 0;
  const load = loadOf(bus, reads) + deadShare;
  const longestWaitMs = longestBusyMs(bus, reads, losses, deadShare);
  return { load, longestWaitMs, worstAgeMs: longestWaitMs === undefined ? undefined : slowest + longestWaitMs };
}

/** A bus that is busy for this long without a pause will not have one. */
const mostBusyMs = 3_600_000;

/**
 * The longest time for which the bus can be busy without a pause: everything falls due at once, probes of the silent
 * devices among it, and what falls due meanwhile is made as well. Whatever the order, a read is done by its end.
 */
function longestBusyMs(
  bus: Bus,
  reads: readonly RepeatedRead[],
  losses: readonly number[],
  deadShare: number,
): number | undefined {
  const lanes = lanesOf(bus);
  const lostMs = losses.reduce((sum, ms) => sum + ms, 0);
  // With several lanes the last read may begin when the others are done.
  const lastMs = lanes > 1 ? reads.reduce((most, { takesMs }) => Math.max(most, takesMs), 0) : 0;
  let busyMs = 0;
  for (;;) {
    let nextMs = lostMs + deadShare * busyMs + lastMs;
    for (const { takesMs, intervalMs } of reads) {
      nextMs += (Math.max(1, Math.ceil(busyMs / intervalMs)) * takesMs) / lanes;
    }
    if (nextMs > mostBusyMs) return undefined;
    if (nextMs - busyMs < 0.01) return nextMs;
    busyMs = nextMs;
  }
}

/** Intervals as people choose them, ms. */
const commonIntervals = [
  50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 180_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000,
];

/**
 * What to write instead, so that the bus is asked for no more than the warning limit: each interval of the bus with the
 * one that fits, the same for all where it can be. Undefined when not even an hour is long enough.
 */
export function intervalsThatFit(bus: Bus, reads: readonly RepeatedRead[]): ReadonlyMap<number, number> | undefined {
  const factor = loadOf(bus, reads) / busLoadLimits.warning;
  const fitting = new Map<number, number>();
  for (const { intervalMs } of reads.toSorted((a, b) => a.intervalMs - b.intervalMs)) {
    // Dust in the last digits must not cost a step.
    const fits = commonIntervals.find(common => common >= intervalMs * factor * (1 - 1e-9));
    if (fits === undefined) return undefined;
    fitting.set(intervalMs, fits);
  }
  return fitting;
}

/** Polling late beats not polling: it is said, by `plantroom check` before and here, and done. */
export function warnOfOverload(buses: readonly { readonly id: string; readonly predictedLoad: number }[], log: Log) {
  for (const { id, predictedLoad } of buses) {
    if (predictedLoad <= busLoadLimits.error) continue;
    const load = `${Math.ceil(predictedLoad * 100)} %`;
    log.warn(
      { bus: id, load },
      'the bus is asked for more time than it has: plantroom check tells which intervals fit',
    );
  }
}
