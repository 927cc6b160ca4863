import type { Database } from './database.ts';
import type { UplinkCursor } from './messages.ts';

/** How far each uplink has come with the alarm log: a handful of rows, replaced together. */
export interface CursorRows {
  all(): UplinkCursor[];
  replace(cursors: readonly UplinkCursor[]): void;
}

export function createCursorRows(database: Database): CursorRows {
  const select = database.prepare<[], UplinkCursor>('SELECT id AS uplink, sent, delivered FROM uplink ORDER BY id');
  const insert = database.prepare(
    `INSERT INTO uplink (id, sent, delivered) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET sent = excluded.sent, delivered = excluded.delivered`,
  );
  const remove = database.prepare('DELETE FROM uplink WHERE id = ?');
  return {
    all: () => select.all(),
    replace(cursors) {
      const kept = new Set(cursors.map(({ uplink }) => uplink));
      for (const { uplink } of select.all()) if (!kept.has(uplink)) remove.run(uplink);
      for (const { uplink, sent, delivered } of cursors) insert.run(uplink, sent, delivered);
    },
  };
}
