import { shiftFrame } from '../../history/frame.ts';
import type { TimeFix } from '../messages.ts';
import type { StoredRow } from './class-rows.ts';
import { isSame, keptBoot, type MarkedRange, shiftOf } from './clock-marks.ts';
import { correctionRows, type HistoryClass, historyClasses } from './limits.ts';
import { pack, unpack } from './packing.ts';
import type { HistorySession } from './session.ts';

/** True when some uplink has sent this row, or never will. */
export type IsSent = (kind: HistoryClass, number: number) => boolean;

/**
 * In a transaction: puts times right that were recorded in this boot before its clock was set, one bounded step, the
 * oldest of a class first. What was sent keeps the times it was sent with. Returns how many rows were looked at; 0 when
 * nothing is left.
 */
export function correctStep(session: HistorySession, fix: TimeFix, isSent: IsSent): number {
  for (const kind of historyClasses) {
    const range = session.marks.next(kind, fix.bootId);
    if (range) return correctRange(session, kind, range, fix, isSent);
  }
  return 0;
}

function correctRange(session: HistorySession, kind: HistoryClass, range: MarkedRange, fix: TimeFix, isSent: IsSent) {
  const rows = session.classes[kind].read(range, correctionRows);
  const shiftMs = shiftOf(range, fix);
  const last = rows.length < correctionRows ? range.last : (rows.at(-1)?.number ?? range.last);
  const corrected = { clock: 'corrected', bootId: fix.bootId, bootedAt: fix.bootedAt } as const;
  const parts: MarkedRange[] = [];
  const moved: StoredRow[] = [];
  for (const row of rows) {
    const isKept = isSent(kind, row.number);
    if (!isKept) moved.push(shiftRow(session, kind, row, shiftMs));
    const mark = isKept ? { ...range, bootId: keptBoot } : corrected;
    const part = parts.at(-1);
    if (part && isSame(part, mark)) parts[parts.length - 1] = { ...part, last: row.number };
    else parts.push({ ...mark, first: row.number, last: row.number });
  }
  if (last < range.last) parts.push({ ...range, first: last + 1 });
  session.classes[kind].move(moved);
  session.marks.replace(kind, range, parts);
  return Math.max(1, rows.length);
}

function shiftRow({ reading }: HistorySession, kind: HistoryClass, row: StoredRow, shiftMs: number): StoredRow {
  const moved = { ...row, from_at: row.from_at + shiftMs, to_at: row.to_at + shiftMs };
  if (kind !== 'raw') return moved;
  try {
    return { ...moved, body: pack(shiftFrame(unpack(row.body), reading.namesOf(row).length, shiftMs)) };
  } catch {
    // One that is damaged must not hold up the others.
    return moved;
  }
}
