/** What a benchmark found: one number, with the bar it has to keep where there is one. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `<= 2`, `>= 100` or `= 0`; null for a figure that is only told. */
  readonly bar: string | null;
  /** Follows from value and bar alone; null without a bar. */
  readonly holds: boolean | null;
}

export interface BenchOptions {
  /** A tenth of the time, to see that the benchmark itself works. */
  readonly isQuick: boolean;
  readonly say: (line: string) => void;
}

export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

export function figure(name: string, value: number, unit: string, bar: string | null = null): Figure {
  return { name, value, unit, bar, holds: bar === null ? null : keeps(value, bar) };
}

export function keeps(value: number, bar: string): boolean {
  const [operator, text = ''] = bar.split(' ');
  const limit = Number(text);
  if (Number.isNaN(limit) || Number.isNaN(value)) return false;
  switch (operator) {
    case '<=':
      return value <= limit;
    case '>=':
      return value >= limit;
    case '=':
      return value === limit;
    default:
      throw new Error(`a bar is "<= x", ">= x" or "= x", not "${bar}"`);
  }
}

export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, bar, holds }) => [
    name,
    formatValue(value),
    unit,
    bar ?? '',
    holds === null ? '' : holds ? 'holds' : 'FALLS SHORT',
  ]);
  const widths = [0, 1, 2, 3, 4].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows
    .map(row =>
      row.map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0))),
    )
    .map(row => row.join('  ').trimEnd())
    .join('\n');
}

function formatValue(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en');
  return size >= 100 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

/** The p-th percentile (0 to 100) of some numbers; NaN for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))] ?? Number.NaN;
}
