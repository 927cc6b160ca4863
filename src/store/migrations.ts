import { PlantroomError } from '../base/errors.ts';
import { type Database, readNumberPragma } from './database.ts';

/** One step forward of the schema. Published ones are never changed: a new one is added. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- Every alarm event ever committed, until retention removes it. Times are ms since 1970; body is the event.
      CREATE TABLE alarm_log (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        alarm TEXT NOT NULL,
        occurrence TEXT NOT NULL,
        kind TEXT NOT NULL,
        priority TEXT NOT NULL,
        sampled_at INTEGER NOT NULL,
        detected_at INTEGER NOT NULL,
        sent_at INTEGER,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX alarm_log_unsent ON alarm_log (number) WHERE sent_at IS NULL;
      CREATE INDEX alarm_log_alarm ON alarm_log (alarm, number);

      -- One row per alarm that stands.
      CREATE TABLE alarm_state (
        alarm TEXT PRIMARY KEY,
        occurrence TEXT NOT NULL,
        priority TEXT NOT NULL,
        raised_at INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT;

      -- Summaries that wait to be sent.
      CREATE TABLE summary_outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        device TEXT NOT NULL,
        window_start INTEGER NOT NULL,
        window_end INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 2,
    sql: `
      -- What was learned of a device's reads: body is a list. It holds for a device of this signature only.
      CREATE TABLE learned_read (
        device TEXT PRIMARY KEY,
        signature TEXT NOT NULL,
        body TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 3,
    sql: `
      -- How far each uplink has come with the alarm log: all events up to these numbers. What was sent so far was sent by
      -- the only uplink there could be. An event that was sent before an older one is sent again.
      CREATE TABLE uplink (
        id TEXT PRIMARY KEY,
        sent INTEGER NOT NULL,
        delivered INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      INSERT INTO uplink SELECT 'platform', upto, upto FROM (
        SELECT coalesce(min(number) FILTER (WHERE sent_at IS NULL) - 1, max(number)) AS upto FROM alarm_log
      ) WHERE upto IS NOT NULL;
      DROP INDEX alarm_log_unsent;
      ALTER TABLE alarm_log DROP COLUMN sent_at;

      -- The event's stamp; null in rows that are older than stamps.
      ALTER TABLE alarm_log ADD COLUMN clock TEXT;
      ALTER TABLE alarm_log ADD COLUMN boot_id TEXT;
      ALTER TABLE alarm_log ADD COLUMN boot_ms REAL;
      CREATE INDEX alarm_log_unsynchronised ON alarm_log (boot_id, number) WHERE clock = 'unsynchronised';

      -- Who had what done. hash is SHA-256 over the hash before it and the row (audit-rows.ts tells how); id keeps a row
      -- that is written again from being doubled.
      CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        who TEXT NOT NULL,
        body TEXT NOT NULL,
        hash TEXT NOT NULL
      ) STRICT;
      -- Where the chain begins and ends. anchor: the last row that retention has removed; head: the newest row.
      CREATE TABLE audit_end (
        name TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        hash TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      INSERT INTO audit_end VALUES ('anchor', 0, ''), ('head', 0, '');
      CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit is append only');
      END;
      CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
        WHEN old.number > (SELECT number FROM audit_end WHERE name = 'anchor') BEGIN
        SELECT RAISE(ABORT, 'the audit is append only');
      END;

      -- Commands that have come, so that one that comes again is answered and not obeyed again. reply is null while it runs.
      CREATE TABLE command (
        uplink TEXT NOT NULL,
        id TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        reply TEXT,
        PRIMARY KEY (uplink, id)
      ) STRICT;
    `,
  },
  {
    version: 4,
    sql: `
      -- Summaries are in history.db, with the place of each uplink in them. Those that waited here are given up.
      DROP TABLE summary_outbox;
      DELETE FROM meta WHERE key = 'dropped_summaries';
    `,
  },
  {
    version: 5,
    sql: `
      -- What rules with a long memory know: body is the record, with when it was saved by both clocks.
      CREATE TABLE rule_memory (
        rule TEXT PRIMARY KEY,
        body TEXT NOT NULL
      ) STRICT;
    `,
  },
];

export function latestVersion(steps: readonly Migration[] = migrations): number {
  return steps.at(-1)?.version ?? 0;
}

/**
 * Brings the schema up to date, each step in a transaction of its own together with its version number.
 * Throws PlantroomError `storage` when the file is of a newer plantroom; the file is not touched then.
 */
export function migrate(database: Database, steps: readonly Migration[] = migrations): void {
  const found = readNumberPragma(database, 'user_version');
  refuseNewer(found, database.name, steps);
  for (const step of steps.filter(({ version }) => version > found)) {
    database.transaction(() => {
      database.exec(step.sql);
      database.pragma(`user_version = ${step.version}`);
    })();
  }
}

export function refuseNewer(found: number, path: string, steps: readonly Migration[] = migrations): void {
  const latest = latestVersion(steps);
  if (found <= latest) return;
  throw new PlantroomError(`${path} was written by a newer plantroom (schema ${found}, this one knows ${latest})`, {
    kind: 'storage',
    hint: 'install that version again, or move the file away to start with an empty store',
  });
}
