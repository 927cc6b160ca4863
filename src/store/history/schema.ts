import type { Migration } from '../migrations.ts';
import type { HistoryClass } from './limits.ts';

export const tableOf: Readonly<Record<HistoryClass, string>> = {
  raw: 'raw_frame',
  '1min': 'summary_1min',
  '15min': 'summary_15min',
  '1day': 'summary_1day',
};

/** One device's minute of raw values, or its summaries over one window. Times are ms since 1970, as the clock had them. */
const rowColumns = `
  number INTEGER PRIMARY KEY,
  device INTEGER NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  -- Ids of its series, each as the difference to the one before.
  series BLOB NOT NULL,
  body BLOB NOT NULL`;

/** Of history.db. Published ones are never changed: a new one is added. */
export const historyMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
      CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL, unit TEXT NOT NULL, UNIQUE (point, unit)) STRICT;

      ${Object.values(tableOf)
        .map(table => `CREATE TABLE ${table} (${rowColumns}) STRICT;`)
        .join('\n')}

      -- Neighbouring rows of a class that are removed together, and the index by time: rows are in the order in which they
      -- came, which is that of time as long as the clock does not jump.
      CREATE TABLE chunk (
        class TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        from_at INTEGER NOT NULL,
        to_at INTEGER NOT NULL,
        -- The last write that added to it, so that none is made twice.
        batch TEXT NOT NULL,
        PRIMARY KEY (class, first)
      ) STRICT, WITHOUT ROWID;

      -- Each opening of the file is a run. Summaries from number first on have its id in theirs: after a power cut numbers
      -- may be given again, ids never.
      CREATE TABLE run (span TEXT NOT NULL, first INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (span, first))
        STRICT, WITHOUT ROWID;

      -- How far the windows of a span have come: the number of the first finer row that is in no closed window yet, or null,
      -- and whether the device has a closed one.
      CREATE TABLE open_window (
        span TEXT NOT NULL,
        device INTEGER NOT NULL,
        first INTEGER,
        has_closed INTEGER NOT NULL,
        PRIMARY KEY (span, device)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE uplink (id TEXT PRIMARY KEY, span TEXT NOT NULL, dropped INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      -- Numbers that an uplink has still to send.
      CREATE TABLE unsent (uplink TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (uplink, first))
        STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 2,
    sql: `
      -- Rows that were made before the clock was set: these of a class, in this boot, which began at booted_at by the clock
      -- as it was (unsynchronised) or is (corrected). boot_id is empty where they keep their times for good.
      CREATE TABLE clock_mark (
        class TEXT NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        clock TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        booted_at REAL NOT NULL,
        PRIMARY KEY (class, first)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
