import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { codeOf } from '../base/errors.ts';
import { randomId } from '../base/random.ts';
import { createDatabase, type Database, openDatabase, restartWal, useWal } from './database.ts';
import { examine } from './examine.ts';
import { lastSetAside, removeUnfinished, renameDurably, type StorePaths, setAside } from './files.ts';
import { readMeta, writeMeta } from './meta.ts';
import { migrate } from './migrations.ts';
import { type Salvaged, salvage } from './salvage.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** Of the events that are made from now on. */
  readonly id: string;
  readonly setAside: string | undefined;
  /** What was lost or saved on the way, in a sentence. */
  readonly loss: string | undefined;
}

export interface OpenOptions {
  /** Wall time; dates the name of a broken file. */
  readonly openedAt: number;
  /** No process that still runs has given numbers to events of this store. */
  readonly isStart: boolean;
  readonly mostBytes: number;
}

/** What was done about a damaged or missing file before it could be opened. */
interface Preparation {
  readonly setAside?: string;
  readonly loss?: string;
}

/**
 * Opens the database of a folder that this process has locked: makes it when there is none, brings its schema up to
 * date, and puts a new one in the place of a broken one, which is set aside.
 *
 * Throws PlantroomError `storage` for a file of a newer plantroom, and what SQLite throws where the disk refuses.
 */
export function openStoreDatabase(paths: StorePaths, { openedAt, isStart, mostBytes }: OpenOptions): OpenedDatabase {
  const prepared = prepare(paths, openedAt, isStart);
  const database = openDatabase(paths.database, mostBytes);
  try {
    migrate(database);
    const id = markOpen(database, prepared.loss !== undefined, isStart);
    return { database, id, setAside: prepared.setAside, loss: prepared.loss };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens again after the disk failed. What was committed before must be safe in the database before more is written. */
export function reopenDatabase(paths: StorePaths, mostBytes: number): Database {
  const database = openDatabase(paths.database, mostBytes);
  try {
    // A failed sync leaves write-ahead pages that were never written but look written. They are not built upon.
    if (!restartWal(database, 'give-back'))
      throw new Error('another process reads the database; it cannot be made safe meanwhile');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Closes so that nothing is left in a write-ahead file, and the next start knows it. Where some number was given to an
 * event that is not stored (`areAllStored` false), it will be given again: the next start makes events under a new id.
 */
export function closeDatabase(database: Database, areAllStored: boolean): void {
  // Where the mark stays, the next start asks for the write-ahead file and reports a loss that was none.
  if (!tryMarkClosed(database, areAllStored)) tryMarkClosed(database, areAllStored);
  database.close();
}

function tryMarkClosed(database: Database, areAllStored: boolean): boolean {
  try {
    database.transaction(() => {
      if (!areAllStored) writeMeta(database, 'store_id', randomId());
      writeMeta(database, 'is_open', 0);
    })();
    return true;
  } catch {
    return false;
  }
}

function walOf(paths: StorePaths): string {
  return `${paths.database}-wal`;
}

/**
 * Marks the file as in use and says under which id events are made from now on. After any loss, and after an end that
 * was not in order, numbers may be given a second time: of an event that was sent while the disk refused it nothing is
 * left. A new id keeps the new events from looking like the old ones.
 */
function markOpen(database: Database, isLossy: boolean, isStart: boolean): string {
  const wasOpen = readMeta(database, 'is_open') === '1';
  const isNew = isLossy || (isStart && wasOpen);
  const id = isNew ? randomId() : (readMeta(database, 'store_id') ?? '');
  try {
    database.transaction(() => {
      if (isNew) writeMeta(database, 'store_id', id);
      writeMeta(database, 'is_open', 1);
    })();
    restartWal(database, 'give-back');
    return id;
  } catch (error) {
    // A full disk must not keep a gateway from starting; its state shows with the first commit. As the next start cannot
    // learn from the file that this one was, its id is used by nobody else.
    if (codeOf(error) !== 'SQLITE_FULL') throw error;
    return randomId();
  }
}

function prepare(paths: StorePaths, openedAt: number, isStart: boolean): Preparation {
  removeUnfinished(paths.building);
  if (existsSync(paths.next)) return putInPlace(paths, openedAt, 'a replacement that a power cut had interrupted');
  if (!existsSync(paths.database)) return prepareMissing(paths, openedAt);
  const hasCommitsInWal = (statSync(walOf(paths), { throwIfNoEntry: false })?.size ?? 0) > 0;
  const verdict = examine(paths.database);
  switch (verdict.kind) {
    case 'sound':
      // A thread of this process that ended has closed the file, which removes its write-ahead file, and not marked it.
      return verdict.isWalLost && isStart
        ? { loss: 'the write-ahead file is gone: the last commits may be missing' }
        : {};
    case 'foreign-wal':
      return setWalAside(paths, openedAt);
    case 'broken':
      return (hasCommitsInWal && openAlone(paths, openedAt)) || replaceBroken(paths, openedAt, verdict.why);
  }
}

function prepareMissing(paths: StorePaths, openedAt: number): Preparation {
  // A write-ahead file without its database would be played into the new one.
  const stray = existsSync(walOf(paths)) ? setAside(paths, openedAt, true) : undefined;
  build(paths);
  renameDurably(paths.next, paths.database, paths.folder);
  return stray ? { setAside: stray, loss: 'the database is gone, only its write-ahead file was there' } : {};
}

const foreignWal = 'the write-ahead file was of another database: the last commits may be missing';

function setWalAside(paths: StorePaths, openedAt: number): Preparation {
  const path = setAside(paths, openedAt, true);
  const verdict = examine(paths.database);
  if (verdict.kind === 'broken') return replaceBroken(paths, openedAt, verdict.why);
  return { setAside: path, loss: foreignWal };
}

/** A database that is broken only together with its write-ahead file has met one of another database. */
function openAlone(paths: StorePaths, openedAt: number): Preparation | undefined {
  const path = setAside(paths, openedAt, true);
  if (examine(paths.database).kind === 'sound') return { setAside: path, loss: foreignWal };
  // It was not to blame: what it holds is needed to save what can be saved.
  renameDurably(path, walOf(paths), paths.folder);
  return undefined;
}

function replaceBroken(paths: StorePaths, openedAt: number, why: string): Preparation {
  const saved = build(paths, paths.database);
  return putInPlace(paths, openedAt, `${why}; ${describeSalvaged(saved)}`);
}

function describeSalvaged(saved: Salvaged): string {
  const rest = saved.isWhole ? '' : ', more may be missing';
  return `saved ${saved.events} alarm events and ${saved.states} standing alarms${rest}`;
}

/** Both names exist or the old one is already gone: wherever the power goes, the next start goes on here. */
function putInPlace(paths: StorePaths, openedAt: number, why: string): Preparation {
  const hasOld = existsSync(paths.database) || existsSync(walOf(paths));
  const path = hasOld ? setAside(paths, openedAt, false) : lastSetAside(paths);
  renameDurably(paths.next, paths.database, paths.folder);
  // Without an old one it was the very first database that the power cut had interrupted.
  return path === undefined ? {} : { setAside: path, loss: `the database was broken: ${why}` };
}

/** Makes a new database under the `next` name; it gets that name only once it is whole and on the disk. */
function build(paths: StorePaths, brokenPath?: string): Salvaged {
  const database = createDatabase(paths.building);
  let saved: Salvaged = { events: 0, states: 0, isWhole: true };
  try {
    database.pragma(`application_id = ${randomStamp()}`);
    migrate(database);
    database.transaction(() => {
      writeMeta(database, 'store_id', randomId());
      writeMeta(database, 'is_open', 0);
      if (brokenPath !== undefined) saved = salvage(brokenPath, database);
    })();
    // Were it turned into one with a write-ahead file under its final name, a power cut could leave a rollback journal
    // beside it, and then nobody may read it, not even to examine it.
    useWal(database);
  } finally {
    database.close();
  }
  renameDurably(paths.building, paths.next, paths.folder);
  return saved;
}

/** See examine.ts. Never 0, which is what a zeroed header holds. */
function randomStamp(): number {
  return (randomBytes(4).readUInt32BE(0) & 0x7fffffff) | 1;
}
