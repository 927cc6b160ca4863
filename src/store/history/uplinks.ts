import type { SummarySpan } from '../../model/summary.ts';
import type { Database } from '../database.ts';
import { mostRanges } from './limits.ts';
import type { UplinkNeed } from './messages.ts';
import { limitRanges, noEnd, overlapOf, type Range, subtractNumbers, subtractRange } from './unsent.ts';

/** What one uplink has still to send. */
export interface UplinkState extends UplinkNeed {
  readonly unsent: readonly Range[];
  readonly dropped: number;
}

/**
 * The uplinks by id, in memory; `write` brings the database up to date. States are never changed in place, so that a copy
 * of the map is a way back after a transaction that failed.
 */
export type Uplinks = Map<string, UplinkState>;

export function readUplinks(database: Database): Uplinks {
  const ranges = database
    .prepare<[], Range & { uplink: string }>('SELECT uplink, first, last FROM unsent ORDER BY uplink, first')
    .all();
  return new Map(
    database
      .prepare<[], { id: string; span: SummarySpan; dropped: number }>('SELECT id, span, dropped FROM uplink')
      .all()
      .map(({ id, span, dropped }) => [
        id,
        {
          ...{ id, span, dropped },
          unsent: ranges.filter(({ uplink }) => uplink === id).map(({ first, last }) => ({ first, last })),
        },
      ]),
  );
}

export function writeUplinks(database: Database, uplinks: Uplinks): void {
  for (const table of ['uplink', 'unsent']) database.prepare(`DELETE FROM ${table}`).run();
  const insert = database.prepare('INSERT INTO uplink (id, span, dropped) VALUES (?, ?, ?)');
  const insertRange = database.prepare('INSERT INTO unsent (uplink, first, last) VALUES (?, ?, ?)');
  for (const { id, span, dropped, unsent } of uplinks.values()) {
    insert.run(id, span, dropped);
    for (const { first, last } of unsent) insertRange.run(id, first, last);
  }
}

/** An uplink that is new, or sends another span than before, begins behind the newest; one that left is forgotten. */
export function useUplinks(
  uplinks: Uplinks,
  needs: readonly UplinkNeed[],
  lastNumber: (span: SummarySpan) => number,
): Uplinks {
  return new Map(
    needs.map(({ id, span }) => {
      const known = uplinks.get(id);
      if (known?.span === span) return [id, known];
      return [id, { id, span, dropped: known?.dropped ?? 0, unsent: [{ first: lastNumber(span) + 1, last: noEnd }] }];
    }),
  );
}

/** False when there is nothing to settle: the uplink has left, or sends another span. */
export function settle(uplinks: Uplinks, id: string, span: SummarySpan, numbers: readonly number[]): boolean {
  const known = uplinks.get(id);
  if (known?.span !== span || numbers.length === 0) return false;
  uplinks.set(id, { ...known, unsent: limitRanges(subtractNumbers(known.unsent, numbers), mostRanges) });
  return true;
}

/** The rows of these numbers are removed: who had not sent them never will. */
export function dropUnsent(uplinks: Uplinks, span: SummarySpan, range: Range): void {
  for (const [id, state] of uplinks) {
    if (state.span !== span) continue;
    const dropped = overlapOf(state.unsent, range);
    if (dropped > 0)
      uplinks.set(id, {
        ...state,
        dropped: state.dropped + dropped,
        unsent: subtractRange(state.unsent, { first: 1, last: range.last }),
      });
  }
}

export function haveChanged(one: Uplinks, other: Uplinks): boolean {
  return one.size !== other.size || [...one].some(([id, state]) => other.get(id) !== state);
}
