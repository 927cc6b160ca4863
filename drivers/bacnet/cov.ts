import { type Backoff, backoffDelayMs } from '../../src/base/backoff.ts';

/**
 * One subscription to changes of a value. Pure: stepped with what the device says and with the time; subscriptions.ts asks
 * and hears. Polling goes on whatever becomes of it: the interval of a point is its heartbeat.
 */
export type Cov =
  /** Only polled. It is asked for at `dueMono`. */
  | { readonly kind: 'off'; readonly dueMono: number; readonly tries: number; readonly why: string }
  /** The request is out. A renewal still hears what comes. */
  | { readonly kind: 'asking'; readonly tries: number; readonly heardMono: number | undefined }
  | { readonly kind: 'on'; readonly renewMono: number; readonly heardMono: number };

export type CovInput =
  | { readonly kind: 'asked' }
  | { readonly kind: 'accepted' }
  /** Refused, or not answered. */
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'notified' }
  /** The device may have forgotten it: it was away, or has said that it is new. */
  | { readonly kind: 'doubted' }
  | { readonly kind: 'tick' };

/** How long a device keeps a subscription. */
export const lifetimeMs = 300_000;

/** A device tells the value at once when it is asked again, so one that says nothing for so long tells nobody. */
const silentMs = 2 * lifetimeMs;

/** A device that refuses is asked again: somebody may have freed a place, or loaded another program. */
const retryBackoff: Backoff = { firstMs: 30_000, longestMs: 3_600_000 };

export function createCov(nowMono: number): Cov {
  return { kind: 'off', dueMono: nowMono, tries: 0, why: 'not asked for yet' };
}

export function stepCov(cov: Cov, input: CovInput, nowMono: number): Cov {
  switch (input.kind) {
    case 'asked':
      return {
        kind: 'asking',
        tries: cov.kind === 'on' ? 0 : cov.tries,
        heardMono: cov.kind === 'off' ? undefined : cov.heardMono,
      };
    case 'accepted':
      if (cov.kind !== 'asking') return cov;
      return { kind: 'on', renewMono: nowMono + lifetimeMs / 2, heardMono: cov.heardMono ?? nowMono };
    case 'failed':
      return cov.kind === 'asking' ? giveUp(cov.tries, input.why, nowMono) : cov;
    case 'notified':
      return cov.kind === 'off' ? cov : { ...cov, heardMono: nowMono };
    case 'doubted':
      if (cov.kind === 'on') return { ...cov, renewMono: nowMono };
      return cov.kind === 'off' ? { ...cov, dueMono: nowMono, tries: 0 } : cov;
    case 'tick':
      if (cov.kind !== 'on' || nowMono < cov.heardMono + silentMs) return cov;
      return giveUp(0, 'nothing was told for two lifetimes', nowMono);
  }
}

function giveUp(tries: number, why: string, nowMono: number): Cov {
  const waitMs = backoffDelayMs(retryBackoff, tries, { next: () => 0 });
  return { kind: 'off', dueMono: nowMono + waitMs, tries: tries + 1, why };
}

/** When it has to be asked for, or looked at; infinite while a request is out. */
export function dueMonoOf(cov: Cov): number {
  switch (cov.kind) {
    case 'off':
      return cov.dueMono;
    case 'asking':
      return Number.POSITIVE_INFINITY;
    case 'on':
      return Math.min(cov.renewMono, cov.heardMono + silentMs);
  }
}

export function isToBeAsked(cov: Cov, nowMono: number): boolean {
  return (cov.kind === 'off' && nowMono >= cov.dueMono) || (cov.kind === 'on' && nowMono >= cov.renewMono);
}
