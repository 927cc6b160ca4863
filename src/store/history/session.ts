import type { DeviceSummary } from '../../history/coarser.ts';
import type { SeriesName } from '../../history/frame.ts';
import { encodeSummaries } from '../../history/summary-frame.ts';
import type { SummaryQuery } from '../../model/outbox.ts';
import type { SummarySpan } from '../../model/summary.ts';
import type { Database } from '../database.ts';
import { type Chunk, type ClassRows, createClassRows, type StoredRow } from './class-rows.ts';
import { classShares, type HistoryClass, historyClasses } from './limits.ts';
import type { HistoryWork, PackedSummaries, RawFrame } from './messages.ts';
import { createNames, encodeIds, type Names } from './names.ts';
import { pack } from './packing.ts';
import { createReading, type Reading } from './reading.ts';
import { createRolling, type Rolling } from './rolling.ts';
import { createRuns, type Runs } from './runs.ts';
import type { Range } from './unsent.ts';

/**
 * An open history with its statements and what is known of it in memory. That is right only as long as every transaction
 * succeeds: after one that failed the session is made anew from the database.
 */
export interface HistorySession {
  readonly database: Database;
  readonly classes: Readonly<Record<HistoryClass, ClassRows>>;
  readonly names: Names;
  readonly rolling: Rolling;
  readonly runs: Runs;
  readonly reading: Reading;
  readonly shedRows: Record<HistoryClass, number>;
}

export function startHistorySession(database: Database): HistorySession {
  const classes = {
    raw: createClassRows(database, 'raw'),
    '1min': createClassRows(database, '1min'),
    '15min': createClassRows(database, '15min'),
    '1day': createClassRows(database, '1day'),
  };
  const names = createNames(database);
  const readMeta = database.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  const shedOf = (kind: HistoryClass) => Number(readMeta.get(`shed_${kind}`) ?? 0);
  return {
    database,
    classes,
    names,
    rolling: createRolling(database, span => classes[span], names),
    runs: createRuns(database, readMeta.get('history_id') ?? ''),
    reading: createReading(database),
    shedRows: { raw: shedOf('raw'), '1min': shedOf('1min'), '15min': shedOf('15min'), '1day': shedOf('1day') },
  };
}

/** True when the work of this name has been stored: its answer was lost, not the work. */
export function hasWork({ classes }: HistorySession, batch: string): boolean {
  return historyClasses.some(kind => classes[kind].hasBatch(batch));
}

/** In a transaction: adds frames, summaries and the coarser windows that they close. */
export function addWork(session: HistorySession, batch: string, work: HistoryWork, sizeBytes: number): void {
  const { classes, runs } = session;
  runs.begin(span => classes[span].lastNumber + 1);
  for (const frame of work.frames) addFrame(session, frame);
  for (const summary of work.summaries) addSummary(session, '1min', summary);
  for (const kind of historyClasses) classes[kind].closeBatch(batch, budgetOf(kind, sizeBytes));
}

export function budgetOf(kind: HistoryClass, sizeBytes: number): number {
  return sizeBytes * classShares[kind];
}

function addFrame({ classes, names }: HistorySession, { device, from, to, points, body }: RawFrame): void {
  const series = encodeIds(names.series(points));
  classes.raw.add({ device: names.device(device), from_at: from, to_at: to, series, body: pack(body) });
}

function addSummary(session: HistorySession, span: SummarySpan, summary: DeviceSummary): void {
  const { names, classes, rolling } = session;
  const { device, windowStart, windowEnd, points } = summary;
  const number = classes[span].add({
    device: names.device(device),
    from_at: Math.floor(windowStart),
    to_at: Math.ceil(windowEnd),
    series: encodeIds(names.series(points)),
    // Not packed: that would make it a twentieth shorter, and reading it several times as long.
    body: encodeSummaries(points),
  });
  for (const closed of rolling.add(span, number, summary)) addSummary(session, closed.span, closed.summary);
}

/** In a transaction: removes the oldest chunk of a class. */
export function removeOldest({ classes, runs }: HistorySession, kind: HistoryClass): Chunk | undefined {
  const chunk = classes[kind].removeOldest();
  if (chunk && kind !== 'raw') runs.forget(kind, chunk.last + 1);
  return chunk;
}

export function countShed({ database, shedRows }: HistorySession, kind: HistoryClass, rows: number): void {
  shedRows[kind] += rows;
  database
    .prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
    .run(`shed_${kind}`, String(shedRows[kind]));
}

/** Rows of the ranges that the query asks for, oldest first. */
export function readUnsent(
  { classes, runs, reading }: HistorySession,
  unsent: readonly Range[],
  { span, after, upTo, limit }: SummaryQuery,
): PackedSummaries {
  const rows: StoredRow[] = [];
  for (const range of unsent) {
    const first = Math.max(range.first, after + 1);
    const last = Math.min(range.last, upTo);
    if (first <= last && rows.length < limit) rows.push(...classes[span].read({ first, last }, limit - rows.length));
  }
  const layouts: SeriesName[][] = [];
  const known = new Map<string, number>();
  const layoutOf = (row: StoredRow) => {
    const key = Buffer.from(row.series).toString('latin1');
    const layout = known.get(key) ?? layouts.push(reading.namesOf(row)) - 1;
    known.set(key, layout);
    return layout;
  };
  return {
    layouts,
    rows: rows.map(row => ({
      ...{ number: row.number, id: runs.idOf(span, row.number), device: reading.deviceOf(row), body: row.body },
      ...{ windowStart: row.from_at, windowEnd: row.to_at, layout: layoutOf(row) },
    })),
  };
}
