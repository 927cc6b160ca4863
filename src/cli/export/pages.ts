import type { SummarySpan } from '../../model/summary.ts';
import type { HistoryReader, RawSample, SummaryRow } from '../../store/history/reader.ts';

/** What is wanted. Wall times in ms: at or after `from` and before `to`; points by their keys. */
export interface Wanted {
  readonly points: readonly string[] | undefined;
  readonly from: number;
  readonly to: number;
}

export interface ExportPage<Row> {
  readonly rows: readonly Row[];
  /** Rows of the file that were looked through for it. */
  readonly scanned: number;
  readonly damaged: number;
}

/**
 * Rows of the file in one page. A row is one device's minute or window: at ten values a second of a hundred points this is
 * 600,000 values in memory.
 */
const pageRows = 10;
const summaryPageRows = 200;

export function* rawPages(reader: HistoryReader, wanted: Wanted): Generator<ExportPage<RawSample>> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { samples, scanned, damaged, next } = reader.raw({ ...wanted, after, limit: pageRows });
    yield { rows: samples, scanned, damaged };
    after = next;
  }
}

export function* summaryPages(
  reader: HistoryReader,
  span: SummarySpan,
  wanted: Wanted,
): Generator<ExportPage<SummaryRow>> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { rows, scanned, damaged, next } = reader.rows({ ...wanted, span, after, limit: summaryPageRows });
    yield { rows, scanned, damaged };
    after = next;
  }
}
