import { join } from 'node:path';
import { PlantroomError } from '../base/errors.ts';
import { findDatabases, mainDatabase } from './archive.ts';
import { createAuditRows } from './audit-rows.ts';
import { type Database, hasTable, openForReading, readNumberPragma } from './database.ts';
import type { AuditRow, AuditVerdict } from './messages.ts';
import { refuseNewer } from './migrations.ts';
import { unreadable } from './unreadable.ts';

/** The audit of a store that is only looked at, by a process that is not the gateway, which may be writing it meanwhile. */
export interface AuditReader {
  /** Newest first. */
  read(limit: number): readonly AuditRow[];
  count(): number;
  /** Follows the chain from its anchor to its head, as it is at one instant. */
  verify(): AuditVerdict;
  /** Number of the entry with this hash; undefined when there is none. */
  find(hash: string): number | undefined;
  close(): void;
}

/** Throws PlantroomError: `not-found` where there is no store or no audit in it, `storage` where it cannot be read. */
export function openAuditReader(folder: string): AuditReader {
  findDatabases(folder);
  const path = join(folder, mainDatabase);
  let database: Database | undefined;
  try {
    database = openForReading(path);
    refuseNewer(readNumberPragma(database, 'user_version'), path);
    if (!hasTable(database, 'audit')) throw noAudit(path);
    return readerOf(database);
  } catch (thrown) {
    database?.close();
    throw unreadable(path, thrown);
  }
}

function readerOf(database: Database): AuditReader {
  const rows = createAuditRows(database);
  const selectByHash = database.prepare<[string], number>('SELECT number FROM audit WHERE hash = ?').pluck();
  return {
    read: limit => rows.read({ limit }),
    count: () => rows.count(),
    // In one transaction, so that an entry that is added meanwhile is seen whole or not at all.
    verify: () => database.transaction(() => rows.verify())(),
    find: hash => selectByHash.get(hash),
    close: () => database.close(),
  };
}

function noAudit(path: string): PlantroomError {
  return new PlantroomError(`${path} is of an older plantroom, which kept no audit`, {
    kind: 'not-found',
    hint: 'it is begun when the daemon of this version has started',
  });
}
