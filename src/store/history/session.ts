import type { DeviceSummary } from '../../history/coarser.ts';
import { type SeriesName, shiftFrame } from '../../history/frame.ts';
import { decodeSummaries, encodeSummaries } from '../../history/summary-frame.ts';
import type { SummaryQuery } from '../../model/outbox.ts';
import type { SummarySpan } from '../../model/summary.ts';
import type { Database } from '../database.ts';
import type { TimeFix } from '../messages.ts';
import { type Chunk, type ClassRows, createClassRows, type StoredRow } from './class-rows.ts';
import { type ClockMark, type ClockMarks, createClockMarks, type Timing, timingOf } from './clock-marks.ts';
import { classShares, type HistoryClass, historyClasses } from './limits.ts';
import type { HistoryFileFigures, HistoryRequests, PackedRow, PackedSummaries } from './messages.ts';
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
  readonly marks: ClockMarks;
  /** As they were when the coarser windows in memory were put together from what is stored. */
  readonly marksAtStart: ClockMarks;
  /** Of each device's latest window of a span since then: the coarser one in memory has the same clock. */
  readonly latestMarks: Readonly<Record<SummarySpan, Map<string, ClockMark | undefined>>>;
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
    marks: createClockMarks(database),
    marksAtStart: createClockMarks(database),
    latestMarks: { '1min': new Map(), '15min': new Map(), '1day': new Map() },
    reading: createReading(database),
    shedRows: { raw: shedOf('raw'), '1min': shedOf('1min'), '15min': shedOf('15min'), '1day': shedOf('1day') },
  };
}

/** True when the work of this name has been stored: its answer was lost, not the work. */
export function hasWork({ classes }: HistorySession, batch: string): boolean {
  return historyClasses.some(kind => classes[kind].hasBatch(batch));
}

/** In a transaction: adds frames, summaries and the coarser windows that they close. `fix`: once the clock is set. */
export function addWork(
  session: HistorySession,
  { batch, work }: HistoryRequests['write']['body'],
  sizeBytes: number,
  fix: TimeFix | undefined,
): void {
  const { classes, runs } = session;
  runs.begin(span => classes[span].lastNumber + 1);
  for (const frame of work.frames) addFrame(session, frame, timingOf(frame.doubt, fix));
  for (const window of work.windows) addWindow(session, window, fix);
  for (const kind of historyClasses) classes[kind].closeBatch(batch, budgetOf(kind, sizeBytes));
}

export function budgetOf(kind: HistoryClass, sizeBytes: number): number {
  return sizeBytes * classShares[kind];
}

function addFrame(session: HistorySession, row: PackedRow, { shiftMs, mark }: Timing): void {
  const { classes, names } = session;
  const { device, from, to, layout, body } = row;
  const known = names.layout(layout);
  const moved = shiftMs === 0 ? body : shiftFrame(body, known.names.length, shiftMs);
  const times = { from_at: from + shiftMs, to_at: to + shiftMs };
  const number = classes.raw.add({ device: names.device(device), ...times, series: known.series, body: pack(moved) });
  if (mark) session.marks.note('raw', number, mark);
}

/** Not packed: that would make it a twentieth shorter, and reading it several times as long. */
function addWindow(session: HistorySession, row: PackedRow, fix: TimeFix | undefined): void {
  const { device, from, to, layout, body } = row;
  const { names, classes, marks } = session;
  const { shiftMs, mark } = timingOf(row.doubt, fix);
  const known = names.layout(layout);
  const [windowStart, windowEnd] = [from + shiftMs, to + shiftMs];
  const times = { from_at: windowStart, to_at: windowEnd };
  const number = classes['1min'].add({ device: names.device(device), ...times, series: known.series, body });
  if (mark) marks.note('1min', number, mark);
  const points = decodeSummaries(body, known.names);
  addCoarser(session, { finer: '1min', number, mark, fix }, { device, windowStart, windowEnd, points });
}

interface Finer {
  readonly finer: SummarySpan;
  readonly number: number;
  readonly mark: ClockMark | undefined;
  readonly fix: TimeFix | undefined;
}

function addCoarser(session: HistorySession, { finer, number, mark, fix }: Finer, summary: DeviceSummary): void {
  const { names, classes, rolling, marks } = session;
  const latest = session.latestMarks[finer];
  for (const closed of rolling.add(finer, number, summary)) {
    const { device, points } = closed.summary;
    const timing = coarseTiming(
      latest.has(device) ? latest.get(device) : session.marksAtStart.markOf(finer, closed.upTo),
      fix,
    );
    const windowStart = closed.summary.windowStart + timing.shiftMs;
    const windowEnd = closed.summary.windowEnd + timing.shiftMs;
    const coarse = classes[closed.span].add({
      ...{ device: names.device(device), from_at: windowStart, to_at: windowEnd },
      ...{ series: names.series(points), body: encodeSummaries(points) },
    });
    if (timing.mark) marks.note(closed.span, coarse, timing.mark);
    const one = { finer: closed.span, number: coarse, mark: timing.mark, fix };
    addCoarser(session, one, { device, windowStart, windowEnd, points });
  }
  latest.set(summary.device, mark);
}

/** Made of corrected windows it is right already. */
function coarseTiming(mark: ClockMark | undefined, fix: TimeFix | undefined): Timing {
  return mark?.clock === 'corrected' ? { shiftMs: 0, mark } : timingOf(mark, fix);
}

/** In a transaction: removes the oldest chunk of a class. */
export function removeOldest({ classes, runs, marks }: HistorySession, kind: HistoryClass): Chunk | undefined {
  const chunk = classes[kind].removeOldest();
  if (chunk) marks.forget(kind, chunk.last);
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
  { classes, runs, reading, marks }: HistorySession,
  unsent: readonly Range[],
  { span, after, upTo, limit }: SummaryQuery,
): PackedSummaries {
  const rows: StoredRow[] = [];
  for (const range of unsent) {
    const first = Math.max(range.first, after + 1);
    const last = Math.min(range.last, upTo);
    if (first <= last && rows.length < limit) rows.push(...classes[span].read({ first, last }, limit - rows.length));
  }
  const layouts: (readonly SeriesName[])[] = [];
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
      clock: marks.markOf(span, row.number)?.clock ?? 'synchronised',
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
