import { chownSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { randomId } from '../base/random.ts';
import { historyDatabase, mainDatabase } from './archive.ts';
import { createAuditRows } from './audit-rows.ts';
import { createDatabase, type Database, hasTable, useWal } from './database.ts';
import { freeFolder, renameDurably, storePaths, syncFolder } from './files.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { writeMeta } from './meta.ts';

export interface Placed {
  /** Of the events that are made from now on. */
  readonly storeId: string;
  /** Where the store went that was there before; undefined when there was none. */
  readonly setAside: string | undefined;
}

export interface Placing {
  readonly folder: string;
  readonly from: string;
  /** Wall time, ms. */
  readonly at: number;
  /** Of the backup, for the audit. */
  readonly madeAt: string;
}

/** Keeps daemons off the folder, which is made when missing. Throws PlantroomError `busy` while one is at work in it. */
export function lockStore(folder: string): FolderLock {
  return lockFolder(storePaths(folder));
}

/**
 * Puts verified databases, which lie in `from` on the same disk, in the place of a folder's store. What was there goes
 * into a folder of its own; nothing is deleted. The folder must be locked.
 *
 * Wherever the power goes, the next start of a daemon has a whole store: the old one before the first rename, and after
 * it the new one, which it takes up under the name of a finished replacement (open-database.ts).
 */
export function placeStore({ folder, from, at, madeAt }: Placing): Placed {
  const paths = storePaths(folder);
  const storeId = renew(join(from, mainDatabase), at, madeAt);
  renameDurably(join(from, mainDatabase), paths.next, folder);
  const hasHistory = existsSync(join(from, historyDatabase));
  if (hasHistory) prepare(join(from, historyDatabase), () => {});
  const setAside = moveAway(folder, at);
  if (hasHistory) {
    renameDurably(join(from, historyDatabase), join(folder, historyDatabase), folder);
  }
  renameDurably(paths.next, paths.database, folder);
  const made = [paths.database, join(folder, historyDatabase), paths.lock, paths.pid, ...(setAside ? [setAside] : [])];
  giveToOwnerOf(folder, made);
  return { storeId, setAside };
}

/** Restored by root, the store would be closed to the daemon, which is another user. */
function giveToOwnerOf(folder: string, paths: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  for (const path of paths) if (existsSync(path)) chownSync(path, uid, gid);
}

/**
 * Events that were made after the backup may have been sent under the numbers that come now: a new id tells them apart.
 * The numbers go on.
 */
function renew(path: string, at: number, madeAt: string): string {
  const storeId = randomId();
  prepare(path, database =>
    database.transaction(() => {
      writeMeta(database, 'store_id', storeId);
      // It was open when it was copied; it is whole all the same.
      writeMeta(database, 'is_open', 0);
      if (hasTable(database, 'audit')) {
        const body = JSON.stringify({ restored: madeAt, storeId });
        createAuditRows(database).append([{ id: randomId(), at, kind: 'configuration', who: 'command line', body }]);
      }
    })(),
  );
  return storeId;
}

/**
 * Changes a copy before it gets its final name, and makes it one with a write-ahead file again: under that name a power
 * cut could leave a rollback journal beside it, and then nobody may read it (open-database.ts).
 */
function prepare(path: string, change: (database: Database) => void): void {
  const database = createDatabase(path);
  try {
    change(database);
    useWal(database);
  } finally {
    database.close();
  }
}

/** The write-ahead files first: should the power go in between, they must not meet another database. */
const movedNames = [mainDatabase, historyDatabase].flatMap(name => [`${name}-wal`, `${name}-journal`, name]);

function moveAway(folder: string, at: number): string | undefined {
  const present = movedNames.filter(name => existsSync(join(folder, name)));
  if (present.length === 0) return undefined;
  const target = freeFolder(folder, 'plantroom.replaced', at);
  mkdirSync(target, { mode: 0o750 });
  // What shared memory holds is made anew from the write-ahead file.
  for (const name of [...present, `${mainDatabase}-shm`, `${historyDatabase}-shm`]) {
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(target, name));
  }
  syncFolder(target);
  syncFolder(folder);
  return target;
}
