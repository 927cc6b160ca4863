import { existsSync } from 'node:fs';
import { codeOf, messageOf, PlantroomError } from '../../base/errors.ts';
import { openForReading, readNumberPragma } from '../database.ts';
import { refuseNewer } from '../migrations.ts';
import { historyPaths } from './history-paths.ts';
import { createReading, type Reading } from './reading.ts';
import { historyMigrations } from './schema.ts';

export type { SeriesName, TakeSample } from '../../history/frame.ts';
export type { RawPage, RawQuery, RawSample, Reading, RowPage, RowQuery, SummaryRow } from './reading.ts';

/** A history that is only looked at, by a process that is not the gateway, which may be writing it meanwhile. */
export interface HistoryReader extends Pick<Reading, 'raw' | 'visit' | 'rows' | 'countRows' | 'points'> {
  close(): void;
}

/**
 * Opens the history of a data folder and changes nothing in it. Each call blocks for one page and sees what was written
 * until then, so that a long export holds up nobody; what retention removes meanwhile is missing.
 *
 * Throws PlantroomError, here and in each call: `not-found` where there is no history, `storage` where it cannot be read.
 */
export function openHistoryReader(folder: string): HistoryReader {
  const { database: path } = historyPaths(folder);
  if (!existsSync(path))
    throw new PlantroomError(`there is no history in ${folder}`, {
      kind: 'not-found',
      hint: 'name the data folder of a gateway that has run',
    });
  return refusing(path, () => {
    const database = openForReading(path);
    try {
      refuseNewer(readNumberPragma(database, 'user_version'), path, historyMigrations);
      const reading = createReading(database);
      return {
        raw: query => refusing(path, () => reading.raw(query)),
        visit: (query, choose) => refusing(path, () => reading.visit(query, choose)),
        rows: query => refusing(path, () => reading.rows(query)),
        countRows: (kind, from, to) => refusing(path, () => reading.countRows(kind, from, to)),
        points: () => refusing(path, () => reading.points()),
        close: () => database.close(),
      };
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function refusing<Answer>(path: string, ask: () => Answer): Answer {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PlantroomError) throw error;
    const isAccess = /^SQLITE_(CANTOPEN|READONLY|PERM)/.test(codeOf(error) ?? '');
    throw new PlantroomError(`the history ${path} cannot be read: ${messageOf(error)}`, {
      kind: 'storage',
      hint: isAccess
        ? 'run it as the user of the gateway, who owns the file'
        : 'the gateway sets a broken file aside by itself',
      cause: error,
    });
  }
}
