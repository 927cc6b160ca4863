import type { Learned } from '../model/learned.ts';
import type { Database } from './database.ts';
import type { LearnedRecord } from './messages.ts';

/** What was learned of devices: one row each, replaced whole, so that it is bounded by what one device may have. */
export interface LearnedRows {
  /** A record of nothing removes the row. */
  write(record: LearnedRecord): void;
  all(): LearnedRecord[];
}

export function createLearnedRows(database: Database): LearnedRows {
  const replace = database.prepare(
    `INSERT INTO learned_read (device, signature, body) VALUES (?, ?, ?)
     ON CONFLICT (device) DO UPDATE SET signature = excluded.signature, body = excluded.body`,
  );
  const remove = database.prepare('DELETE FROM learned_read WHERE device = ?');
  const select = database.prepare<[], { device: string; signature: string; body: string }>(
    'SELECT device, signature, body FROM learned_read ORDER BY device',
  );
  return {
    write({ device, signature, learned }) {
      if (learned.length === 0) remove.run(device);
      else replace.run(device, signature, JSON.stringify(learned));
    },
    all: () =>
      select
        .all()
        .map(({ device, signature, body }) => ({ device, signature, learned: JSON.parse(body) as Learned[] })),
  };
}
