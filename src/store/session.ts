import { type AlarmRows, createAlarmRows } from './alarm-rows.ts';
import { createWalGauge, type Database, freePages } from './database.ts';
import { createLearnedRows, type LearnedRows } from './learned-rows.ts';
import { dropStepRows, keptFreePages, leastAlarmLogRows, type StoreLimits, trimStepRows } from './limits.ts';
import type { OutboxWork } from './messages.ts';
import { readMeta, writeMeta } from './meta.ts';
import { createSummaryRows, type SummaryRows } from './summary-rows.ts';

/** An open database with its statements and the counts kept beside it, so that nobody counts rows on every reply. */
export interface Session {
  readonly database: Database;
  readonly alarms: AlarmRows;
  readonly summaries: SummaryRows;
  readonly learned: LearnedRows;
  /** Pages that wait in the write-ahead file. */
  readonly walPages: () => number;
  counts: Counts;
}

interface Counts {
  unsentAlarms: number;
  loggedAlarms: number;
  waitingSummaries: number;
  droppedSummaries: number;
  /** Alarm rows added or settled since the log was last trimmed. */
  changesSinceTrim: number;
}

export function startSession(database: Database): Session {
  const alarms = createAlarmRows(database);
  const summaries = createSummaryRows(database);
  const learned = createLearnedRows(database);
  const counts = {
    unsentAlarms: alarms.countUnsent(),
    loggedAlarms: alarms.countAll(),
    waitingSummaries: summaries.count(),
    droppedSummaries: Number(readMeta(database, 'dropped_summaries') ?? 0),
    changesSinceTrim: trimStepRows,
  };
  return { database, alarms, summaries, learned, walPages: createWalGauge(database), counts };
}

/** One transaction. The counts follow it: when it fails they are what they were. */
export function commitChange(session: Session, change: (session: Session) => void): void {
  const before = { ...session.counts };
  try {
    session.database.transaction(() => change(session)).immediate();
  } catch (error) {
    session.counts = before;
    throw error;
  }
}

export function writeOutboxWork(session: Session, work: OutboxWork, limits: StoreLimits): void {
  const { counts } = session;
  switch (work.kind) {
    case 'append-summaries':
      counts.waitingSummaries += session.summaries.insert(work.records);
      if (work.lost > 0) countDropped(session, work.lost);
      dropOldestSummaries(session, counts.waitingSummaries - limits.summaryRows);
      return;
    case 'settle-alarms': {
      const settled = session.alarms.settle(work.numbers, work.sentAt);
      counts.unsentAlarms -= settled;
      counts.changesSinceTrim += settled;
      return;
    }
    case 'settle-summaries':
      counts.waitingSummaries -= session.summaries.remove(work.numbers);
      return;
    case 'keep-learned':
      session.learned.write(work.record);
  }
}

/** Drops the oldest summaries and counts them for good. */
function dropOldestSummaries(session: Session, count: number): void {
  if (count <= 0) return;
  const dropped = session.summaries.dropOldest(count);
  session.counts.waitingSummaries -= dropped;
  countDropped(session, dropped);
}

/**
 * For a disk that was full and whose reserve is spent. Once SQLite cannot grow its files not even a delete is possible,
 * so summaries are given up while it still can, that alarms find free pages in the database.
 */
export function giveUpSummaries(session: Session): void {
  if (session.counts.waitingSummaries === 0 || freePages(session.database) >= keptFreePages) return;
  commitChange(session, () => dropOldestSummaries(session, dropStepRows));
}

function countDropped(session: Session, dropped: number): void {
  session.counts.droppedSummaries += dropped;
  writeMeta(session.database, 'dropped_summaries', session.counts.droppedSummaries);
}

/** Removes one step of the oldest sent events, where the log is longer than its limit and it is worth a transaction. */
export function trimAlarmLog(session: Session, limits: StoreLimits): void {
  const { counts, alarms } = session;
  const excess = counts.loggedAlarms - Math.max(limits.alarmLogRows, leastAlarmLogRows);
  const hasOldSent = counts.loggedAlarms - counts.unsentAlarms > leastAlarmLogRows;
  if (excess <= 0 || !hasOldSent || counts.changesSinceTrim < trimStepRows) return;
  commitChange(session, () => {
    const removed = alarms.removeSent(alarms.lastNumber() - leastAlarmLogRows, Math.min(excess, 2 * trimStepRows));
    counts.loggedAlarms -= removed;
    counts.changesSinceTrim = 0;
  });
}
