import type { RawSample, SummaryRow } from '../../store/history/reader.ts';

/** One column of an export, whatever it is written as. */
export interface Column<Row> {
  readonly name: string;
  /** `time` is a wall time in ms; `count` a whole number. */
  readonly kind: 'text' | 'number' | 'count' | 'time';
  /** Undefined where there is no value. */
  readonly of: (row: Row) => string | number | undefined;
}

export const rawColumns: readonly Column<RawSample>[] = [
  { name: 'point', kind: 'text', of: row => row.point },
  { name: 'unit', kind: 'text', of: row => row.unit },
  { name: 'time', kind: 'time', of: row => row.at },
  { name: 'value', kind: 'number', of: row => row.value },
  { name: 'quality', kind: 'text', of: row => row.quality },
];

export const summaryColumns: readonly Column<SummaryRow>[] = [
  { name: 'point', kind: 'text', of: row => row.point },
  { name: 'unit', kind: 'text', of: row => row.unit },
  { name: 'from', kind: 'time', of: row => row.windowStart },
  { name: 'to', kind: 'time', of: row => row.windowEnd },
  { name: 'count', kind: 'count', of: row => row.count },
  { name: 'min', kind: 'number', of: row => row.min },
  { name: 'max', kind: 'number', of: row => row.max },
  { name: 'mean', kind: 'number', of: row => row.mean },
  { name: 'last', kind: 'number', of: row => row.last },
  { name: 'good_share', kind: 'number', of: row => row.goodShare },
  { name: 'delta', kind: 'number', of: row => row.delta },
  { name: 'resets', kind: 'count', of: row => row.resets },
];
