import type { Clock, Timer } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Device } from '../model/device.ts';
import { isText, isTwoState, type Point } from '../model/point.ts';
import { convertValue } from '../model/unit.ts';
import type { FaultDesk } from './fault-desk.ts';
import { measureEquipment, type Plant, stepPlant, unitsOf } from './plant.ts';

/** How the values of a simulated plant move. */
export interface ValuesOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * `plant`: equipment moves the values, and devices that are no known equipment ramp. `ramp`: every value counts up
   * once a second. `constant`: nothing moves.
   */
  readonly values: 'plant' | 'ramp' | 'constant';
  /** Time of day in the plant when it starts, 0 to 24. */
  readonly startHour?: number;
}

const plantTickMs = 100;
const rampTickMs = 1_000;
const defaultStartHour = 8;

/** Where a device shows its values: registers, or objects. */
export interface ValueSink {
  readonly device: Device;
  /** Puts a raw value, as it goes over the wire, where the point reads it. */
  put(point: Point, raw: number | string): void;
  /** All values were put, and the plant is now like this. */
  show?(plant: Plant): void;
}

/** Writes the values now, and from now on as time goes by. Returns the way to stop it. */
export function moveValues(
  options: ValuesOptions,
  sinks: readonly ValueSink[],
  plant: Plant,
  desk: FaultDesk,
): () => void {
  const tick = createTick(options, sinks, plant, desk);
  tick(0);
  return tickEvery(options.clock, options.values === 'plant' ? plantTickMs : rampTickMs, tick);
}

/** Writes what the values are now; its argument is the time since the last call, in seconds. */
function createTick(
  options: ValuesOptions,
  sinks: readonly ValueSink[],
  plantAtStart: Plant,
  desk: FaultDesk,
): (dtS: number) => void {
  let plant = plantAtStart;
  let elapsedS = 0;
  let written = -1;
  return dtS => {
    elapsedS += dtS;
    desk.expire();
    const hour = ((options.startHour ?? defaultStartHour) + elapsedS / 3_600) % 24;
    plant = stepPlant(plant, { faults: desk.plantFaults(), hour, random: options.random }, dtS);
    for (const sink of sinks) writeEquipment(plant, sink);
    const count = options.values === 'constant' ? 0 : Math.floor(elapsedS);
    if (count !== written) {
      written = count;
      for (const sink of sinks) if (!plant.has(sink.device.id)) writeRamp(sink, count);
    }
    for (const sink of sinks) sink.show?.(plant);
  };
}

function writeEquipment(plant: Plant, { device, put }: ValueSink): void {
  const equipment = plant.get(device.id);
  if (!equipment) return;
  const signals = measureEquipment(equipment);
  const units = unitsOf(equipment);
  for (const point of device.points) {
    const signal = signals[point.id];
    if (signal === undefined) continue;
    const value = convertValue(signal, units[point.id] ?? point.unit, point.unit) ?? signal;
    put(point, (value - point.offset) / point.scale);
  }
}

/**
 * Raw numbers that every type can hold and that differ from point to point: (place in its device + count) modulo 100.
 * A bit is set while that number is odd; a text spells it.
 */
function writeRamp({ device, put }: ValueSink, count: number): void {
  device.points.forEach((point, place) => {
    const raw = rampRaw(place, count);
    put(point, isTwoState(point) ? raw % 2 : isText(point) ? String(raw) : raw);
  });
}

/** What a ramping point holds, before bits and texts make of it what they can. */
function rampRaw(place: number, count: number): number {
  return (place + count) % 100;
}

/** Due times are start + k × interval; a tick that comes late tells how late. */
function tickEvery(clock: Clock, intervalMs: number, tick: (dtS: number) => void): () => void {
  const start = clock.monoMs();
  let last = start;
  let timer: Timer;
  const arm = () => {
    const due = start + (Math.floor((clock.monoMs() - start) / intervalMs) + 1) * intervalMs;
    timer = clock.at(due, () => {
      const now = clock.monoMs();
      tick((now - last) / 1_000);
      last = now;
      arm();
    });
  };
  arm();
  return () => timer.cancel();
}
