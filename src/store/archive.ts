import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { createAuditRows } from './audit-rows.ts';
import { type Database, foldIntoOneFile, hasTable, openForReading, readNumberPragma } from './database.ts';
import { isBroken } from './examine.ts';
import { storePaths } from './files.ts';
import { historyMigrations } from './history/schema.ts';
import { readMeta } from './meta.ts';
import { migrations, refuseNewer } from './migrations.ts';

/** The databases of a store as files that can be carried away, and whether such a file is sound. For the command line. */

/** What a database of a backup holds. */
export interface DatabaseFacts {
  readonly schema: number;
  readonly storeId: string | undefined;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** The alarm log and all that is decided on it; never missing from a backup. */
export const mainDatabase = 'plantroom.db';

/** Summaries and raw values. */
export const historyDatabase = 'history.db';

export interface CopyOptions {
  /** The folder of the store; a daemon may be at work in it. */
  readonly folder: string;
  readonly name: string;
  /** Where the copy goes; must not be there yet. */
  readonly into: string;
  /** Called again and again. What it throws ends the copy. */
  readonly onProgress: (doneBytes: number) => void;
}

/** Pages per step; between two steps the event loop runs. 4 MiB of 4 KiB pages. */
const stepPages = 1_024;

/** Names of the databases that the folder has, with their sizes in bytes. Throws PlantroomError `not-found`. */
export function findDatabases(folder: string): ReadonlyMap<string, number> {
  const found = [mainDatabase, historyDatabase].filter(name => existsSync(join(folder, name)));
  if (!found.includes(mainDatabase)) {
    throw new PlantroomError(`there is no store in ${folder}`, {
      kind: 'not-found',
      hint: `name the folder that the daemon was given with --data; ${mainDatabase} is in it`,
    });
  }
  return new Map(found.map(name => [name, statSync(join(folder, name)).size]));
}

/**
 * Copies one database as it is at one instant, while a daemon writes to it. The copy is one file, without a write-ahead
 * file.
 *
 * Without the read transaction SQLite's backup begins again with every commit of the daemon, and never ends. Meanwhile
 * the daemon's write-ahead file cannot begin anew: it grows by what is written until the copy is done.
 */
export async function copyDatabase({ folder, name, into, onProgress }: CopyOptions): Promise<void> {
  let source: Database | undefined;
  try {
    source = openForReading(join(folder, name));
    const pageBytes = Number(source.pragma('page_size', { simple: true }));
    source.prepare('BEGIN').run();
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await source.backup(into, {
      progress({ totalPages, remainingPages }) {
        onProgress((totalPages - remainingPages) * pageBytes);
        return stepPages;
      },
    });
    foldIntoOneFile(into);
  } catch (thrown) {
    throw refused(name, join(folder, name), thrown);
  } finally {
    source?.close();
  }
}

/** Looks through a whole copied database. Throws PlantroomError `storage` when anything is wrong with it. */
export function verifyDatabase(path: string, name: string): DatabaseFacts {
  let database: Database | undefined;
  try {
    database = openForReading(path);
    const schema = readNumberPragma(database, 'user_version');
    refuseNewer(schema, name, name === mainDatabase ? migrations : historyMigrations);
    const finding = String(database.pragma('integrity_check(1)', { simple: true }));
    if (finding !== 'ok') throw damaged(name, finding);
    const storeId = hasTable(database, 'meta') ? readMeta(database, 'store_id') : undefined;
    if (name === mainDatabase && storeId === undefined) throw damaged(name, 'it is no store of plantroom');
    followAudit(database, name);
    return { schema, storeId, rows: countRows(database) };
  } catch (thrown) {
    throw isBroken(thrown) ? damaged(name, messageOf(thrown)) : thrown;
  } finally {
    database?.close();
  }
}

/** An audit that was tampered with is not put in the place of one that was not. */
function followAudit(database: Database, name: string): void {
  if (!hasTable(database, 'audit')) return;
  const verdict = createAuditRows(database).verify();
  if (verdict.kind === 'broken') throw damaged(name, `entry ${verdict.number} of its audit is ${verdict.what}`);
}

/** Whether the folder holds a store, or the rest of one. */
export function hasStore(folder: string): boolean {
  const { next } = storePaths(folder);
  return [join(folder, mainDatabase), next].some(path => existsSync(path));
}

function countRows(database: Database): Record<string, number> {
  const tables = database
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .pluck()
    .all();
  const counts = tables.map(name => [
    name,
    database.prepare<[], number>(`SELECT count(*) FROM "${name}"`).pluck().get() ?? 0,
  ]);
  return Object.fromEntries(counts);
}

function damaged(name: string, why: string): PlantroomError {
  return new PlantroomError(`${name} is damaged: ${why}`, {
    kind: 'storage',
    hint: 'nothing was changed; take an older backup, and look at the disk this one came from',
  });
}

function refused(name: string, path: string, thrown: unknown): unknown {
  const code = codeOf(thrown) ?? '';
  if (isBroken(thrown)) return damaged(name, messageOf(thrown));
  if (!code.startsWith('SQLITE_')) return thrown;
  return new PlantroomError(`${path} cannot be copied: ${messageOf(thrown)}`, {
    kind: 'storage',
    hint:
      code === 'SQLITE_FULL'
        ? 'the disk that the backup goes to is full: name a file on another one'
        : 'run it as the user of the daemon, or as root: reading a database that is in use needs the right to write its folder',
    cause: thrown,
  });
}
