import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { codeOf, messageOf } from '../base/errors.ts';
import { type Database, openForReading, readNumberPragma } from './database.ts';
import { readMeta } from './meta.ts';
import { refuseNewer } from './migrations.ts';

/** What a look at an existing database file shows. */
export type Verdict =
  /** `isWalLost`: it was not closed in order, and the write-ahead file that must then be there is not. */
  | { readonly kind: 'sound'; readonly isWalLost: boolean }
  /** The file is ours, but its write-ahead file was written for another one. */
  | { readonly kind: 'foreign-wal' }
  | { readonly kind: 'broken'; readonly why: string };

/**
 * Looks at a database file and its write-ahead file and changes neither. Throws PlantroomError `storage` for a file of
 * a newer plantroom, and what SQLite throws where the disk or the rights are to blame, not the content.
 */
export function examine(path: string): Verdict {
  if (statSync(path).size === 0) return { kind: 'broken', why: 'it is empty' };
  const stamp = readStamp(path);
  const hasWal = existsSync(`${path}-wal`);
  let database: Database | undefined;
  try {
    database = openForReading(path);
    return judge(database, stamp, hasWal);
  } catch (error) {
    if (!isBroken(error)) throw error;
    return { kind: 'broken', why: messageOf(error) };
  } finally {
    database?.close();
  }
}

function judge(database: Database, stamp: number, hasWal: boolean): Verdict {
  if (hasWal && readNumberPragma(database, 'application_id') !== stamp) return { kind: 'foreign-wal' };
  refuseNewer(readNumberPragma(database, 'user_version'), database.name);
  const finding = String(database.pragma('quick_check(1)', { simple: true }));
  if (finding !== 'ok') return { kind: 'broken', why: finding };
  if (!hasMeta(database)) return { kind: 'broken', why: 'it is no store of plantroom' };
  return { kind: 'sound', isWalLost: readMeta(database, 'is_open') === '1' && !hasWal };
}

function hasMeta(database: Database): boolean {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get();
  return table !== undefined && readMeta(database, 'store_id') !== undefined;
}

/**
 * Every database of ours carries a random number of its own in its header, at the offset of SQLite's application id.
 * Read past SQLite, it is the file's own; read through SQLite, it is the write-ahead file's, where that holds the page.
 * https://www.sqlite.org/fileformat.html#application_id
 */
function readStamp(path: string): number {
  const header = Buffer.alloc(4);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, header, 0, 4, 68);
  } finally {
    closeSync(descriptor);
  }
  return header.readInt32BE(0);
}

/** True when the content of the file is to blame, and another try would end the same way. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return /^SQLITE_(CORRUPT|NOTADB|IOERR_(READ|SHORT_READ|CORRUPTFS|DATA)$)/.test(code);
}
