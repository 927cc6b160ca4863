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
