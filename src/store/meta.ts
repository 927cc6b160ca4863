import type { Database } from './database.ts';

/** Single facts about the store, one row each. */
export type MetaKey =
  /** The store's own random id. */
  | 'store_id'
  /** No new event may have this number or a lower one, whatever the log still holds. */
  | 'number_floor'
  /** 1 when the cursors of the uplinks were lost: each begins again at the oldest event. */
  | 'are_cursors_lost'
  /** 1 while a gateway has the file open, 0 after it was closed in order. */
  | 'is_open';

export function readMeta(database: Database, key: MetaKey): string | undefined {
  return database.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?').get(key)?.value;
}

export function writeMeta(database: Database, key: MetaKey, value: string | number): void {
  database
    .prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
    .run(key, String(value));
}

export function removeMeta(database: Database, key: MetaKey): void {
  database.prepare('DELETE FROM meta WHERE key = ?').run(key);
}
