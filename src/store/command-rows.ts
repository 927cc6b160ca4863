import type { Database } from './database.ts';
import type { CommandRecord } from './messages.ts';

/** Commands that have come. Bounded: beyond the limit the oldest expired ones go first, then the oldest. */
export interface CommandRows {
  find(uplink: string, id: string): CommandRecord | undefined;
  /** In place of what was kept of the same command before. */
  keep(record: CommandRecord, mostRows: number): void;
}

interface Row {
  readonly uplink: string;
  readonly id: string;
  readonly received_at: number;
  readonly expires_at: number;
  readonly reply: string | null;
}

export function createCommandRows(database: Database): CommandRows {
  const select = database.prepare<[string, string], Row>('SELECT * FROM command WHERE uplink = ? AND id = ?');
  const upsert = database.prepare(
    `INSERT INTO command (uplink, id, received_at, expires_at, reply) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (uplink, id) DO UPDATE SET received_at = excluded.received_at, expires_at = excluded.expires_at,
       reply = excluded.reply`,
  );
  const selectCount = database.prepare<[], number>('SELECT count(*) FROM command').pluck();
  // The order of arrival and not the wall clock says which is the oldest.
  const removeOldest = database.prepare(
    'DELETE FROM command WHERE rowid IN (SELECT rowid FROM command ORDER BY expires_at > ?, rowid LIMIT ?)',
  );
  return {
    find(uplink, id) {
      const row = select.get(uplink, id);
      if (!row) return undefined;
      return { uplink, id, receivedAt: row.received_at, expiresAt: row.expires_at, reply: row.reply ?? undefined };
    },
    keep({ uplink, id, receivedAt, expiresAt, reply }, mostRows) {
      const excess = (selectCount.get() ?? 0) + 1 - mostRows;
      if (excess > 0 && !select.get(uplink, id)) removeOldest.run(receivedAt, excess);
      upsert.run(uplink, id, Math.round(receivedAt), Math.round(expiresAt), reply ?? null);
    },
  };
}
