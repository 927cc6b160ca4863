import type { ClockDoubt, ClockQuality } from '../../model/time.ts';
import type { Database } from '../database.ts';
import type { TimeFix } from '../messages.ts';
import { type HistoryClass, historyClasses } from './limits.ts';
import type { Range } from './unsent.ts';

/** What is known of the times of a row that was made before the clock was set. Others have none. */
export interface ClockMark extends ClockDoubt {
  readonly clock: Exclude<ClockQuality, 'synchronised'>;
}

export interface MarkedRange extends Range, ClockMark {}

/**
 * Which rows were made before the clock was set: a range for each time in which it was not, so that the rows themselves
 * carry nothing. Must be made anew after a transaction that failed.
 */
export interface ClockMarks {
  /** In a transaction; numbers of a class rise. */
  note(kind: HistoryClass, number: number, mark: ClockMark): void;
  /** Undefined where the clock was right. */
  markOf(kind: HistoryClass, number: number): ClockMark | undefined;
  /** The oldest rows of this boot that are not corrected. */
  next(kind: HistoryClass, bootId: string): MarkedRange | undefined;
  /** In a transaction: puts these in the place of one. */
  replace(kind: HistoryClass, old: MarkedRange, parts: readonly MarkedRange[]): void;
  /** In a transaction: the rows up to this number are gone. */
  forget(kind: HistoryClass, upTo: number): void;
}

/** Rows whose clock agrees to this have one mark: what two readings of two clocks may differ by. */
const tolerableMs = 50;

/** Of rows that were sent with the times that they have: they keep them, whatever the clock says later. */
export const keptBoot = '';

export function createClockMarks(database: Database): ClockMarks {
  const insert = database.prepare(
    'INSERT INTO clock_mark (class, first, last, clock, boot_id, booted_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const extend = database.prepare('UPDATE clock_mark SET last = ? WHERE class = ? AND first = ?');
  const remove = database.prepare('DELETE FROM clock_mark WHERE class = ? AND first = ?');
  const select = database.prepare<[string], MarkedRange>(
    `SELECT first, last, clock, boot_id AS bootId, booted_at AS bootedAt FROM clock_mark WHERE class = ? ORDER BY first`,
  );
  const ranges = new Map<HistoryClass, MarkedRange[]>(historyClasses.map(kind => [kind, select.all(kind)]));
  const of = (kind: HistoryClass) => ranges.get(kind) ?? [];

  function put(kind: HistoryClass, { first, last, clock, bootId, bootedAt }: MarkedRange): void {
    insert.run(kind, first, last, clock, bootId, bootedAt);
  }

  return {
    note(kind, number, mark) {
      const known = of(kind);
      const newest = known.at(-1);
      if (newest && newest.last === number - 1 && isSame(newest, mark)) {
        extend.run(number, kind, newest.first);
        known[known.length - 1] = { ...newest, last: number };
        return;
      }
      const range = { first: number, last: number, ...mark };
      put(kind, range);
      known.push(range);
    },
    markOf: (kind, number) => of(kind).find(({ first, last }) => first <= number && number <= last),
    next: (kind, bootId) => of(kind).find(range => range.clock === 'unsynchronised' && range.bootId === bootId),
    replace(kind, old, parts) {
      remove.run(kind, old.first);
      for (const part of parts) put(kind, part);
      ranges.set(
        kind,
        of(kind).flatMap(range => (range.first === old.first ? parts : range)),
      );
    },
    forget(kind, upTo) {
      const gone = of(kind).filter(({ last }) => last <= upTo);
      if (gone.length === 0) return;
      for (const { first } of gone) remove.run(kind, first);
      ranges.set(kind, of(kind).slice(gone.length));
    },
  };
}

export function isSame(one: ClockMark, other: ClockMark): boolean {
  return (
    one.clock === other.clock && one.bootId === other.bootId && Math.abs(one.bootedAt - other.bootedAt) <= tolerableMs
  );
}

/** How far a row has to be moved that is written now, and what is to be remembered of it. */
export interface Timing {
  readonly shiftMs: number;
  readonly mark: ClockMark | undefined;
}

/** `fix` is known once the clock is set: what was made before and is written only now is put right on the way. */
export function timingOf(doubt: ClockDoubt | undefined, fix: TimeFix | undefined): Timing {
  if (doubt === undefined) return { shiftMs: 0, mark: undefined };
  const { bootId, bootedAt } = doubt;
  if (fix?.bootId !== bootId) return { shiftMs: 0, mark: { clock: 'unsynchronised', bootId, bootedAt } };
  return { shiftMs: shiftOf(doubt, fix), mark: { clock: 'corrected', bootId, bootedAt: fix.bootedAt } };
}

export function shiftOf(doubt: ClockDoubt, fix: TimeFix): number {
  return Math.round(fix.bootedAt - doubt.bootedAt);
}
