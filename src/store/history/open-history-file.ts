import { randomId } from '../../base/random.ts';
import { type Database, openHistoryDatabase } from '../database.ts';
import { migrate } from '../migrations.ts';
import type { HistoryPaths } from './history-paths.ts';
import { type HistoryClass, pageBytes, reserveFor, walShare } from './limits.ts';
import { historyMigrations } from './schema.ts';

/**
 * Opens the file, or makes it, and brings its schema up to date. `floors`: the numbers that were given before, of each
 * class. Throws PlantroomError `storage` for a file of a newer plantroom, and what SQLite throws.
 */
export function openHistoryFile(
  { database: path }: HistoryPaths,
  sizeBytes: number,
  floors: ReadonlyMap<HistoryClass, number>,
): Database {
  const database = openHistoryDatabase(path, { pageBytes, walPages: walPagesFor(sizeBytes) });
  try {
    migrate(database, historyMigrations);
    nameHistory(database, floors);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** With so many pages the write-ahead file is moved into the database. */
export function walPagesFor(sizeBytes: number): number {
  return Math.floor((reserveFor(sizeBytes) * walShare) / pageBytes);
}

/** Gives a new history its id. An old one is only read, so that a full disk does not keep it from opening. */
function nameHistory(database: Database, floors: ReadonlyMap<HistoryClass, number>): void {
  if (database.prepare("SELECT 1 FROM meta WHERE key = 'history_id'").get() !== undefined) return;
  const insert = database.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
  database
    .transaction(() => {
      insert.run('history_id', randomId());
      for (const [kind, floor] of floors) insert.run(`number_floor_${kind}`, String(floor));
    })
    .immediate();
}
