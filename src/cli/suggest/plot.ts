import type { Series } from '../../replay/suggest/series.ts';
import type { BandPlot, PlotColumn } from '../render/band-plot.ts';

const bands = 16;

/** What a band plot shows of a series: its limits must be in it, and are. */
export function plotOf(
  series: Series,
  range: { from: number; to: number; width: number },
  marks: BandPlot['marks'],
  format: BandPlot['format'],
): BandPlot {
  const known = series.value.filter(value => !Number.isNaN(value));
  const values = [...marks.map(({ value }) => value)];
  const least = Math.min(
    known.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY),
    ...values,
  );
  const most = Math.max(
    known.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY),
    ...values,
  );
  const [low, high] = most > least ? [least, most] : [least - 1, most + 1];
  const counts = new Array<number>(bands).fill(0);
  for (const value of known) {
    const band = Math.min(bands - 1, Math.floor(((value - low) / (high - low)) * bands));
    counts[band] = (counts[band] ?? 0) + 1;
  }
  return { columns: columnsOf(series, range), counts, from: low, to: high, marks, format };
}

function columnsOf(
  { at, value }: Series,
  { from, to, width }: { from: number; to: number; width: number },
): (PlotColumn | undefined)[] {
  const groups = Array.from({ length: width }, () => ({ least: Infinity, most: -Infinity, sum: 0, count: 0 }));
  for (let row = 0; row < value.length; row += 1) {
    const one = value[row] as number;
    const group = groups[Math.floor((((at[row] as number) - from) / (to - from)) * width)];
    if (!group || Number.isNaN(one)) continue;
    group.least = Math.min(group.least, one);
    group.most = Math.max(group.most, one);
    group.sum += one;
    group.count += 1;
  }
  return groups.map(({ least, most, sum, count }) => (count === 0 ? undefined : { least, most, middle: sum / count }));
}
