import { statSync } from 'node:fs';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import { restartWal } from './database.ts';
import { isBroken } from './examine.ts';
import { type StorePaths, storePaths } from './files.ts';
import { type FolderLock, folderRefused, lockFolder } from './folder-lock.ts';
import { type StoreLimits, walLimitPages } from './limits.ts';
import type {
  AlarmLogQuery,
  AlarmWork,
  FileFigures,
  LearnedRecord,
  NumberedSummary,
  Opened,
  OutboxQuery,
  OutboxWork,
} from './messages.ts';
import { readMeta } from './meta.ts';
import { closeDatabase, type OpenedDatabase, openStoreDatabase, reopenDatabase, storeId } from './open-database.ts';
import { createReserve, isForSpace, type Reserve } from './reserve.ts';
import { commitChange, giveUpSummaries, type Session, startSession, trimAlarmLog, writeOutboxWork } from './session.ts';

export interface StoreFileOptions {
  readonly folder: string;
  /** Wall time; dates the name of a broken file. */
  readonly openedAt: number;
  readonly limits: StoreLimits;
}

/**
 * The database file, as its worker thread sees it. Every call blocks until the disk has answered, is tried once, and
 * either is committed or throws and has changed nothing. After a failure of the disk the next call opens the file anew.
 */
export class StoreFile {
  readonly #paths: StorePaths;
  readonly #options: StoreFileOptions;
  readonly #lock: FolderLock;
  readonly #reserve: Reserve;
  #session: Session | undefined;
  #isSuspect = false;
  #setAside: string | undefined;
  #loss: string | undefined;

  /** Throws PlantroomError: `busy` when another process has the folder, `storage` when the disk refuses. */
  static open(options: StoreFileOptions): StoreFile {
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

  private constructor(options: StoreFileOptions, paths: StorePaths, lock: FolderLock) {
    this.#options = options;
    this.#paths = paths;
    this.#lock = lock;
    this.#reserve = createReserve(paths.reserve, paths.folder, options.limits.reserveBytes);
  }

  opened(): Opened {
    const { database, alarms } = this.#ready();
    const floor = Number(readMeta(database, 'number_floor') ?? 0);
    return {
      id: storeId(database),
      path: this.#paths.database,
      lastEventNumber: Math.max(alarms.lastNumber(), floor),
      setAside: this.#setAside,
      loss: this.#loss,
    };
  }

  commitAlarms(works: readonly AlarmWork[]): void {
    const change = (session: Session) => {
      for (const { events, states } of works) {
        const added = session.alarms.insert(events);
        session.alarms.change(states);
        session.counts.unsentAlarms += added;
        session.counts.loggedAlarms += added;
        session.counts.changesSinceTrim += added;
      }
    };
    this.#write(change, () => this.#reserve.release());
  }

  writeOutbox(works: readonly OutboxWork[]): void {
    const change = (session: Session) => {
      for (const work of works) writeOutboxWork(session, work, this.#options.limits);
    };
    // What makes room on a full disk is kept for alarms.
    this.#write(change, () => false);
  }

  /** Retention, the reserve and the write-ahead file; to be called after a write has been answered. */
  tidy(): void {
    const session = this.#session;
    if (!session) return;
    try {
      this.#reserve.restore();
      trimAlarmLog(session, this.#options.limits);
      this.#moveOn(session);
    } catch (error) {
      // A disk that refuses refuses the next write too, and that one tells.
      if (codeOf(error) === undefined) throw error;
      this.#drop(error);
    }
  }

  unsentAlarms(query: OutboxQuery): readonly AlarmEvent[] {
    return this.#read(({ alarms }) => alarms.unsent(this.#bounded(query)));
  }

  waitingSummaries(query: OutboxQuery): readonly NumberedSummary[] {
    return this.#read(({ summaries }) => summaries.waiting(this.#bounded(query)));
  }

  alarmStates(): readonly AlarmState[] {
    return this.#read(({ alarms }) => alarms.states());
  }

  learned(): readonly LearnedRecord[] {
    return this.#read(({ learned }) => learned.all());
  }

  alarmLog(query: AlarmLogQuery): readonly AlarmEvent[] {
    return this.#read(({ alarms }) => alarms.log(this.#bounded(query)));
  }

  figures(): FileFigures | undefined {
    const session = this.#session;
    if (!session) return undefined;
    return {
      backlogAlarms: session.counts.unsentAlarms,
      backlogSummaries: session.counts.waitingSummaries,
      droppedSummaries: session.counts.droppedSummaries,
      sizeBytes: fileBytes(this.#paths.database) + fileBytes(`${this.#paths.database}-wal`),
      setAside: this.#setAside,
      loss: this.#loss,
    };
  }

  close(): void {
    const session = this.#session;
    this.#session = undefined;
    try {
      if (session) closeDatabase(session.database);
    } finally {
      this.#lock.release();
    }
  }

  /** Runs one transaction, once more if the disk was full and `makeRoom` made some. */
  #write(change: (session: Session) => void, makeRoom: () => boolean): void {
    try {
      try {
        commitChange(this.#ready(), change);
      } catch (error) {
        if (!isForSpace(error, this.#paths.folder) || !makeRoom()) throw error;
        this.#drop(error);
        commitChange(this.#ready(), change);
      }
    } catch (error) {
      this.#drop(error);
      throw error;
    }
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
    this.#session ??= this.#isSuspect ? this.#openExamined() : startSession(reopenDatabase(this.#paths));
    return this.#session;
  }

  #openExamined(): Session {
    const found = this.#openInRoom();
    this.#setAside = found.setAside ?? this.#setAside;
    this.#loss = found.loss ?? this.#loss;
    this.#isSuspect = false;
    return startSession(found.database);
  }

  #openInRoom(): OpenedDatabase {
    try {
      return openStoreDatabase(this.#paths, this.#options.openedAt);
    } catch (error) {
      if (!isForSpace(error, this.#paths.folder) || !this.#reserve.release()) throw error;
      return openStoreDatabase(this.#paths, this.#options.openedAt);
    }
  }

  /** Moves what is committed from the write-ahead file into the database, now and then; at once while space is short. */
  #moveOn(session: Session): void {
    try {
      if (!this.#reserve.isHeld()) giveUpSummaries(session);
      else if (session.walPages() <= walLimitPages) return;
      restartWal(session.database, 'keep-space');
    } catch (error) {
      // The commits fit, but the database cannot grow by them: they would pile up in the write-ahead file.
      if (codeOf(error) !== 'SQLITE_FULL' || !this.#reserve.release()) throw error;
      giveUpSummaries(session);
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

function databaseRefused(paths: StorePaths, error: unknown): PlantroomError {
  const code = codeOf(error) ?? '';
  if (/^SQLITE_(CANTOPEN|READONLY|PERM)|^E(ACCES|PERM|ROFS)$/.test(code)) return folderRefused(paths.folder, error);
  return new PlantroomError(`the database ${paths.database} cannot be opened: ${messageOf(error)}`, {
    kind: 'storage',
    hint: isForSpace(error, paths.folder)
      ? 'the disk is full: free some space'
      : 'look at the disk: the system log tells more',
    cause: error,
  });
}
