import type { AlarmState } from '../model/alarm.ts';
import { createAlarmRows, readEvent } from './alarm-rows.ts';
import { createCursorRows } from './cursor-rows.ts';
import { type Database, openForReading, readNumberPragma } from './database.ts';
import type { UplinkCursor } from './messages.ts';
import { readMeta, removeMeta, writeMeta } from './meta.ts';

export interface Salvaged {
  readonly events: number;
  readonly states: number;
  /** False when the broken file stopped yielding rows before its end, so that some may be missing. */
  readonly isWhole: boolean;
}

interface LogRow {
  readonly number: number;
  readonly id: string;
  readonly body: string;
}

interface StateRow {
  readonly alarm: string;
  readonly body: string;
}

/**
 * Copies what the broken file still yields of the alarm events that an uplink has not delivered, of the alarms that stand
 * and of the uplinks' cursors. Where the cursors cannot be read, or there is no uplink, all events are copied. Ids and
 * numbers stay what they were, so a receiver knows an event it has already got; new numbers go on above every number that
 * was seen. Does not throw for whatever is wrong with the broken file; the rest of it stays in the file that is set aside.
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
  // Until they are there: without this mark the uplinks would begin behind what is saved.
  writeMeta(into, 'are_cursors_lost', 1);
  const cursors = readCursors(source);
  const after = cursors?.length ? Math.min(...cursors.map(({ delivered }) => delivered)) : 0;
  const tally = { events: 0, states: 0, floor: 0 };
  const takeEvent = (row: LogRow) => {
    if (!Number.isSafeInteger(row.number)) return;
    tally.floor = Math.max(tally.floor, row.number);
    const event = parse(row.body, readEvent);
    if (row.number <= after || event?.number !== row.number || event.id !== row.id) return;
    tally.events += attempt(() => target.insert([event]).length);
  };
  const taken = new Set<string>();
  const takeState = (row: StateRow) => {
    const state = parse(row.body, body => JSON.parse(body) as AlarmState);
    if (state === undefined || state.alarm !== row.alarm || taken.has(row.alarm)) return;
    taken.add(row.alarm);
    tally.states += attempt(() => {
      target.change([{ kind: 'set', state }]);
      return 1;
    });
  };
  // NOT INDEXED: a damaged index must not hide rows of a whole table.
  const logIsWhole = readFromBothEnds(source, 'SELECT number, id, body FROM alarm_log NOT INDEXED', takeEvent);
  const statesAreWhole = readFromBothEnds(source, 'SELECT alarm, body FROM alarm_state NOT INDEXED', takeState);
  writeMeta(into, 'number_floor', tally.floor);
  if (cursors) {
    createCursorRows(into).replace(cursors);
    removeMeta(into, 'are_cursors_lost');
  }
  copyTable(source, into, 'audit');
  copyTable(source, into, 'audit_end');
  copyTable(source, into, 'command');
  copyTable(source, into, 'rule_memory');
  return { events: tally.events, states: tally.states, isWhole: logIsWhole && statesAreWhole };
}

/** Undefined when they cannot be read, or cannot be right. A file of version 2 has none, but marks what was sent. */
function readCursors(source: Database): readonly UplinkCursor[] | undefined {
  try {
    const newest = ask(source, 'SELECT max(number) FROM alarm_log NOT INDEXED') ?? 0;
    if (readNumberPragma(source, 'user_version') < 3) {
      const unsent = ask(source, 'SELECT min(number) FROM alarm_log NOT INDEXED WHERE sent_at IS NULL');
      const upTo = unsent === null ? newest : unsent - 1;
      return [{ uplink: 'platform', sent: upTo, delivered: upTo }];
    }
    const cursors = createCursorRows(source).all();
    const floor = Math.max(newest, Number(readMeta(source, 'number_floor') ?? 0));
    const areRight = cursors.every(({ sent, delivered }) => delivered >= 0 && delivered <= sent && sent <= floor);
    return areRight ? cursors : undefined;
  } catch {
    return undefined;
  }
}

function ask(source: Database, sql: string): number | null {
  return source.prepare<[], number | null>(sql).pluck().get() ?? null;
}

/** Row by row as they are, whatever is missing: of the audit, the chain tells. */
function copyTable(source: Database, into: Database, table: 'audit' | 'audit_end' | 'command' | 'rule_memory'): void {
  const columns = into.pragma(`table_info(${table})`) as { name: string }[];
  const names = columns.map(({ name }) => name).join(', ');
  const places = columns.map(() => '?').join(', ');
  const insert = into.prepare(`INSERT OR REPLACE INTO ${table} (${names}) VALUES (${places})`);
  const take = (row: Record<string, unknown>) => {
    attempt(() => insert.run(...Object.values(row)).changes);
  };
  const sql = `SELECT ${names} FROM ${table}`;
  // A table without row ids is one tree, which cannot be read past its index.
  if (table === 'audit_end') readRows(source, sql, take);
  else readFromBothEnds(source, `${sql} NOT INDEXED`, take);
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

function parse<Parsed extends object>(body: unknown, read: (body: string) => Parsed): Parsed | undefined {
  if (typeof body !== 'string') return undefined;
  try {
    const parsed: unknown = read(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Parsed) : undefined;
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
