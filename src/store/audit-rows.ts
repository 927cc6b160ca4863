import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { auditBodyLength } from './limits.ts';
import type { AuditQuery, AuditRow, AuditVerdict, NewAuditRow } from './messages.ts';

/**
 * Who had what done: append only, and chained, so that a row that was changed or removed shows. Whoever can write the file
 * can also forge a whole new chain; but not one that ends in a hash that was noted elsewhere.
 */
export interface AuditRows {
  /** A row with an id that is there already is the same row again. How many were new. */
  append(rows: readonly NewAuditRow[]): number;
  /** Newest first. */
  read(query: AuditQuery): AuditRow[];
  verify(): AuditVerdict;
  count(): number;
  /** Removes the `count` oldest; the hash of the last of them stays, that the chain can still be followed. */
  removeOldest(count: number): number;
}

interface End {
  readonly number: number;
  readonly hash: string;
}

const columns = 'number, id, at, kind, who, body, hash';

export function createAuditRows(database: Database): AuditRows {
  const insert = database.prepare(`INSERT INTO audit (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const selectId = database.prepare<[string], number>('SELECT number FROM audit WHERE id = ?').pluck();
  const selectEnd = database.prepare<[string], End>('SELECT number, hash FROM audit_end WHERE name = ?');
  const setEnd = database.prepare(
    `INSERT INTO audit_end (name, number, hash) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET number = excluded.number, hash = excluded.hash`,
  );
  const selectBefore = database.prepare<[number, number], AuditRow>(
    `SELECT ${columns} FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?`,
  );
  const selectAll = database.prepare<[], AuditRow>(`SELECT ${columns} FROM audit ORDER BY number`);
  const selectLast = database.prepare<[], number>('SELECT coalesce(max(number), 0) FROM audit').pluck();
  const selectCount = database.prepare<[], number>('SELECT count(*) FROM audit').pluck();
  const selectNth = database.prepare<[number], End>('SELECT number, hash FROM audit ORDER BY number LIMIT 1 OFFSET ?');
  const remove = database.prepare('DELETE FROM audit WHERE number <= ?');

  function end(name: 'anchor' | 'head'): End {
    return selectEnd.get(name) ?? { number: 0, hash: '' };
  }

  function appendOne({ id, at, kind, who, body }: NewAuditRow): number {
    if (selectId.get(id) !== undefined) return 0;
    const head = end('head');
    const number = Math.max(head.number, selectLast.get() ?? 0) + 1;
    const row = { number, id, at: Math.round(at), kind, who, body: body.slice(0, auditBodyLength) };
    const hash = hashOf(head.hash, row);
    insert.run(number, id, row.at, kind, who, row.body, hash);
    setEnd.run('head', number, hash);
    return 1;
  }

  return {
    append: rows => rows.reduce((count, row) => count + appendOne(row), 0),
    read: ({ limit, before = Number.MAX_SAFE_INTEGER }) => selectBefore.all(before, limit),
    verify: () => followChain(end('anchor'), selectAll.iterate(), end('head')),
    count: () => selectCount.get() ?? 0,
    removeOldest(count) {
      const last = count > 0 ? selectNth.get(count - 1) : undefined;
      if (!last) return 0;
      setEnd.run('anchor', last.number, last.hash);
      return remove.run(last.number).changes;
    },
  };
}

/** Pure. The first row that does not fit is the one that was tampered with, or that follows a missing one. */
function followChain(anchor: End, rows: Iterable<AuditRow>, head: End): AuditVerdict {
  let previous = anchor;
  let entries = 0;
  for (const row of rows) {
    const expected = previous.number + 1;
    if (row.number > expected) return { kind: 'broken', number: expected, what: 'missing' };
    if (row.number < expected) return { kind: 'broken', number: row.number, what: 'added' };
    if (row.number > head.number) return { kind: 'broken', number: row.number, what: 'added' };
    if (row.hash !== hashOf(previous.hash, row)) return { kind: 'broken', number: row.number, what: 'changed' };
    previous = row;
    entries += 1;
  }
  if (previous.number < head.number) return { kind: 'broken', number: previous.number + 1, what: 'missing' };
  if (previous.hash !== head.hash) return { kind: 'broken', number: previous.number, what: 'changed' };
  return { kind: 'whole', entries, hash: head.hash };
}

function hashOf(previous: string, { number, id, at, kind, who, body }: Omit<AuditRow, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify([previous, number, id, at, kind, who, body]))
    .digest('hex');
}
