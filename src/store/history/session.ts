import type { DeviceSummary } from '../../history/coarser.ts';
import type { SeriesName } from '../../history/frame.ts';
import { decodeSummaries, encodeSummaries } from '../../history/summary-frame.ts';
import type { SummaryQuery } from '../../model/outbox.ts';
import type { SummarySpan } from '../../model/summary.ts';
import type { Database } from '../database.ts';
import { type Chunk, type ClassRows, createClassRows, type StoredRow } from './class-rows.ts';
import { classShares, type HistoryClass, historyClasses } from './limits.ts';
import type { HistoryFileFigures, PackedRow, PackedSummaries, PackedWork } from './messages.ts';
import { createNames, type Names } from './names.ts';
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
export function addWork(session: HistorySession, batch: string, work: PackedWork, sizeBytes: number): void {
  const { classes, runs } = session;
  runs.begin(span => classes[span].lastNumber + 1);
  for (const frame of work.frames) addFrame(session, frame);
  for (const window of work.windows) addWindow(session, window);
  for (const kind of historyClasses) classes[kind].closeBatch(batch, budgetOf(kind, sizeBytes));
}

export function budgetOf(kind: HistoryClass, sizeBytes: number): number {
  return sizeBytes * classShares[kind];
}

function addFrame({ classes, names }: HistorySession, { device, from, to, layout, body }: PackedRow): void {
  const { series } = names.layout(layout);
  classes.raw.add({ device: names.device(device), from_at: from, to_at: to, series, body: pack(body) });
}

/** Not packed: that would make it a twentieth shorter, and reading it several times as long. */
function addWindow(session: HistorySession, { device, from, to, layout, body }: PackedRow): void {
  const { names, classes } = session;
  const known = names.layout(layout);
  const row = { device: names.device(device), from_at: from, to_at: to, series: known.series, body };
  const number = classes['1min'].add(row);
  const points = decodeSummaries(body, known.names);
  addCoarser(session, '1min', number, { device, windowStart: from, windowEnd: to, points });
}

function addCoarser(session: HistorySession, finer: SummarySpan, finerNumber: number, summary: DeviceSummary): void {
  const { names, classes, rolling } = session;
  for (const closed of rolling.add(finer, finerNumber, summary)) {
    const { device, windowStart, windowEnd, points } = closed.summary;
    const number = classes[closed.span].add({
      ...{ device: names.device(device), from_at: windowStart, to_at: windowEnd },
      ...{ series: names.series(points), body: encodeSummaries(points) },
    });
    addCoarser(session, closed.span, number, closed.summary);
  }
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

export function classFigures({ classes, shedRows }: HistorySession): HistoryFileFigures['classes'] {
  const figuresOf = (kind: HistoryClass) => ({
    bytes: classes[kind].bytes,
    oldestAt: classes[kind].oldest()?.from_at,
    shedRows: shedRows[kind],
  });
  return { raw: figuresOf('raw'), '1min': figuresOf('1min'), '15min': figuresOf('15min'), '1day': figuresOf('1day') };
}
