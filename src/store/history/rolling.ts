import { type Coarse, type Coarsener, createCoarsener, type DeviceSummary } from '../../history/coarser.ts';
import type { SeriesName } from '../../history/frame.ts';
import { type CoarseSpan, coarseSpans, finerSpan } from '../../history/span-window.ts';
import { decodeSummaries } from '../../history/summary-frame.ts';
import type { SummarySpan } from '../../model/summary.ts';
import type { Database } from '../database.ts';
import type { ClassRows, StoredRow } from './class-rows.ts';
import { decodeIds, type Names, readDevices, readSeries } from './names.ts';
import { noEnd } from './unsent.ts';

/** Puts the coarser windows together and remembers in the database how far they have come. */
export interface Rolling {
  /** Windows that a stored one has closed; the caller stores them and hands them in likewise. */
  add(span: SummarySpan, number: number, summary: DeviceSummary): readonly (Coarse & { span: CoarseSpan })[];
}

interface OpenWindowRow {
  readonly device: number;
  readonly first: number | null;
  readonly has_closed: number;
}

/** Read at a time: each becomes an object for each of its points. */
const rebuildRows = 50;

/** Takes up where the last run stopped: what was in no window yet is read again. */
export function createRolling(database: Database, rows: (span: SummarySpan) => ClassRows, names: Names): Rolling {
  const setFirst = database.prepare(
    `INSERT INTO open_window (span, device, first, has_closed) VALUES (?, ?, ?, ?)
     ON CONFLICT (span, device) DO UPDATE SET first = excluded.first, has_closed = max(has_closed, excluded.has_closed)`,
  );
  const known = new Map<CoarseSpan, { coarsener: Coarsener; late: Coarse[] }>(
    coarseSpans.map(span => [span, rebuild(database, span, rows(finerSpan(span)))]),
  );

  return {
    add(finer, number, summary) {
      const span = coarseSpans.find(one => finerSpan(one) === finer);
      const rolled = span && known.get(span);
      if (!rolled) return [];
      const { coarsener } = rolled;
      const closed = [...rolled.late, ...coarsener.add(number, summary)];
      rolled.late = [];
      const changed = new Map(closed.map(one => [one.summary.device, 1]));
      if (coarsener.open.get(summary.device) === number && !changed.has(summary.device)) changed.set(summary.device, 0);
      for (const [device, hasClosed] of changed)
        setFirst.run(span, names.device(device), coarsener.open.get(device) ?? null, hasClosed);
      return closed.map(one => ({ span, ...one }));
    },
  };
}

/** `late`: what closes now, as after a change of the time zone. */
function rebuild(database: Database, span: CoarseSpan, finer: ClassRows): { coarsener: Coarsener; late: Coarse[] } {
  const devices = readDevices(database);
  const series = readSeries(database);
  const found = database
    .prepare<[string], OpenWindowRow>('SELECT device, first, has_closed FROM open_window WHERE span = ?')
    .all(span);
  const firsts = new Map(found.map(({ device, first }) => [device, first ?? noEnd]));
  const known = found.filter(row => row.has_closed === 1).map(({ device }) => devices.get(device) ?? '');
  const coarsener = createCoarsener(span, known);
  const late: Coarse[] = [];
  let next = Math.min(noEnd, ...firsts.values());
  while (next < noEnd) {
    const rows = finer.read({ first: next, last: noEnd }, rebuildRows);
    for (const row of rows.filter(({ number, device }) => number >= (firsts.get(device) ?? noEnd))) {
      const summary = tryDecode(row, devices, series);
      if (summary) late.push(...coarsener.add(row.number, summary));
    }
    next = rows.length < rebuildRows ? noEnd : (rows.at(-1)?.number ?? noEnd) + 1;
  }
  return { coarsener, late };
}

/** A row that is damaged is missing in the coarser window; it must not keep the history from opening. */
function tryDecode(
  row: StoredRow,
  devices: ReadonlyMap<number, string>,
  series: ReadonlyMap<number, SeriesName>,
): DeviceSummary | undefined {
  try {
    const names = decodeIds(row.series).map(id => series.get(id) ?? { point: '', unit: '' });
    const points = decodeSummaries(row.body, names);
    return { device: devices.get(row.device) ?? '', windowStart: row.from_at, windowEnd: row.to_at, points };
  } catch {
    return undefined;
  }
}
