import type { Expiry } from '../../model/alarm.ts';
import type { TimeStamp } from '../../model/time.ts';

/** A moment as the alarm book needs it: by the clock of the process, by the wall clock, and since the boot. */
export interface BookTime {
  readonly mono: number;
  readonly wall: number;
  readonly stamp: TimeStamp;
}

/** The last that is known of the boot before: how far it had come. */
export type LastSign = Pick<TimeStamp, 'bootId' | 'bootMs'>;

/** When it ends, by the monotonic clock of the process. Only of an expiry of this boot: see `carryOver`. */
export function dueMonoOf({ stamp, lastsMs }: Expiry, now: BookTime): number {
  return now.mono + stamp.bootMs + lastsMs - now.stamp.bootMs;
}

/** The wall time at which it ends, for people. */
export function untilOf({ since, lastsMs }: Expiry): number {
  return since + lastsMs;
}

/**
 * Takes an expiry over into this boot. Within a boot nothing changes: the monotonic clock goes on. After a reboot the wall
 * clock tells how long the machine was off, where it was right both times; otherwise what was left at the last sign of
 * life goes on from now, so that hiding an alarm may last longer but never for ever. What is left is never more than
 * the whole, whatever the clocks say.
 */
export function carryOver(expiry: Expiry, now: BookTime, lastSign: LastSign | undefined): Expiry {
  if (expiry.stamp.bootId === now.stamp.bootId) return expiry;
  const isRight = isTrusted(expiry.stamp) && isTrusted(now.stamp);
  // A clock that was set back in between takes nothing of the time that was seen to pass.
  const goneMs = Math.max(isRight ? now.wall - expiry.since : 0, seenMs(expiry, lastSign));
  const lastsMs = Math.min(Math.max(0, expiry.lastsMs - goneMs), expiry.lastsMs);
  return { lastsMs, since: now.wall, stamp: now.stamp };
}

/** When a boot began by the wall clock, as it is known now that the clock was set. */
export interface BootFix {
  readonly bootId: string;
  readonly bootedAt: number;
}

/** Puts the wall time right of what began before the clock was set. Its end, which is reckoned otherwise, does not change. */
export function correctExpiry(expiry: Expiry, { bootId, bootedAt }: BootFix): Expiry {
  const { stamp } = expiry;
  if (isTrusted(stamp) || stamp.bootId !== bootId) return expiry;
  return { ...expiry, since: Math.round(bootedAt + stamp.bootMs), stamp: { ...stamp, clock: 'corrected' } };
}

function isTrusted({ clock }: TimeStamp): boolean {
  return clock !== 'unsynchronised';
}

function seenMs({ stamp }: Expiry, lastSign: LastSign | undefined): number {
  return lastSign?.bootId === stamp.bootId ? lastSign.bootMs - stamp.bootMs : 0;
}
