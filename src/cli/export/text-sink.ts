import type { Column } from './columns.ts';
import type { Sink, WriteBytes } from './sink.ts';
import { formatCsvHead, formatCsvRow, formatJsonRow } from './text-rows.ts';
import type { FormatTime } from './time-text.ts';

export function createCsvSink<Row>(columns: readonly Column<Row>[], write: WriteBytes, time: FormatTime): Sink<Row> {
  // In front of the first rows, or alone when there are none.
  let head = formatCsvHead(columns);
  const take = async (rows: readonly Row[]) => {
    const text = head + rows.map(row => formatCsvRow(columns, row, time)).join('');
    head = '';
    if (text !== '') await write(text);
  };
  return { write: take, finish: () => take([]) };
}

export function createJsonSink<Row>(columns: readonly Column<Row>[], write: WriteBytes, time: FormatTime): Sink<Row> {
  return {
    write: rows => write(rows.map(row => formatJsonRow(columns, row, time)).join('')),
    finish: async () => {},
  };
}
