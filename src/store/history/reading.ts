import { decodeFrame, type SeriesName, type TakeSample } from '../../history/frame.ts';
import { decodeSummaries, withoutSamples } from '../../history/summary-frame.ts';
import type { Quality } from '../../model/quality.ts';
import type { Summary, SummarySpan } from '../../model/summary.ts';
import type { Database } from '../database.ts';
import type { Chunk, StoredRow } from './class-rows.ts';
import type { HistoryClass } from './limits.ts';
import { decodeIds, readDevices, readSeries } from './names.ts';
import { unpack } from './packing.ts';
import { tableOf } from './schema.ts';

interface Interval {
  /** Keys of points; undefined for all. */
  readonly points: readonly string[] | undefined;
  /** Wall times in ms: at or after `from` and before `to`. */
  readonly from: number;
  readonly to: number;
}

interface Page {
  /** `next` of the page before; 0 for the first. */
  readonly after: number;
  /** Rows of the file that are looked through at most; those of one device and minute, or window, are one row. */
  readonly limit: number;
}

export interface RawQuery extends Interval, Page {}

export interface RowQuery extends Interval, Page {
  readonly span: SummarySpan;
}

export interface RawSample {
  readonly point: string;
  readonly unit: string;
  /** Wall time in ms, as the clock had it. */
  readonly at: number;
  /** Undefined where the quality is not good. */
  readonly value: number | undefined;
  readonly quality: Quality;
}

export interface SummaryRow extends Summary {
  readonly device: string;
  readonly windowStart: number;
  readonly windowEnd: number;
}

export interface PageEnd {
  /** Where the next page begins; undefined after the last. */
  readonly next: number | undefined;
  /** Rows that were looked through, for a progress bar. */
  readonly scanned: number;
  /** Rows that could not be read because they are damaged. */
  readonly damaged: number;
}

export interface RawPage extends PageEnd {
  /** Of one point in the order in which they were taken, which is that of time as long as the clock did not jump. */
  readonly samples: readonly RawSample[];
}

export interface RowPage extends PageEnd {
  readonly rows: readonly SummaryRow[];
}

/** Reads what is stored, a page at a time, so that nobody who writes waits. Throws what SQLite throws. */
export interface Reading {
  raw(query: RawQuery): RawPage;
  /**
   * The same without an object for each sample: `choose` gets the names of a frame and gives what takes its samples, or
   * undefined to pass it over. Frames come whole: times outside of the query are for the taker to leave out.
   */
  visit(query: Omit<RawQuery, 'points'>, choose: (names: readonly SeriesName[]) => TakeSample | undefined): PageEnd;
  rows(query: RowQuery): RowPage;
  /** About how many rows there are to look through. */
  countRows(kind: HistoryClass, from: number, to: number): number;
  /** All points that ever had a value, with each of their units. */
  points(): readonly SeriesName[];
  namesOf(row: StoredRow): readonly SeriesName[];
  deviceOf(row: StoredRow): string;
}

const unknownName: SeriesName = { point: '', unit: '' };

/** Lists of names that are known again. A device has one or two; beyond it all are forgotten and learned anew. */
const mostLayouts = 4_000;

export function createReading(database: Database): Reading {
  const statements = new Map(
    Object.entries(tableOf).map(([kind, table]) => [
      kind,
      database.prepare<[number, number, number, number, number], StoredRow>(
        `SELECT * FROM ${table} WHERE number >= ? AND number <= ? AND to_at >= ? AND from_at < ? ORDER BY number LIMIT ?`,
      ),
    ]),
  );
  const chunks = database.prepare<[string, number, number, number], Chunk>(
    `SELECT first, last, bytes, from_at, to_at FROM chunk
     WHERE class = ? AND last > ? AND to_at >= ? AND from_at < ? ORDER BY first`,
  );
  let series = new Map<number, SeriesName>();
  const layouts = new Map<string, readonly SeriesName[]>();
  let devices = new Map<number, string>();

  /** Rows of a device share their names, as one list. Names are only ever added: they are read again when an unknown one is met. */
  function namesOf(row: StoredRow): readonly SeriesName[] {
    const bytes = Buffer.from(row.series.buffer, row.series.byteOffset, row.series.byteLength).toString('latin1');
    const before = layouts.get(bytes);
    if (before) return before;
    const ids = decodeIds(row.series);
    if (ids.some(id => !series.has(id))) series = readSeries(database);
    const names = ids.map(id => series.get(id) ?? unknownName);
    if (names.includes(unknownName)) return names;
    if (layouts.size >= mostLayouts) layouts.clear();
    layouts.set(bytes, names);
    return names;
  }

  function deviceOf({ device }: StoredRow): string {
    if (!devices.has(device)) devices = readDevices(database);
    return devices.get(device) ?? '';
  }

  function select(kind: HistoryClass, { from, to, after, limit }: Interval & Page): StoredRow[] {
    const rows: StoredRow[] = [];
    for (const { first, last } of chunks.all(kind, after, from, to)) {
      const left = limit - rows.length;
      if (left <= 0) break;
      rows.push(...(statements.get(kind)?.all(Math.max(first, after + 1), last, from, to, left) ?? []));
    }
    return rows;
  }

  /** Hands each row with its names on, and says where the next page begins. */
  function scan(
    kind: HistoryClass,
    query: Interval & Page,
    take: (row: StoredRow, names: readonly SeriesName[]) => void,
  ): PageEnd {
    const wanted = query.points && new Set(query.points);
    const rows = select(kind, query);
    let damaged = 0;
    for (const row of rows) {
      try {
        const names = namesOf(row);
        if (!wanted || names.some(({ point }) => wanted.has(point))) take(row, names);
      } catch {
        damaged += 1;
      }
    }
    return { next: rows.length < query.limit ? undefined : rows.at(-1)?.number, scanned: rows.length, damaged };
  }

  return {
    raw(query) {
      const wanted = query.points && new Set(query.points);
      const samples: RawSample[] = [];
      const end = scan('raw', query, (row, names) => {
        decodeFrame(unpack(row.body), names.length, (place, at, value, quality) => {
          const name = names[place];
          if (!name || at < query.from || at >= query.to || (wanted && !wanted.has(name.point))) return;
          samples.push({ ...name, at, value: quality === 'good' ? value : undefined, quality });
        });
      });
      return { samples, ...end };
    },
    visit: (query, choose) =>
      scan('raw', { ...query, points: undefined }, (row, names) => {
        const take = choose(names);
        if (take) decodeFrame(unpack(row.body), names.length, take);
      }),
    rows(query) {
      const wanted = query.points && new Set(query.points);
      const rows: SummaryRow[] = [];
      const end = scan(query.span, query, (row, names) => {
        if (row.from_at < query.from) return;
        const labels = { device: deviceOf(row), windowStart: row.from_at, windowEnd: row.to_at };
        for (const summary of decodeSummaries(row.body, names))
          if (!wanted || wanted.has(summary.point)) rows.push({ ...labels, ...withoutSamples(summary) });
      });
      return { rows, ...end };
    },
    countRows: (kind, from, to) =>
      chunks.all(kind, 0, from, to).reduce((sum, { first, last }) => sum + last - first + 1, 0),
    points: () => [...readSeries(database).values()],
    namesOf,
    deviceOf,
  };
}
