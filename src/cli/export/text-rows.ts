import type { Column } from './columns.ts';
import type { FormatTime } from './time-text.ts';

/** Rows as CSV and as JSON lines. Pure. */

/** RFC 4180: lines end in CRLF, and what holds a comma, a quote or a line end is quoted. */
export function formatCsvHead<Row>(columns: readonly Column<Row>[]): string {
  return `${columns.map(({ name }) => name).join(',')}\r\n`;
}

export function formatCsvRow<Row>(columns: readonly Column<Row>[], row: Row, formatTime: FormatTime): string {
  return `${columns.map(column => quote(fieldOf(column, row, formatTime))).join(',')}\r\n`;
}

export function formatJsonRow<Row>(columns: readonly Column<Row>[], row: Row, formatTime: FormatTime): string {
  const fields = columns.map(column => {
    const value = column.of(row);
    return [column.name, value !== undefined && column.kind === 'time' ? formatTime(Number(value)) : (value ?? null)];
  });
  return `${JSON.stringify(Object.fromEntries(fields))}\n`;
}

function fieldOf<Row>({ kind, of }: Column<Row>, row: Row, formatTime: FormatTime): string {
  const value = of(row);
  if (value === undefined) return '';
  if (kind === 'time') return formatTime(Number(value));
  return String(value);
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
