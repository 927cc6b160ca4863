import type { AlarmLife, KeptDuty } from '../../model/alarm.ts';
import type { TimeStamp } from '../../model/time.ts';
import type { Duty } from './duty.ts';
import { type BookTime, carryOver, type LastSign } from './expiry.ts';

/** A duty as it is kept with the state of its alarm: times of the process mean nothing to the next one. */
export function keepDuty(
  duty: Duty,
  now: Pick<BookTime, 'mono' | 'wall'>,
  stampAt: (mono: number) => TimeStamp,
): KeptDuty {
  const { sinceMono, announcedMono, attendedMono, overdue } = duty;
  return {
    since: now.wall - (now.mono - sinceMono),
    stamp: stampAt(sinceMono),
    announcedAfterMs: announcedMono - sinceMono,
    attendedAfterMs: attendedMono - sinceMono,
    overdue,
  };
}

/** Longer than any boot. */
const forEverMs = 1e15;

/**
 * The duty in times of this process. Within a boot it is as it was; after a reboot the time that has passed is reckoned as
 * for everything that ends by itself (`carryOver`).
 */
export function resumeDuty(
  kept: KeptDuty,
  { isUnacknowledged }: Pick<AlarmLife, 'isUnacknowledged'>,
  now: BookTime,
  lastSign: LastSign | undefined,
): Duty {
  const whole = { lastsMs: forEverMs, since: kept.since, stamp: kept.stamp };
  const left = carryOver(whole, now, lastSign);
  const goneMs = forEverMs - left.lastsMs + (now.stamp.bootMs - left.stamp.bootMs);
  const sinceMono = now.mono - goneMs;
  return {
    sinceMono,
    announcedMono: sinceMono + kept.announcedAfterMs,
    attendedMono: sinceMono + kept.attendedAfterMs,
    overdue: kept.overdue,
    isUnacknowledged,
  };
}
