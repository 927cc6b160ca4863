import type { Database } from '../database.ts';
import { chunkBytes, type HistoryClass, leastChunks, pageOverhead, rowOverheadBytes } from './limits.ts';
import { tableOf } from './schema.ts';
import type { Range } from './unsent.ts';

/** A row of any class, as it is in the file. */
export interface StoredRow {
  readonly number: number;
  readonly device: number;
  readonly from_at: number;
  readonly to_at: number;
  readonly series: Uint8Array;
  readonly body: Uint8Array;
}

export interface Chunk extends Range {
  readonly bytes: number;
  readonly from_at: number;
  readonly to_at: number;
}

/** The rows of one class with their chunks. Must be made anew after a transaction that failed. */
export interface ClassRows {
  readonly name: HistoryClass;
  /** Returns the number of the row. */
  add(row: Omit<StoredRow, 'number'>): number;
  /** At the end of each write: notes what was added since. */
  closeBatch(batch: string, budgetBytes: number): void;
  /** True when a write of this name has been made. */
  hasBatch(batch: string): boolean;
  /** Rows of a range of numbers, at most `limit`. */
  read(range: Range, limit: number): StoredRow[];
  /** Undefined when there are no rows. */
  oldest(): Chunk | undefined;
  /** Removes the oldest chunk. */
  removeOldest(): Chunk | undefined;
  /** Puts rows in the place of those of the same numbers: the same content at other times. */
  move(rows: readonly StoredRow[]): void;
  /** What all rows take of the file. */
  readonly bytes: number;
  readonly lastNumber: number;
}

interface OpenChunk {
  first: number;
  last: number;
  bytes: number;
  from_at: number;
  to_at: number;
}

export function createClassRows(database: Database, name: HistoryClass): ClassRows {
  const table = tableOf[name];
  const insert = database.prepare(
    `INSERT INTO ${table} (number, device, from_at, to_at, series, body) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const select = database.prepare<[number, number, number], StoredRow>(
    `SELECT * FROM ${table} WHERE number >= ? AND number <= ? ORDER BY number LIMIT ?`,
  );
  const remove = database.prepare(`DELETE FROM ${table} WHERE number >= ? AND number <= ?`);
  const putChunk = database.prepare(
    `INSERT INTO chunk (class, first, last, bytes, from_at, to_at, batch) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (class, first) DO UPDATE SET last = excluded.last, bytes = excluded.bytes, from_at = excluded.from_at,
       to_at = excluded.to_at, batch = excluded.batch`,
  );
  const chunkAt = (order: 'ASC' | 'DESC') =>
    database.prepare<[string], Chunk & { batch: string }>(
      `SELECT first, last, bytes, from_at, to_at, batch FROM chunk WHERE class = ? ORDER BY first ${order} LIMIT 1`,
    );
  const selectOldest = chunkAt('ASC');
  const selectNewest = chunkAt('DESC');
  const removeChunk = database.prepare('DELETE FROM chunk WHERE class = ? AND first = ?');
  const moveRow = database.prepare(`UPDATE ${table} SET from_at = ?, to_at = ?, body = ? WHERE number = ?`);
  const timesOf = (what: string) => `(SELECT ${what} FROM ${table} WHERE number BETWEEN chunk.first AND chunk.last)`;
  const moveChunks = database.prepare(
    `UPDATE chunk SET from_at = ${timesOf('min(from_at)')}, to_at = ${timesOf('max(to_at)')}
     WHERE class = ? AND last >= ? AND first <= ?`,
  );
  const setFloor = database.prepare(
    `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  );
  const floorKey = `number_floor_${name}`;
  const floor = database.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck().get(floorKey);
  const sum = database.prepare<[string], number>('SELECT coalesce(sum(bytes), 0) FROM chunk WHERE class = ?').pluck();

  const newest = selectNewest.get(name);
  let bytes = sum.get(name) ?? 0;
  let lastNumber = Math.max(newest?.last ?? 0, Number(floor ?? 0));
  let lastBatch = newest?.batch;
  let open: OpenChunk | undefined = newest && { ...newest };
  let isChanged = false;

  function add({ device, from_at, to_at, series, body }: Omit<StoredRow, 'number'>): number {
    lastNumber += 1;
    insert.run(lastNumber, device, from_at, to_at, series, body);
    const rowBytes = Math.ceil((series.length + body.length + rowOverheadBytes) * pageOverhead);
    bytes += rowBytes;
    isChanged = true;
    open ??= { first: lastNumber, last: lastNumber, bytes: 0, from_at, to_at };
    open.last = lastNumber;
    open.bytes += rowBytes;
    open.from_at = Math.min(open.from_at, from_at);
    open.to_at = Math.max(open.to_at, to_at);
    return lastNumber;
  }

  function closeBatch(batch: string, budgetBytes: number): void {
    if (!isChanged || !open) return;
    putChunk.run(name, open.first, open.last, open.bytes, open.from_at, open.to_at, batch);
    if (open.bytes >= Math.min(chunkBytes, budgetBytes / leastChunks)) open = undefined;
    lastBatch = batch;
    isChanged = false;
  }

  function removeOldest(): Chunk | undefined {
    const chunk = selectOldest.get(name);
    if (!chunk) return undefined;
    remove.run(chunk.first, chunk.last);
    removeChunk.run(name, chunk.first);
    setFloor.run(floorKey, String(chunk.last));
    bytes -= chunk.bytes;
    if (open?.first === chunk.first) open = undefined;
    return chunk;
  }

  function move(rows: readonly StoredRow[]): void {
    const [first, last] = [rows.at(0)?.number, rows.at(-1)?.number];
    if (first === undefined || last === undefined) return;
    for (const { from_at, to_at, body, number } of rows) moveRow.run(from_at, to_at, body, number);
    moveChunks.run(name, first, last);
    const newest = selectNewest.get(name);
    if (open && newest?.first === open.first) open = { ...newest };
  }

  return {
    name,
    add,
    closeBatch,
    hasBatch: batch => lastBatch === batch,
    read: ({ first, last }, limit) => select.all(first, last, limit),
    oldest: () => selectOldest.get(name),
    removeOldest,
    move,
    get bytes() {
      return bytes;
    },
    get lastNumber() {
      return lastNumber;
    },
  };
}
