import type { AlarmEvent } from '../model/alarm.ts';
import { type AlarmRows, createAlarmRows } from './alarm-rows.ts';
import { type AuditRows, createAuditRows } from './audit-rows.ts';
import { type CommandRows, createCommandRows } from './command-rows.ts';
import { type CursorRows, createCursorRows } from './cursor-rows.ts';
import { createWalGauge, type Database } from './database.ts';
import { createLearnedRows, type LearnedRows } from './learned-rows.ts';
import { type StoreLimits, trimStepRows } from './limits.ts';
import { createMemoryRows, type MemoryRows } from './memory-rows.ts';
import type { AlarmWork, RecordWork, UplinkCursor } from './messages.ts';
import { readMeta, removeMeta } from './meta.ts';

/** An open database with its statements and the counts kept beside it, so that nobody counts rows on every reply. */
export interface Session {
  readonly database: Database;
  readonly alarms: AlarmRows;
  readonly cursors: CursorRows;
  readonly learned: LearnedRows;
  readonly memories: MemoryRows;
  readonly audit: AuditRows;
  readonly commands: CommandRows;
  /** Pages that wait in the write-ahead file. */
  readonly walPages: () => number;
  counts: Counts;
}

interface Counts {
  readonly uplinks: readonly CountedUplink[];
  readonly loggedAlarms: number;
  readonly auditEntries: number;
  /** Alarm rows added or delivered since the log was last trimmed. */
  readonly changesSinceTrim: number;
}

interface CountedUplink extends UplinkCursor {
  /** Events that it has not delivered. */
  readonly owed: number;
}

export function startSession(database: Database): Session {
  const alarms = createAlarmRows(database);
  const cursors = createCursorRows(database);
  const learned = createLearnedRows(database);
  const memories = createMemoryRows(database);
  const audit = createAuditRows(database);
  const commands = createCommandRows(database);
  const counts = {
    uplinks: cursors
      .all()
      .map(cursor => ({ ...cursor, owed: alarms.count(cursor.delivered, Number.MAX_SAFE_INTEGER) })),
    loggedAlarms: alarms.count(0, Number.MAX_SAFE_INTEGER),
    auditEntries: audit.count(),
    changesSinceTrim: trimStepRows,
  };
  const walPages = createWalGauge(database);
  return { database, alarms, cursors, learned, memories, audit, commands, walPages, counts };
}

/** One transaction. The counts follow it: when it fails they are what they were. */
export function commitChange(session: Session, change: (session: Session) => void): void {
  const before = session.counts;
  try {
    session.database.transaction(() => change(session)).immediate();
  } catch (error) {
    session.counts = before;
    throw error;
  }
}

export function addToCounts(session: Session, change: Partial<Record<CountName, number>>): void {
  const counts = { ...session.counts };
  for (const [name, by] of Object.entries(change) as [CountName, number][]) counts[name] += by;
  session.counts = counts;
}

type CountName = Exclude<keyof Counts, 'uplinks'>;

export function writeAlarmWork(session: Session, { events, states }: AlarmWork): void {
  const added = session.alarms.insert(events);
  session.alarms.change(states);
  addToCounts(session, { loggedAlarms: added.length, changesSinceTrim: added.length });
  countOwed(session, added);
}

function countOwed(session: Session, added: readonly AlarmEvent[]): void {
  const uplinks = session.counts.uplinks.map(uplink => ({
    ...uplink,
    owed: uplink.owed + added.filter(({ number }) => number > uplink.delivered).length,
  }));
  session.counts = { ...session.counts, uplinks };
}

/**
 * Puts these cursors in the place of all. No cursor is written that is beyond the newest stored event: should the power
 * go before what is only in memory is stored, its numbers are given again, and those events have been sent by nobody.
 */
export function writeCursors(session: Session, wanted: readonly UplinkCursor[]): void {
  const newest = newestNumber(session);
  const cursors = wanted.map(({ uplink, sent, delivered }) => ({
    uplink,
    sent: Math.min(sent, newest),
    delivered: Math.min(delivered, newest),
  }));
  session.cursors.replace(cursors);
  removeMeta(session.database, 'are_cursors_lost');
  const known = new Map(session.counts.uplinks.map(counted => [counted.uplink, counted]));
  let delivered = 0;
  const uplinks = cursors.map(cursor => {
    const before = known.get(cursor.uplink);
    const owed = countFrom(session, cursor.delivered, before);
    delivered = Math.max(delivered, (before?.owed ?? owed) - owed);
    return { ...cursor, owed };
  });
  session.counts = { ...session.counts, uplinks };
  addToCounts(session, { changesSinceTrim: delivered });
}

/** What is owed above `delivered`; only the events between the old cursor and the new one are counted. */
function countFrom({ alarms }: Session, delivered: number, before: CountedUplink | undefined): number {
  if (before === undefined || delivered < before.delivered) return alarms.count(delivered, Number.MAX_SAFE_INTEGER);
  return before.owed - alarms.count(before.delivered, delivered);
}

/** The highest number that was ever stored, also where its event is gone. */
export function newestNumber({ alarms, database }: Session): number {
  return Math.max(alarms.lastNumber(), Number(readMeta(database, 'number_floor') ?? 0));
}

export function writeRecordWork(session: Session, work: RecordWork, limits: StoreLimits): void {
  switch (work.kind) {
    case 'keep-learned':
      session.learned.write(work.record);
      return;
    case 'keep-memories':
      session.memories.write(work.memories);
      return;
    case 'forget-memories':
      session.memories.remove(work.rules);
      return;
    case 'append-audit':
      addToCounts(session, { auditEntries: session.audit.append([work.row]) });
      return;
    case 'keep-command':
      session.commands.keep(work.record, limits.commandRows);
  }
}
