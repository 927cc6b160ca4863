import { freePages, pageRoom } from './database.ts';
import { keptFreePages, leastAlarmLogRows, type StoreLimits, trimStepRows } from './limits.ts';
import { addToCounts, commitChange, type Session } from './session.ts';

/** What may leave the database, and when. Each call is one bounded step in a transaction of its own. */

/** Removes the oldest delivered events, where the log is longer than its limit and it is worth a transaction. */
export function trimAlarmLog(session: Session, limits: StoreLimits): void {
  const { loggedAlarms, changesSinceTrim } = session.counts;
  const excess = loggedAlarms - Math.max(limits.alarmLogRows, leastAlarmLogRows);
  if (excess <= 0 || changesSinceTrim < trimStepRows) return;
  removeOldEvents(session, Math.min(excess, 2 * trimStepRows));
  addToCounts(session, { changesSinceTrim: -session.counts.changesSinceTrim });
}

/** Only what every uplink has delivered, and never the newest 10,000. A site without an uplink owes nobody. */
function removeOldEvents(session: Session, count: number): number {
  const { alarms, counts } = session;
  const delivered = Math.min(...counts.uplinks.map(uplink => uplink.delivered));
  const upTo = Math.min(delivered, alarms.lastNumber() - leastAlarmLogRows);
  if (upTo <= 0) return 0;
  let removed = 0;
  commitChange(session, () => {
    removed = alarms.removeOldest(upTo, count);
    addToCounts(session, { loggedAlarms: -removed });
  });
  return removed;
}

/** Removes one step of the oldest audit entries, where it is longer than its limit by as much. */
export function trimAudit(session: Session, limits: StoreLimits): void {
  if (session.counts.auditEntries < limits.auditRows + trimStepRows) return;
  commitChange(session, () => {
    addToCounts(session, { auditEntries: -session.audit.removeOldest(trimStepRows) });
  });
}

/** Gives up one step of what is worth least: delivered events. False when there is nothing left that may go. */
export function shed(session: Session): boolean {
  return removeOldEvents(session, trimStepRows) > 0;
}

/**
 * For a disk that was full and whose reserve is spent. Once SQLite cannot grow its files not even a delete is possible,
 * so room is made while it still can, that alarms find free pages in the database.
 */
export function keepPagesFree(session: Session): void {
  if (freePages(session.database) < keptFreePages) shed(session);
}

/**
 * The database has less room than this before it may not grow any more, whatever the disk has. Unlike on a full disk it
 * can delete all the same.
 */
export function isShortOfRoom({ database }: Session, pages: number): boolean {
  return pageRoom(database) + freePages(database) < pages;
}
