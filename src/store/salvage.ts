import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import { createAlarmRows } from './alarm-rows.ts';
import { type Database, openForReading } from './database.ts';
import { writeMeta } from './meta.ts';

export interface Salvaged {
  readonly events: number;
  readonly states: number;
  /** False when the broken file stopped yielding rows before its end, so that some may be missing. */
  readonly isWhole: boolean;
}

interface LogRow {
  readonly number: number;
  readonly id: string;
  readonly sent_at: number | null;
  readonly body: string;
}

interface StateRow {
  readonly alarm: string;
  readonly body: string;
}

/**
 * Copies what the broken file still yields of the unsent alarm events and of the alarms that stand. Ids and numbers stay
 * what they were, so a receiver knows an event it has already got; new numbers go on above every number that was seen.
 * Does not throw for whatever is wrong with the broken file; the rest of it stays in the file that is set aside.
 */
export function salvage(brokenPath: string, into: Database): Salvaged {
  let source: Database | undefined;
  try {
    source = openForReading(brokenPath);
    return copyRows(source, into);
  } catch {
    // It cannot even be opened.
    return { events: 0, states: 0, isWhole: false };
  } finally {
    source?.close();
  }
}

function copyRows(source: Database, into: Database): Salvaged {
  const target = createAlarmRows(into);
  const tally = { events: 0, states: 0, floor: 0 };
  const takeEvent = (row: LogRow) => {
    if (!Number.isSafeInteger(row.number)) return;
    tally.floor = Math.max(tally.floor, row.number);
    const event = parseBody<AlarmEvent>(row.body);
    if (row.sent_at !== null || event?.number !== row.number || event.id !== row.id) return;
    tally.events += attempt(() => target.insert([event]));
  };
  const taken = new Set<string>();
  const takeState = (row: StateRow) => {
    const state = parseBody<AlarmState>(row.body);
    if (state === undefined || state.alarm !== row.alarm || taken.has(row.alarm)) return;
    taken.add(row.alarm);
    tally.states += attempt(() => {
      target.change([{ kind: 'set', state }]);
      return 1;
    });
  };
  // NOT INDEXED: a damaged index must not hide rows of a whole table.
  const logIsWhole = readFromBothEnds(source, 'SELECT number, id, sent_at, body FROM alarm_log NOT INDEXED', takeEvent);
  const statesAreWhole = readFromBothEnds(source, 'SELECT alarm, body FROM alarm_state NOT INDEXED', takeState);
  writeMeta(into, 'number_floor', tally.floor);
  attempt(() => keepSummaryNumbers(source, into));
  return { events: tally.events, states: tally.states, isWhole: logIsWhole && statesAreWhole };
}

/** The summaries are given up, but their numbers go on: whoever drains the outbox asks for what is above the last. */
function keepSummaryNumbers(source: Database, into: Database): number {
  const last = source.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'summary_outbox'").pluck().get() ?? 0;
  return into.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('summary_outbox', ?)").run(last).changes;
}

/** Reads forward up to the damage, then backward down to it. True when there was none in the way. */
function readFromBothEnds<Row>(source: Database, sql: string, take: (row: Row) => void): boolean {
  if (readRows(source, `${sql} ORDER BY rowid`, take)) return true;
  readRows(source, `${sql} ORDER BY rowid DESC`, take);
  return false;
}

function readRows<Row>(source: Database, sql: string, take: (row: Row) => void): boolean {
  try {
    for (const row of source.prepare<[], Row>(sql).iterate()) take(row);
    return true;
  } catch {
    return false;
  }
}

function parseBody<Body>(body: unknown): Body | undefined {
  if (typeof body !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Body) : undefined;
  } catch {
    return undefined;
  }
}

/** A row that looks right but does not fit is left behind like a damaged one. */
function attempt(insert: () => number): number {
  try {
    return insert();
  } catch {
    return 0;
  }
}
