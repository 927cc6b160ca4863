import BetterSqlite3 from 'better-sqlite3';

/** The only file that touches the SQLite library. Everything here blocks its thread: worker only. */
export type Database = BetterSqlite3.Database;

/** How long SQLite itself waits for another process, say a person's sqlite3 shell. Longer waits are our back-off's. */
const busyTimeoutMs = 100;

/** Of every database that SQLite makes without being told otherwise. */
const pageBytes = 4_096;

/**
 * Opens a database for good: every commit has reached the disk when it returns. The file is made when missing, and grows
 * to `mostBytes`; what is longer already is not cut.
 */
export function openDatabase(path: string, mostBytes: number): Database {
  const database = new BetterSqlite3(path, { timeout: busyTimeoutMs });
  try {
    useWal(database);
    // NORMAL would lose the last acknowledged commits at a power cut.
    database.pragma('synchronous = FULL');
    // The write-ahead file is emptied by restartWal, outside of commits; this is only for the day that fails.
    database.pragma('wal_autocheckpoint = 1000');
    database.pragma('journal_size_limit = 1048576');
    database.pragma(`max_page_count = ${Math.max(1, Math.floor(mostBytes / pageBytes))}`);
    database.pragma('temp_store = MEMORY');
    database.pragma('cell_size_check = ON');
    database.pragma('trusted_schema = OFF');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a new file without a write-ahead file yet, so that what is written first stands in the file itself. */
export function createDatabase(path: string): Database {
  const database = new BetterSqlite3(path, { timeout: busyTimeoutMs });
  database.pragma('journal_mode = DELETE');
  database.pragma('synchronous = FULL');
  return database;
}

/**
 * Opens a history, which is made when missing. A commit reaches the disk with the next checkpoint at the latest: a power
 * cut may cost the last ones, but never their order, and a commit costs no sync.
 */
export function openHistoryDatabase(path: string, sizes: { pageBytes: number; walPages: number }): Database {
  const database = new BetterSqlite3(path, { timeout: busyTimeoutMs });
  try {
    // Both take effect in a new file only.
    database.pragma(`page_size = ${sizes.pageBytes}`);
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    // The write-ahead file keeps the space it has taken: on a full disk there is no other to give things up in.
    database.pragma(`wal_autocheckpoint = ${sizes.walPages}`);
    // What is written is hardly ever read again: the library's 16 MB would be taken in vain.
    database.pragma(`cache_size = -2000`);
    database.pragma('temp_store = MEMORY');
    database.pragma('cell_size_check = ON');
    database.pragma('trusted_schema = OFF');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Beyond so many pages a write fails like on a full disk. A file that is longer already does not grow any more. */
export function limitPages(database: Database, pages: number): void {
  database.pragma(`max_page_count = ${pages}`);
}

/** Gives up to so many free pages back to the disk, by moving what lies behind them. */
export function giveBackPages(database: Database, pages: number): void {
  database.pragma(`incremental_vacuum(${pages})`);
}

/** From now on what is committed goes to a write-ahead file first; the database keeps that in mind. */
export function useWal(database: Database): void {
  database.pragma('journal_mode = WAL');
}

/** Opens an existing file to look at it. Changes neither the file nor its write-ahead file, on closing neither. */
export function openForReading(path: string): Database {
  return new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
}

/** Takes the write-ahead mode from a closed copy, so that it stands for itself and looking at it makes no second file. */
export function foldIntoOneFile(path: string): void {
  const database = new BetterSqlite3(path, { fileMustExist: true, timeout: busyTimeoutMs });
  try {
    database.pragma('journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/** A connection that never writes and only serves to hold a lock. */
export function openForLocking(path: string): Database {
  const database = new BetterSqlite3(path, { timeout: 0 });
  database.pragma('journal_mode = MEMORY');
  return database;
}

/**
 * Moves everything from the write-ahead file into the database and begins it anew with the database's first page, which
 * carries the number that ties the two files together (examine.ts). `keep-space` is cheaper, since the file is then
 * written over and not made longer again. False when a reader is in the way.
 */
export function restartWal(database: Database, mode: 'give-back' | 'keep-space'): boolean {
  const name = mode === 'give-back' ? 'TRUNCATE' : 'RESTART';
  const [row] = database.pragma(`wal_checkpoint(${name})`) as { busy: number }[];
  if (row?.busy !== 0) return false;
  // Writing the version that is there already changes nothing but writes the page.
  database.pragma(`user_version = ${readNumberPragma(database, 'user_version')}`);
  return true;
}

/** Pages of the write-ahead file that have not found their way into the database. */
export function pagesOwed(database: Database): number {
  const [row] = database.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
  return row ? row.log - row.checkpointed : 0;
}

/** Asks, again and again, how many pages wait in the write-ahead file. */
export function createWalGauge(database: Database): () => number {
  const look = database.prepare<[], { log: number }>('PRAGMA wal_checkpoint(NOOP)');
  return () => look.get()?.log ?? 0;
}

/** Pages that the file has and nothing uses. */
export function freePages(database: Database): number {
  return readNumberPragma(database, 'freelist_count');
}

/** By how many pages the file may still grow. */
export function pageRoom(database: Database): number {
  return readNumberPragma(database, 'max_page_count') - readNumberPragma(database, 'page_count');
}

export function hasTable(database: Database, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

export function readNumberPragma(
  database: Database,
  name: 'user_version' | 'application_id' | 'freelist_count' | 'page_count' | 'max_page_count',
): number {
  return Number(database.pragma(name, { simple: true }));
}
