import type { Series } from '../../replay/suggest/series.ts';
import type { BandPlot, PlotColumn } from '../render/band-plot.ts';

const bands = 16;

/** What a band plot shows of a series: all that is ordinary and the limits; what is further out lies in the bands at the ends. */
export function plotOf(
  series: Series,
  range: { from: number; to: number; width: number },
  fence: readonly [low: number, high: number],
  marks: BandPlot['marks'],
  format: BandPlot['format'],
): BandPlot {
  const known = series.value.filter(value => !Number.isNaN(value));
  const limits = marks.map(({ value }) => value);
  const ordinary = known.filter(value => value >= fence[0] && value <= fence[1]);
  const least = Math.min(leastOf(ordinary), ...limits);
  const most = Math.max(-leastOf(ordinary.map(value => -value)), ...limits);
  // A band more on either side, so that a limit has something beyond it.
  const margin = most > least ? (most - least) / (bands - 2) : 1;
  const [low, high] = [least - margin, most + margin];
  const counts = new Array<number>(bands).fill(0);
  for (const value of known) {
    const band = Math.max(0, Math.min(bands - 1, Math.floor(((value - low) / (high - low)) * bands)));
    counts[band] = (counts[band] ?? 0) + 1;
  }
  const clamp = (value: number) => Math.max(low, Math.min(high, value));
  const columns = columnsOf(series, range).map(
    column => column && { least: clamp(column.least), middle: clamp(column.middle), most: clamp(column.most) },
  );
  return { columns, counts, from: low, to: high, marks, format };
}

function leastOf(values: Float64Array): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
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
