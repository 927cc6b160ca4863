import type { SummaryRecord } from '../model/summary.ts';
import type { Database } from './database.ts';
import type { NumberedSummary, NumberQuery } from './messages.ts';

/** The summary outbox. */
export interface SummaryRows {
  /** How many of the records were new: one with an id that already waits is the same record again. */
  insert(records: readonly SummaryRecord[]): number;
  /** How many of them still waited. */
  remove(numbers: readonly number[]): number;
  /** Removes the `count` oldest; returns how many there were. */
  dropOldest(count: number): number;
  waiting(query: NumberQuery): NumberedSummary[];
  count(): number;
}

export function createSummaryRows(database: Database): SummaryRows {
  const insertRecord = database.prepare(
    `INSERT INTO summary_outbox (id, device, window_start, window_end, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const removeRecord = database.prepare('DELETE FROM summary_outbox WHERE number = ?');
  const removeOldest = database.prepare(
    'DELETE FROM summary_outbox WHERE number IN (SELECT number FROM summary_outbox ORDER BY number LIMIT ?)',
  );
  const select = database.prepare<[number, number], { number: number; body: string }>(
    'SELECT number, body FROM summary_outbox WHERE number > ? ORDER BY number LIMIT ?',
  );
  const selectCount = database.prepare<[], number>('SELECT count(*) FROM summary_outbox').pluck();

  function insertOne(record: SummaryRecord): number {
    const { id, device, windowStart, windowEnd } = record;
    const body = JSON.stringify(record);
    return insertRecord.run(id, device, Math.round(windowStart), Math.round(windowEnd), body).changes;
  }

  return {
    insert: records => records.reduce((count, record) => count + insertOne(record), 0),
    remove: numbers => numbers.reduce((count, number) => count + removeRecord.run(number).changes, 0),
    dropOldest: count => removeOldest.run(count).changes,
    waiting: ({ after, limit }) =>
      select.all(after, limit).map(({ number, body }) => ({ number, record: JSON.parse(body) as SummaryRecord })),
    count: () => selectCount.get() ?? 0,
  };
}
