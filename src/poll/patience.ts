import { type Bus, isOfPlant, type PlantBus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { DeviceHealth } from './device-health.ts';
import { isMeasured, type ResponseTime, usualTimeoutMs } from './response-time.ts';

/**
 * How long a device may let its bus wait. While it answers, that follows its measured response time; its neighbours have
 * a word in it as soon as it does not.
 */
export interface Patience {
  /** Never less for a device that answers, ms. */
  readonly floorMs: number;
  /** Never more: the timeout that the site file, or the profile, sets. */
  readonly ceilingMs: number;
  /** What a device that does not answer may take without its neighbours noticing much; infinite where it has none. */
  readonly neighbourlyMs: number;
}

/** A USB adapter keeps bytes back for 16 ms, the system may wake us a few ms late, and slow devices have slower moments. */
const serialFloorMs = 50;

/** Linux repeats a lost segment after 200 ms at the earliest; a shorter timeout would take a lost segment for a lost device. */
const tcpFloorMs = 250;

/**
 * A neighbour's read may be late by this share of its interval because of a device that does not answer. With the request
 * itself and a neighbour that is late already, gaps stay below 1.3 intervals.
 */
const neighbourlyShare = 0.2;

/** Not even the shortest interval of a neighbour makes a probe shorter: no device could answer it. */
const shortestProbeMs = 50;

/** Of so many probes of a device that was heard before, one waits as long as the neighbours allow, in case it became slower. */
export const probesPerLongOne = 4;

/**
 * How often an absent device is given its full timeout although its neighbours notice: that finds one that has become, or
 * always was, slower than they allow.
 */
export const fullTimeoutEveryMs = 10 * 60_000;

/** A datagram that is lost is sent again by the driver within the timeout: each try has this time. */
const udpFloorMs = 250;

function floorMsOf(bus: PlantBus): number {
  if (bus.protocol === 'bacnet-ip') return udpFloorMs * (1 + bus.retries);
  return bus.protocol === 'modbus-rtu' ? serialFloorMs : tcpFloorMs;
}

export function patienceWith(device: Device, bus: Bus, devices: readonly Device[]): Patience {
  if (!isOfPlant(bus)) return { floorMs: 0, ceilingMs: 0, neighbourlyMs: Number.POSITIVE_INFINITY };
  const neighbours = devices.filter(other => other !== device).flatMap(({ points }) => points);
  const shortestMs = neighbours.reduce(
    (least, { intervalMs }) => Math.min(least, intervalMs),
    Number.POSITIVE_INFINITY,
  );
  return {
    floorMs: floorMsOf(bus),
    ceilingMs: device.timeoutMs ?? bus.timeoutMs,
    neighbourlyMs: Math.max(shortestProbeMs, neighbourlyShare * shortestMs),
  };
}

/**
 * The timeout of the next request to a device, ms.
 *
 * - Never heard: its full timeout at the first attempt, so that a slow device is found at every start; what its neighbours
 *   allow from then on.
 * - Answers: four times its response time. After a failure as long as its neighbours allow, if that is longer, since it
 *   may have become slower.
 * - Absent: what it used to need, within what the neighbours allow, and all they allow at every fourth probe.
 * - Absent for long, now and then (`isFull`): its full timeout.
 */
export function timeoutMsFor(
  health: DeviceHealth,
  response: ResponseTime,
  patience: Patience,
  isFull: boolean,
): number {
  const { floorMs, ceilingMs, neighbourlyMs } = patience;
  if (health.kind === 'unknown' || isFull) return ceilingMs;
  const allowedMs = Math.min(ceilingMs, neighbourlyMs);
  if (!isMeasured(response)) return allowedMs;
  const usualMs = usualTimeoutMs(response, floorMs, ceilingMs);
  if (health.kind === 'online') return usualMs;
  if (health.kind === 'degraded') return health.failures === 0 ? usualMs : Math.max(usualMs, allowedMs);
  // A device that always was slow could not answer sooner than this.
  const leastMs = Math.min(usualMs, Math.max(allowedMs, 2 * response.smoothedMs));
  return health.probes % probesPerLongOne === probesPerLongOne - 1 ? Math.max(leastMs, allowedMs) : leastMs;
}
