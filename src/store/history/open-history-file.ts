import { randomId } from '../../base/random.ts';
import { type Database, openHistoryDatabase } from '../database.ts';
import { migrate } from '../migrations.ts';
import type { HistoryPaths } from './history-paths.ts';
import { type HistoryClass, pageBytes, reserveBytes, reserveShare, walShare } from './limits.ts';
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
  const walPages = Math.floor((reserveFor(sizeBytes) * walShare) / pageBytes);
  const database = openHistoryDatabase(path, { pageBytes, walPages });
  try {
    migrate(database, historyMigrations);
    nameHistory(database, floors);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function reserveFor(sizeBytes: number): number {
  return Math.floor(Math.min(reserveBytes, sizeBytes * reserveShare));
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
