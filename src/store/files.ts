import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The names in the store's folder. */
export interface StorePaths {
  readonly folder: string;
  readonly database: string;
  /** A new database while it is being made. Worth nothing before it has got the next name. */
  readonly building: string;
  /** A finished new database on its way to become the database. */
  readonly next: string;
  /** Empty for ever; it only carries the lock. Opening it with anything but SQLite would lose the lock. */
  readonly lock: string;
  /** Process id of the daemon that holds the lock, as text, for people. */
  readonly pid: string;
  /** Space kept back for the day the disk is full. */
  readonly reserve: string;
}

export function storePaths(folder: string): StorePaths {
  return {
    folder,
    database: join(folder, 'plantroom.db'),
    building: join(folder, 'plantroom.building.db'),
    next: join(folder, 'plantroom.next.db'),
    lock: join(folder, 'plantroom.lock'),
    pid: join(folder, 'plantroom.pid'),
    reserve: join(folder, 'plantroom.reserve'),
  };
}

const companions = ['', '-wal', '-shm', '-journal'] as const;

/** Removes a database of ours that never held anything of worth. */
export function removeUnfinished(path: string): void {
  for (const suffix of companions) rmSync(path + suffix, { force: true });
}

/**
 * Renames a broken database, with its write-ahead file, to plantroom.broken-2026-11-23T10-15-00.db.
 * With `isWalOnly` the database itself stays. No content is ever deleted. Returns the new path of the database or, where
 * only that was moved, of the write-ahead file.
 */
export function setAside(paths: Pick<StorePaths, 'folder' | 'database'>, at: number, isWalOnly: boolean): string {
  const target = freeName(paths, at);
  // What shared memory holds is made anew from the write-ahead file, and must not meet another one.
  rmSync(`${paths.database}-shm`, { force: true });
  // The write-ahead file first: should the power go in between, it must not meet a new database.
  for (const suffix of isWalOnly ? ['-wal'] : ['-wal', '-journal', '']) {
    if (existsSync(paths.database + suffix)) renameSync(paths.database + suffix, target + suffix);
  }
  syncFolder(paths.folder);
  return isWalOnly ? `${target}-wal` : target;
}

function freeName({ folder, database }: Pick<StorePaths, 'folder' | 'database'>, at: number): string {
  const name = basename(database, '.db');
  const stamp = new Date(at).toISOString().slice(0, 19).replaceAll(':', '-');
  for (let repetition = 1; ; repetition += 1) {
    const path = join(folder, `${name}.broken-${stamp}${repetition === 1 ? '' : `-${repetition}`}.db`);
    if (!companions.some(suffix => existsSync(path + suffix))) return path;
  }
}

/** A path below `folder` that nothing has yet: plantroom.replaced-2026-11-23T10-15-00. */
export function freeFolder(folder: string, name: string, at: number): string {
  const base = join(folder, `${name}-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}`);
  for (let repetition = 1; ; repetition += 1) {
    const path = repetition === 1 ? base : `${base}-${repetition}`;
    if (!existsSync(path)) return path;
  }
}

/** The database that was set aside last. */
export function lastSetAside({ folder }: StorePaths): string | undefined {
  const names = readdirSync(folder).filter(name => /^plantroom\.broken-.*\.db$/.test(name));
  const last = names.sort().at(-1);
  return last === undefined ? undefined : join(folder, last);
}

/** Renames for good: a rename is only certain once its folder has reached the disk. */
export function renameDurably(from: string, to: string, folder: string): void {
  renameSync(from, to);
  syncFolder(folder);
}

export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
