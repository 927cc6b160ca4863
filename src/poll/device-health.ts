import type { Backoff } from '../base/backoff.ts';
import { backoffDelayMs } from '../base/backoff.ts';
import type { Random } from '../base/random.ts';

/** Whether a device is worth asking. A pure machine: the poller steps it with the outcome of each read that was sent. */
export type DeviceHealth =
  | { readonly kind: 'unknown' }
  /** Its last `recentReads` reads were all answered. */
  | { readonly kind: 'online' }
  /** At least one of its last `recentReads` reads was not answered, but fewer than `failuresToOffline` in a row. */
  | {
      readonly kind: 'degraded';
      /** Failed reads in a row, 0 when the last one was answered. */
      readonly failures: number;
      /** One bit for each of the last reads, 1 where it failed, the newest lowest. */
      readonly recent: number;
    }
  /** Not asked but for one probe at `probeMono`. */
  | {
      readonly kind: 'offline';
      readonly sinceMono: number;
      readonly probes: number;
      readonly probeMono: number;
    };

export const unknownHealth: DeviceHealth = { kind: 'unknown' };

/** Failed reads in a row after which a device counts as offline. */
export const failuresToOffline = 3;

/** So many answered reads in a row end a degradation. */
export const recentReads = 8;

/**
 * When an absent device is probed. A device that is back should be found within 10 s, and a whole bus within 5 s of its
 * plug being put back in; so the wait goes 1, 2, 4, 4 … s and not on to 30 s. What that costs the neighbours is not the
 * matter of this schedule but of dead-share.ts, which makes probes wait beyond it where many devices are dead.
 */
export const probeBackoff: Backoff = { firstMs: 1_000, longestMs: 4_000 };

/** A device that is gone for so long is not back in the next moment: nobody waits beside it any more. */
export const longAbsenceMs = 10 * 60_000;

/** The probes of a device after a long absence. */
export const absentBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** A probe that could not be sent, since the answer to an earlier request may still come, is made after this time. */
export const postponedProbeMs = 500;

const online: DeviceHealth = { kind: 'online' };
const recentMask = 2 ** recentReads - 1;

export function stepHealth(health: DeviceHealth, isAnswered: boolean, nowMono: number, random: Random): DeviceHealth {
  if (isAnswered) return health.kind === 'degraded' ? recover(health.recent) : online;
  switch (health.kind) {
    case 'unknown':
      // A device that never answered has no credit: asking it three times would delay its neighbours at every start.
      return offline(nowMono, 0, nowMono, random);
    case 'online':
      return { kind: 'degraded', failures: 1, recent: 1 };
    case 'degraded': {
      const failures = health.failures + 1;
      if (failures >= failuresToOffline) return offline(nowMono, 0, nowMono, random);
      return { kind: 'degraded', failures, recent: ((health.recent << 1) | 1) & recentMask };
    }
    case 'offline':
      return offline(health.sinceMono, health.probes + 1, nowMono, random);
  }
}

/** The probe could not be sent: nothing was learned, and it is made a little later. */
export function postponeProbe(health: DeviceHealth, nowMono: number): DeviceHealth {
  return health.kind === 'offline' ? { ...health, probeMono: nowMono + postponedProbeMs } : health;
}

/** There is reason to think that the device is back: it is probed at once, and then as if it had just gone. */
export function probeNow(health: DeviceHealth, nowMono: number): DeviceHealth {
  return health.kind === 'offline' ? { ...health, probes: 0, probeMono: nowMono } : health;
}

function recover(recent: number): DeviceHealth {
  const left = (recent << 1) & recentMask;
  return left === 0 ? online : { kind: 'degraded', failures: 0, recent: left };
}

function offline(sinceMono: number, probes: number, nowMono: number, random: Random): DeviceHealth {
  const backoff = nowMono - sinceMono < longAbsenceMs ? probeBackoff : absentBackoff;
  return { kind: 'offline', sinceMono, probes, probeMono: nowMono + backoffDelayMs(backoff, probes, random) };
}
