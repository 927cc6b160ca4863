import { statSync } from 'node:fs';
import { codeOf, PlantroomError } from '../base/errors.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import { restartWal } from './database.ts';
import { isBroken } from './examine.ts';
import { type StorePaths, storePaths } from './files.ts';
import { databaseRefused, type FolderLock, lockFolder } from './folder-lock.ts';
import { keptFreePages, longestCommitPages, walLimitPages, walQuietPages } from './limits.ts';
import type {
  AlarmLogQuery,
  AlarmWork,
  AuditQuery,
  AuditRow,
  AuditVerdict,
  CommandRecord,
  CorrectionQuery,
  FileFigures,
  LearnedRecord,
  NumberQuery,
  OpenBody,
  Opened,
  RecordWork,
  StoredMemory,
  TimeCorrection,
  UplinkCursor,
} from './messages.ts';
import { readMeta } from './meta.ts';
import { closeDatabase, type OpenedDatabase, openStoreDatabase, reopenDatabase } from './open-database.ts';
import { createReserve, isForSpace, type Reserve } from './reserve.ts';
import { isShortOfRoom, keepPagesFree, shed, trimAlarmLog, trimAudit } from './retention.ts';
import {
  commitChange,
  newestNumber,
  type Session,
  startSession,
  writeAlarmWork,
  writeCursors,
  writeRecordWork,
} from './session.ts';
import { correctTimes } from './time-correction.ts';
import { writtenBytes } from './written-bytes.ts';

/**
 * The database file, as its worker thread sees it. Every call blocks until the disk has answered, is tried once, and
 * either is committed or throws and has changed nothing. After a failure of the disk the next call opens the file anew.
 */
export class StoreFile {
  readonly #paths: StorePaths;
  readonly #options: OpenBody;
  #lock: FolderLock | undefined;
  readonly #reserve: Reserve;
  #session: Session | undefined;
  #isSuspect = false;
  #setAside: string | undefined;
  #loss: string | undefined;
  #id = '';
  #writtenBytes = writtenBytes();

  /** Throws PlantroomError: `busy` when another process has the folder, `storage` when the disk refuses. */
  static open(options: OpenBody): StoreFile {
    const paths = storePaths(options.folder);
    const file = new StoreFile(options, paths, lockFolder(paths));
    try {
      file.#session = file.#openExamined();
      file.#reserve.restore();
      return file;
    } catch (error) {
      file.close();
      throw error instanceof PlantroomError ? error : databaseRefused(paths, error);
    }
  }

  private constructor(options: OpenBody, paths: StorePaths, lock: FolderLock) {
    this.#options = options;
    this.#paths = paths;
    this.#lock = lock;
    this.#reserve = createReserve(paths.reserve, paths.folder, options.limits.reserveBytes);
  }

  opened(): Opened {
    const session = this.#ready();
    return {
      id: this.#id,
      path: this.#paths.database,
      lastEventNumber: newestNumber(session),
      cursors: session.cursors.all(),
      areCursorsLost: readMeta(session.database, 'are_cursors_lost') === '1',
      setAside: this.#setAside,
      loss: this.#loss,
    };
  }

  commitAlarms(works: readonly AlarmWork[]): void {
    const change = (session: Session) => {
      for (const work of works) writeAlarmWork(session, work);
    };
    this.#write(change, () => this.#makeRoom());
  }

  /** Puts these cursors in the place of all; returns them as they are stored. */
  writeCursors(cursors: readonly UplinkCursor[]): readonly UplinkCursor[] {
    this.#write(
      session => writeCursors(session, cursors),
      () => false,
    );
    return this.#read(session => session.cursors.all());
  }

  /** One bounded step of a correction. */
  correctTimes(query: CorrectionQuery): TimeCorrection {
    let done: TimeCorrection = { events: 0, states: [] };
    this.#write(
      ({ database }) => {
        done = correctTimes(database, query);
      },
      () => this.#makeRoom(),
    );
    return done;
  }

  writeRecords(works: readonly RecordWork[]): void {
    const change = (session: Session) => {
      for (const work of works) writeRecordWork(session, work, this.#options.limits);
    };
    // What makes room on a full disk is kept for alarms.
    this.#write(change, () => false);
  }

  /**
   * Retention, the reserve and the write-ahead file; to be called after a write has been answered. `isQuiet`: nobody is
   * about to read what was written, so this is the time for what takes several syncs.
   */
  tidy(isQuiet = true): void {
    const session = this.#session;
    if (!session) return;
    try {
      this.#reserve.restore();
      trimAlarmLog(session, this.#options.limits);
      trimAudit(session, this.#options.limits);
      if (isShortOfRoom(session, keptFreePages)) shed(session);
      this.#moveOn(session, isQuiet ? walQuietPages : walLimitPages);
      this.#writtenBytes = writtenBytes();
    } catch (error) {
      // A disk that refuses refuses the next write too, and that one tells.
      if (codeOf(error) === undefined) throw error;
      this.#drop(error);
    }
  }

  /** Events with a number above `after`, oldest first. */
  alarmsAfter(query: NumberQuery): readonly AlarmEvent[] {
    return this.#read(({ alarms }) => alarms.after(this.#bounded(query)));
  }

  alarmStates(): readonly AlarmState[] {
    return this.#read(({ alarms }) => alarms.states());
  }

  audit(query: AuditQuery): readonly AuditRow[] {
    return this.#read(({ audit }) => audit.read(this.#bounded(query)));
  }

  auditVerdict(): AuditVerdict {
    return this.#read(({ audit }) => audit.verify());
  }

  command({ uplink, id }: Pick<CommandRecord, 'uplink' | 'id'>): CommandRecord | undefined {
    return this.#read(({ commands }) => commands.find(uplink, id));
  }

  learned(): readonly LearnedRecord[] {
    return this.#read(({ learned }) => learned.all());
  }

  memories(): readonly StoredMemory[] {
    return this.#read(({ memories }) => memories.all());
  }

  alarmLog(query: AlarmLogQuery): readonly AlarmEvent[] {
    return this.#read(({ alarms }) => alarms.log(this.#bounded(query)));
  }

  figures(): FileFigures | undefined {
    const session = this.#session;
    if (!session) return undefined;
    return {
      owed: session.counts.uplinks.map(({ uplink, owed }) => ({ uplink, events: owed })),
      sizeBytes: fileBytes(this.#paths.database) + fileBytes(`${this.#paths.database}-wal`),
      writtenBytes: this.#writtenBytes,
      setAside: this.#setAside,
      loss: this.#loss,
    };
  }

  close(areAllStored = true): void {
    const session = this.#session;
    this.#session = undefined;
    try {
      if (session) closeDatabase(session.database, areAllStored);
    } finally {
      this.#unlock();
    }
  }

  /** Runs one transaction, again as long as the disk is full and `makeRoom` makes some. */
  #write(change: (session: Session) => void, makeRoom: () => boolean): void {
    try {
      this.#commit(change, makeRoom);
    } catch (error) {
      this.#drop(error);
      throw error;
    }
  }

  #commit(change: (session: Session) => void, makeRoom: () => boolean): void {
    for (;;) {
      try {
        commitChange(this.#ready(), change);
        return;
      } catch (error) {
        if (!isForSpace(error, this.#paths.folder) || !makeRoom()) throw error;
        this.#drop(error);
      }
    }
  }

  /** False when there is nothing left to give up for an alarm. */
  #makeRoom(): boolean {
    const session = this.#session;
    try {
      if (session && isShortOfRoom(session, longestCommitPages) && shed(session)) return true;
    } catch (error) {
      // The disk is full as well.
      if (codeOf(error) !== 'SQLITE_FULL') throw error;
    }
    return this.#reserve.release();
  }

  #read<Row>(select: (session: Session) => Row): Row {
    try {
      return select(this.#ready());
    } catch (error) {
      this.#drop(error);
      throw error;
    }
  }

  /** After an IO error the connection's view of the disk cannot be trusted: it is closed, and opened by the next call. */
  #drop(error: unknown): void {
    const session = this.#session;
    if (!session || !/^SQLITE_(IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|PROTOCOL)/.test(codeOf(error) ?? '')) return;
    this.#session = undefined;
    // A file that is damaged, or that is no longer the one under its name, is examined like at a start.
    this.#isSuspect ||= isBroken(error) || codeOf(error) === 'SQLITE_READONLY_DBMOVED';
    try {
      session.database.close();
    } catch {
      // It failed before; that it fails again changes nothing.
    }
  }

  #ready(): Session {
    this.#session ??= this.#openAgain();
    return this.#session;
  }

  #openAgain(): Session {
    try {
      // Where the disk was unmounted, nothing is to be made in the empty place.
      if (!this.#isSuspect) statSync(this.#paths.database);
      this.#lock ??= lockFolder(this.#paths);
      if (this.#isSuspect) return this.#openExamined();
      return startSession(reopenDatabase(this.#paths, this.#options.limits.databaseBytes));
    } catch (error) {
      // A file system that died can only be mounted anew when nobody holds a file of it open.
      this.#unlock();
      throw error;
    }
  }

  #unlock(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  #openExamined(): Session {
    const found = this.#openInRoom();
    this.#setAside = found.setAside ?? this.#setAside;
    this.#loss = found.loss ?? this.#loss;
    this.#isSuspect = false;
    this.#id ||= found.id;
    return startSession(found.database);
  }

  #openInRoom(): OpenedDatabase {
    try {
      return this.#open();
    } catch (error) {
      if (!isForSpace(error, this.#paths.folder) || !this.#reserve.release()) throw error;
      return this.#open();
    }
  }

  #open(): OpenedDatabase {
    const { openedAt, isStart, limits } = this.#options;
    const mostBytes = limits.databaseBytes;
    return openStoreDatabase(this.#paths, { openedAt, isStart: isStart && this.#id === '', mostBytes });
  }

  /** Moves what is committed from the write-ahead file into the database, now and then; at once while space is short. */
  #moveOn(session: Session, mostPages: number): void {
    try {
      if (!this.#reserve.isHeld()) keepPagesFree(session);
      else if (session.walPages() <= mostPages) return;
      restartWal(session.database, 'keep-space');
    } catch (error) {
      // The commits fit, but the database cannot grow by them: they would pile up in the write-ahead file.
      if (!isForSpace(error, this.#paths.folder) || !this.#reserve.release()) throw error;
      keepPagesFree(session);
      restartWal(session.database, 'keep-space');
    }
  }

  #bounded<Query extends { readonly limit: number }>(query: Query): Query {
    return { ...query, limit: Math.min(query.limit, this.#options.limits.readRows) };
  }
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
