import type { Backoff } from '../base/backoff.ts';
import { backoffDelayMs } from '../base/backoff.ts';
import type { Random } from '../base/random.ts';

/** Whether a device is worth asking. A pure machine: the poller steps it with the outcome of each read. */
export type DeviceHealth =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'online'; readonly failures: number }
  /** Not asked but for one probe at `probeMono`. */
  | { readonly kind: 'offline'; readonly probes: number; readonly probeMono: number };

export const unknownHealth: DeviceHealth = { kind: 'unknown' };

/** Failed reads in a row after which a device counts as offline. */
export const failuresToOffline = 3;

/** A dead device costs the bus one timeout per probe; 5 s bounds how late its return is noticed. */
export const probeBackoff: Backoff = { firstMs: 1_000, longestMs: 5_000 };

const onlineWithoutFailure: DeviceHealth = { kind: 'online', failures: 0 };

export function stepHealth(health: DeviceHealth, isAnswered: boolean, nowMono: number, random: Random): DeviceHealth {
  if (isAnswered) return onlineWithoutFailure;
  if (health.kind === 'offline') return offline(health.probes + 1, nowMono, random);
  const failures = health.kind === 'online' ? health.failures + 1 : 1;
  // A device that never answered has no credit: asking it three times would delay its neighbours at every start.
  if (health.kind === 'unknown' || failures >= failuresToOffline) return offline(0, nowMono, random);
  return { kind: 'online', failures };
}

export function mayAsk(health: DeviceHealth, nowMono: number): boolean {
  return health.kind !== 'offline' || nowMono >= health.probeMono;
}

function offline(probes: number, nowMono: number, random: Random): DeviceHealth {
  return { kind: 'offline', probes, probeMono: nowMono + backoffDelayMs(probeBackoff, probes, random) };
}
