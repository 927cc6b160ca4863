import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { RuleMemory } from '../model/rule-memory.ts';
import type { StoreFigures } from './figures.ts';
import type {
  AlarmLogQuery,
  AlarmStateChange,
  AuditEntry,
  AuditQuery,
  AuditRow,
  AuditVerdict,
  CommandRecord,
  LearnedRecord,
  StoredMemory,
  TimeCorrection,
  TimeFix,
} from './messages.ts';
import { OpenStore, type StoreOptions } from './open-store.ts';

export type { StoreFigures } from './figures.ts';
export type { StoreLimits } from './limits.ts';
export type {
  AlarmLogQuery,
  AlarmStateChange,
  AuditEntry,
  AuditKind,
  AuditQuery,
  AuditRow,
  AuditVerdict,
  CommandRecord,
  LearnedRecord,
  StoredMemory,
  TimeCorrection,
  TimeFix,
} from './messages.ts';
export type { StoreOptions } from './open-store.ts';

/**
 * What must outlive the process: the alarm log with the place of each uplink in it, the alarms that stand, and the
 * audit. The database lives in a thread of its own; no call blocks.
 *
 * While the disk refuses, or does not answer, writes wait in memory and are repeated until it takes them:
 * `figures().state` says `failing`, and the promises stay open. Reads reject with PlantroomError `storage` meanwhile, and
 * the caller asks again; only alarms are read on, from memory.
 */
export interface Store {
  /** Random; made anew after a loss and after an end that was not in order, so that no event id is ever given twice. */
  readonly id: string;
  readonly path: string;
  /** Path of the broken file that was set aside. */
  readonly setAside: string | undefined;
  /** The highest number ever committed, also after old rows were removed. New events go on above it. */
  readonly lastEventNumber: number;
  /**
   * Commits events and the alarm states after them in one transaction; resolves when they have reached the disk. Calls
   * that arrive together share a transaction. The same event may be committed twice and is stored once.
   * Rejects with PlantroomError `storage` when too many events wait already (the states are kept all the same) or the
   * store is closed before the disk takes them, `internal` when another event has the number.
   */
  commitAlarms(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void>;
  /**
   * The uplinks of the site, at the start and after each reload. A new one begins behind the newest event. One that is
   * gone is forgotten, with what it was owed. Resolves when that is on the disk or, while the disk refuses, at once.
   */
  useUplinks(ids: readonly string[]): Promise<void>;
  /** Rejects with PlantroomError `internal` for an uplink that is not in use. */
  alarmCursor(uplink: string): Promise<AlarmCursor>;
  /**
   * Events with a number above `after`, sent or not, oldest first; at most `limit`, and never more than limits.readRows.
   * While the disk refuses, those that wait for it in memory come too. Where it cannot even be read, only those come; the
   * cursor of this uplink then stays before what was passed over, so that it is read from there at the next connection.
   */
  readAlarms(uplink: string, after: number, limit: number): Promise<readonly AlarmEvent[]>;
  /**
   * Moves the uplink's cursor forward, each part for itself; never back. Resolves when it is on the disk or, while the
   * disk refuses, at once: what a crash takes back is sent again.
   */
  settleAlarms(uplink: string, cursor: AlarmCursor): Promise<void>;
  /** The alarms that stand, the longest first. */
  alarmStates(): Promise<readonly AlarmState[]>;
  /** Newest first; at most `limit`, and never more than limits.readRows. */
  alarmLog(query: AlarmLogQuery): Promise<readonly AlarmEvent[]>;
  /**
   * Keeps what was learned of one device, in place of what was kept of it before. Rejects with PlantroomError `storage`
   * when too much waits for the disk.
   */
  keepLearned(record: LearnedRecord): Promise<void>;
  learned(): Promise<readonly LearnedRecord[]>;
  /**
   * Keeps what these rules remember, in place of what was kept of them before. Rejects with PlantroomError `storage` when
   * too much waits for the disk.
   */
  keepMemories(memories: readonly RuleMemory[]): Promise<void>;
  /** Removes what rules that left the site remembered. Rejects as keepMemories does. */
  forgetMemories(rules: readonly string[]): Promise<void>;
  memories(): Promise<readonly StoredMemory[]>;
  /**
   * Adds an entry to the audit; resolves when it has reached the disk. A body of more than auditBodyLength characters is
   * cut. Rejects with PlantroomError `storage` when too much waits for the disk.
   */
  appendAudit(entry: AuditEntry): Promise<void>;
  /** Newest first; at most `limit`, and never more than limits.readRows. */
  readAudit(query: AuditQuery): Promise<readonly AuditRow[]>;
  /** Follows the chain of the audit from its anchor to its head. */
  verifyAudit(): Promise<AuditVerdict>;
  findCommand(uplink: string, id: string): Promise<CommandRecord | undefined>;
  /**
   * Keeps a command, in place of what was kept of it before; resolves when it has reached the disk: only then is it safe
   * to obey it, once. Rejects with PlantroomError `storage` when too much waits for the disk.
   */
  keepCommand(record: CommandRecord): Promise<void>;
  /**
   * Puts the times of this boot right, now that the clock is set: of events that were recorded before and that no uplink
   * has sent, and of the alarms that stand because of them. Each is corrected once. Resolves with what was corrected when
   * it has reached the disk; rejects with PlantroomError `storage` when the disk refuses in between: then it is to be
   * asked again, what was corrected stays so.
   */
  correctTimes(fix: TimeFix): Promise<TimeCorrection>;
  /** As of the last reply of the thread. */
  figures(): StoreFigures;
  /** Writes what waits, tries it once if the disk fails, and closes the database in order. */
  close(): Promise<void>;
}

/**
 * Opens the store of a folder, or makes it. Rejects with PlantroomError: `busy` when another process has the folder,
 * `storage` when it cannot be written or the database is of a newer plantroom.
 */
export function openStore(options: StoreOptions): Promise<Store> {
  return OpenStore.open(options);
}
