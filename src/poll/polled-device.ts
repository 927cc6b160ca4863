import type { Bus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { DeviceView } from '../model/view.ts';
import { type DeviceHealth, unknownHealth } from './device-health.ts';
import { fullTimeoutEveryMs, type Patience, patienceWith, timeoutMsFor } from './patience.ts';
import { isMeasured, type ResponseTime, unmeasured } from './response-time.ts';

/** A device on its bus, with what polling it has shown so far. */
export interface PolledDevice {
  readonly device: Device;
  readonly patience: Patience;
  readonly response: ResponseTime;
  health: DeviceHealth;
  /** It is not asked before, since the answer to an earlier request may still come. */
  restsUntilMono: number;
  /** Its reads that are on the wire. */
  underWay: number;
  /** When an absent device is given its full timeout again. */
  fullMono: number;
  readsDone: number;
  readsFailed: number;
  readsMissed: number;
  lastFailure: string | null;
}

export function polledDevice(device: Device, bus: Bus, devices: readonly Device[]): PolledDevice {
  return {
    device,
    patience: patienceWith(device, bus, devices),
    response: unmeasured(),
    health: unknownHealth,
    restsUntilMono: 0,
    underWay: 0,
    fullMono: Number.POSITIVE_INFINITY,
    readsDone: 0,
    readsFailed: 0,
    readsMissed: 0,
    lastFailure: null,
  };
}

export function isOffline({ health }: PolledDevice): boolean {
  return health.kind === 'offline';
}

export function nextTimeoutMs({ health, response, patience, fullMono }: PolledDevice, nowMono: number): number {
  return timeoutMsFor(health, response, patience, health.kind === 'offline' && nowMono >= fullMono);
}

/** An absent device was given its full timeout, or has just gone: the next one is far. */
export function putOffFullTimeout(owner: PolledDevice, nowMono: number): void {
  owner.fullMono = nowMono + fullTimeoutEveryMs;
}

/** The absent device whose probe is due the longest; undefined when none is due. */
export function nextProbed(owners: readonly PolledDevice[], nowMono: number): PolledDevice | undefined {
  let best: PolledDevice | undefined;
  let bestMono = nowMono;
  for (const owner of owners) {
    const probeMono = probeMonoOf(owner);
    if (probeMono > bestMono || (best && probeMono === bestMono)) continue;
    best = owner;
    bestMono = probeMono;
  }
  return best;
}

/** When a probe falls due; infinite when there is none to make. */
export function nextProbeMono(owners: readonly PolledDevice[]): number {
  return owners.reduce((next, owner) => Math.min(next, probeMonoOf(owner)), Number.POSITIVE_INFINITY);
}

function probeMonoOf({ health, underWay, restsUntilMono }: PolledDevice): number {
  if (health.kind !== 'offline' || underWay > 0) return Number.POSITIVE_INFINITY;
  return Math.max(health.probeMono, restsUntilMono);
}

/** @param notes what the driver knows of it beside its reads */
export function deviceView(owner: PolledDevice, nowMono: number, notes: readonly string[]): DeviceView {
  const { device, health, response } = owner;
  return {
    id: device.id,
    name: device.name,
    bus: device.bus,
    health: health.kind,
    readsDone: owner.readsDone,
    readsFailed: owner.readsFailed,
    readsMissed: owner.readsMissed,
    lastFailure: owner.lastFailure,
    notes,
    responseMs: isMeasured(response) ? tenths(response.smoothedMs) : null,
    timeoutMs: tenths(nextTimeoutMs(owner, nowMono)),
    nextProbeMs: health.kind === 'offline' ? Math.round(Math.max(0, probeMonoOf(owner) - nowMono)) : null,
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
