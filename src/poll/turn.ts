import type { OpenBus, Read } from '../driver.ts';
import type { Device } from '../model/device.ts';
import type { Point, Sample, SampleBatch } from '../model/point.ts';
import type { BadReason } from '../model/quality.ts';
import { type Cadence, shareOf, startCadence } from './cadence.ts';
import { type DeviceHealth, unknownHealth } from './device-health.ts';
import { type Scaling, scaleReading, scalingOf } from './scale.ts';

/** A device on its bus, with what polling it has shown so far. */
export interface PolledDevice {
  readonly device: Device;
  health: DeviceHealth;
  readsDone: number;
  readsFailed: number;
  readsMissed: number;
  lastFailure: string | null;
}

export type Batch = SampleBatch & { readonly samples: readonly Sample[] };

/** One read with the batch that its samples are delivered in; both are reused by every poll. */
export interface PlannedRead {
  readonly read: Read;
  readonly batch: Batch;
  /** One for each point of the read. */
  readonly scalings: readonly Scaling[];
}

/** The points of one device with one interval: they fall due together. */
export interface Group {
  readonly owner: PolledDevice;
  readonly cadence: Cadence;
  readonly reads: readonly PlannedRead[];
  /** Index of the read that comes next in the due time under way. */
  nextRead: number;
}

/** Every group of every device of a bus, planned into reads. */
export function planGroups(openBus: OpenBus, owners: readonly PolledDevice[], startMono: number): Group[] {
  return owners.flatMap(owner =>
    byInterval(owner.device.points).map(([intervalMs, points]) => ({
      owner,
      cadence: startCadence(intervalMs, startMono, shareOf(`${owner.device.id} ${intervalMs}`)),
      reads: openBus.plan(owner.device, points).map(planRead),
      nextRead: 0,
    })),
  );
}

function planRead(read: Read): PlannedRead {
  return { read, batch: createBatch(read.device, read.points), scalings: read.points.map(scalingOf) };
}

export function polledDevice(device: Device): PolledDevice {
  return { device, health: unknownHealth, readsDone: 0, readsFailed: 0, readsMissed: 0, lastFailure: null };
}

/** Timers are a millisecond fine, so what falls due within one is due. */
const timerResolutionMs = 1;

/** The group whose read comes next: of those that are due, the one whose next due time is nearest. */
export function mostUrgent(groups: readonly Group[], nowMono: number): Group | undefined {
  let best: Group | undefined;
  for (const group of groups) {
    if (group.cadence.dueMono >= nowMono + timerResolutionMs) continue;
    if (best === undefined || deadlineOf(group) < deadlineOf(best)) best = group;
  }
  return best;
}

/** When the next group falls due; infinite when there is none. */
export function nextDueMono(groups: readonly Group[]): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { cadence } of groups) if (cadence.dueMono < next) next = cadence.dueMono;
  return next;
}

/** Scales what the read brought into its batch. */
export function fillBatch({ read, batch, scalings }: PlannedRead): void {
  for (let index = 0; index < batch.samples.length; index += 1) {
    const reading = read.readings[index];
    const sample = batch.samples[index];
    const scaling = scalings[index];
    if (reading && sample && scaling) scaleReading(reading, sample, scaling);
  }
}

/** Makes every sample of a batch bad for one reason: the read failed, or was not made at all. */
export function spoilBatch(batch: Batch, reason: BadReason): void {
  batch.isAnswered = false;
  for (const sample of batch.samples) {
    sample.value = Number.NaN;
    sample.text = undefined;
    sample.quality = reason;
  }
}

function deadlineOf(group: Group): number {
  return group.cadence.dueMono + group.cadence.intervalMs;
}

function createBatch(device: Device, points: readonly Point[]): Batch {
  return {
    device: device.number,
    samples: points.map(point => ({ point, value: Number.NaN, text: undefined, quality: 'not-read' })),
    isAnswered: false,
    sampledAtMono: 0,
    sampledAt: 0,
  };
}

function byInterval(points: readonly Point[]): [number, Point[]][] {
  const groups = new Map<number, Point[]>();
  for (const point of points) {
    const group = groups.get(point.intervalMs);
    if (group) group.push(point);
    else groups.set(point.intervalMs, [point]);
  }
  return [...groups];
}
