/**
 * Rows in the order of a number they belong to (of a point, of a device), so that a sample finds its rules with one look:
 * those of number n are rows[starts[n]] up to, not including, rows[starts[n + 1]]. One flat list is read a quarter faster
 * than a list of lists.
 */
export interface NumberedRows<Row> {
  readonly rows: readonly Row[];
  readonly starts: Uint32Array;
}

/** Keeps the order of the rows of one number. */
export function numberRows<Row>(rows: readonly Row[], numberOf: (row: Row) => number): NumberedRows<Row> {
  const sorted = rows.toSorted((one, other) => numberOf(one) - numberOf(other));
  const last = sorted.at(-1);
  const starts = new Uint32Array(last === undefined ? 1 : numberOf(last) + 2);
  for (const row of sorted) {
    const next = numberOf(row) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  for (let at = 1; at < starts.length; at += 1) starts[at] = (starts[at] as number) + (starts[at - 1] as number);
  return { rows: sorted, starts };
}

export function rowsOf<Row>({ rows, starts }: NumberedRows<Row>, number: number): readonly Row[] {
  return rows.slice(starts[number], starts[number + 1] ?? 0);
}
