import type { AlarmEvent } from '../model/alarm.ts';
import type { NumberQuery } from './messages.ts';

/** Two pages of an uplink. What is older is read from the disk. */
const mostRecent = 100;

/**
 * The newest events as they are on the disk, so that an uplink that keeps up need not ask the store's thread for what
 * that thread has just written: the way there and back is a good part of the time that an alarm takes to the broker.
 */
export interface RecentEvents {
  /** What the disk has up to this number is not at hand, or may differ: only what comes after it is recent. */
  begin(lastStored: number): void;
  /** These have reached the disk, in the order of their numbers. */
  add(events: readonly AlarmEvent[]): void;
  /** Undefined where the disk may have something that is not at hand. */
  read(query: NumberQuery): readonly AlarmEvent[] | undefined;
}

export function createRecentEvents(): RecentEvents {
  let events: AlarmEvent[] = [];
  /** All that the disk has above this number is at hand. */
  let begin = Number.POSITIVE_INFINITY;

  return {
    begin(lastStored) {
      events = [];
      begin = lastStored;
    },
    add(stored) {
      for (const event of stored) {
        // The same event may be stored twice.
        if (event.number > (events.at(-1)?.number ?? begin)) events.push(event);
      }
      const surplus = events.splice(0, Math.max(0, events.length - mostRecent));
      begin = surplus.at(-1)?.number ?? begin;
    },
    read({ after, limit }) {
      if (after < begin) return undefined;
      return events.filter(({ number }) => number > after).slice(0, limit);
    },
  };
}
