import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { type Database, openForLocking } from './database.ts';
import type { StorePaths } from './files.ts';
import { isForSpace } from './reserve.ts';

export interface FolderLock {
  release(): void;
}

/**
 * Makes this process the one that may use the folder, which is made when missing. The lock is one of the kernel's,
 * taken through SQLite on an empty file: it ends with the process, however that ends, so there is nothing stale to judge.
 *
 * Throws PlantroomError `busy`, naming the other process, or `storage` when the folder cannot be written.
 */
export function lockFolder(paths: StorePaths): FolderLock {
  const database = tryLock(paths);
  try {
    writeFileSync(paths.pid, `${process.pid}\n`);
  } catch {
    // The number is for people. On a full disk it is missing, and the lock holds all the same.
  }
  return { release: () => database.close() };
}

function tryLock(paths: StorePaths): Database {
  try {
    mkdirSync(paths.folder, { recursive: true });
    return holdLock(paths.lock);
  } catch (error) {
    const code = codeOf(error);
    if (code?.startsWith('SQLITE_BUSY')) throw folderBusy(paths);
    // Nothing is ever written into the lock file; what is in it, a dying disk left there.
    if (code?.startsWith('SQLITE_NOTADB') || code?.startsWith('SQLITE_CORRUPT')) return emptyAndLock(paths);
    throw folderRefused(paths.folder, error);
  }
}

function holdLock(path: string): Database {
  const database = openForLocking(path);
  try {
    database.prepare('BEGIN IMMEDIATE').run();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function emptyAndLock(paths: StorePaths): Database {
  try {
    truncateSync(paths.lock);
    return holdLock(paths.lock);
  } catch (error) {
    if (codeOf(error)?.startsWith('SQLITE_BUSY')) throw folderBusy(paths);
    throw folderRefused(paths.folder, error);
  }
}

function folderBusy(paths: StorePaths): PlantroomError {
  const pid = readPid(paths.pid);
  return new PlantroomError(`the folder ${paths.folder} is in use by ${pid ? `process ${pid}` : 'another process'}`, {
    kind: 'busy',
    hint: 'two gateways cannot share a store: stop the other one, or give this one a folder of its own',
  });
}

function readPid(path: string): string | undefined {
  try {
    return /^\d+/.exec(readFileSync(path, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

function folderRefused(folder: string, cause: unknown): PlantroomError {
  return new PlantroomError(`the folder ${folder} cannot be written: ${messageOf(cause)}`, {
    kind: 'storage',
    hint: `make it a folder that user ${process.getuid?.() ?? ''} may write, on a disk that is not read-only`,
    cause,
  });
}

/** Why a database in a locked folder cannot be opened. */
export function databaseRefused(paths: StorePaths, error: unknown): PlantroomError {
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
