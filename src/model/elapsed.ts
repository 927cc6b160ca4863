import type { TimeStamp } from './time.ts';

/** A moment that another process may have to judge. */
interface StampedMoment {
  /** Wall time, ms since 1970. */
  readonly at: number;
  readonly stamp: TimeStamp;
}

/**
 * How much time has gone by from one moment to another, ms. In one boot the monotonic clock tells; over a boot the wall
 * clock, where both times can be trusted. Undefined when nobody can tell, and when time would have gone back.
 */
export function elapsedMs(from: StampedMoment, to: StampedMoment): number | undefined {
  const isOneBoot = from.stamp.bootId === to.stamp.bootId && from.stamp.bootId !== 'unknown';
  if (!isOneBoot && (isDoubtful(from) || isDoubtful(to))) return undefined;
  const ms = isOneBoot ? to.stamp.bootMs - from.stamp.bootMs : to.at - from.at;
  return ms >= 0 ? ms : undefined;
}

function isDoubtful({ stamp }: StampedMoment): boolean {
  return stamp.clock === 'unsynchronised';
}
