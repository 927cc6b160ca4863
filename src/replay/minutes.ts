import { addRecord, createRecords, type Records } from './records.ts';

export const minuteMs = 60_000;

/** The records of one minute by the wall clock, in any order; undefined where nothing was recorded in it. */
export interface Minute {
  readonly startAt: number;
  readonly records: Records | undefined;
}

/**
 * Sorts records into minutes: a recording is in the order of its devices' minutes, not of time. Columns are used again,
 * so a minute that was handed out is over when the next one is.
 */
export interface MinuteBuffer {
  /** False for a record that is earlier than what was handed out: it is left out. */
  add(place: number, at: number, value: number, quality: number): boolean;
  /** How many records wait. */
  readonly waiting: number;
  /** The first minute that was not handed out; undefined before the first record. */
  readonly firstAt: number | undefined;
  /** Hands out all minutes that begin before `endAt`, the empty ones among them. */
  takeBefore(endAt: number): Generator<Minute>;
  /** The end of the last minute with a record. */
  readonly endAt: number;
}

/** @param fromAt where the first minute begins; undefined: with the first record */
export function createMinuteBuffer(fromAt?: number): MinuteBuffer {
  const minutes = new Map<number, Records>();
  const spare: Records[] = [];
  let next = fromAt === undefined ? undefined : Math.floor(fromAt / minuteMs);
  let last = Number.NEGATIVE_INFINITY;
  let waiting = 0;
  let hasGivenOut = fromAt !== undefined;

  return {
    add(place, at, value, quality) {
      const minute = Math.floor(at / minuteMs);
      if (next === undefined || (minute < next && !hasGivenOut)) next = minute;
      if (minute < next) return false;
      if (minute > last) last = minute;
      let records = minutes.get(minute);
      if (!records) {
        records = spare.pop() ?? createRecords();
        records.count = 0;
        minutes.set(minute, records);
      }
      addRecord(records, place, at, value, quality);
      waiting += 1;
      return true;
    },
    get waiting() {
      return waiting;
    },
    get firstAt() {
      return next === undefined ? undefined : next * minuteMs;
    },
    get endAt() {
      return (last + 1) * minuteMs;
    },
    *takeBefore(endAt) {
      while (next !== undefined && next * minuteMs < endAt) {
        const minute = next;
        const records = minutes.get(minute);
        next += 1;
        hasGivenOut = true;
        yield { startAt: minute * minuteMs, records };
        if (!records) continue;
        minutes.delete(minute);
        waiting -= records.count;
        spare.push(records);
      }
    },
  };
}
