import type { Style } from './style.ts';
import { padText, widthOfText } from './text.ts';

/** One column of time: the least, the middle and the most of its values; undefined where there is none. */
export interface PlotColumn {
  readonly least: number;
  readonly middle: number;
  readonly most: number;
}

export interface BandPlot {
  readonly columns: readonly (PlotColumn | undefined)[];
  /** Value bands from the lowest up: how many values lie in each. All have one height. */
  readonly counts: readonly number[];
  /** The values at the lower edge of the first band and the upper edge of the last. */
  readonly from: number;
  readonly to: number;
  /** Lines across: limits, by name. */
  readonly marks: readonly { readonly name: string; readonly value: number }[];
  readonly format: (value: number) => string;
}

const widestBar = 16;

/**
 * A timeline and a histogram over one axis of values: left when which values were had, right how often. A mark is a line
 * across both, named at its end.
 */
export function renderBandPlot(plot: BandPlot, style: Style): string[] {
  const { counts, from, to, columns, marks, format } = plot;
  const height = (to - from) / counts.length;
  const most = Math.max(1, ...counts);
  const labels = counts.map((_, band) => format(from + (band + 0.5) * height));
  const labelWidth = Math.max(...labels.map(widthOfText));
  const lines = counts.map((count, band) => {
    const [low, high] = [from + band * height, from + (band + 1) * height];
    const isLast = band === counts.length - 1;
    const marked = marks.filter(({ value }) => value >= low && (value < high || (isLast && value <= high)));
    const empty = marked.length > 0 ? '─' : ' ';
    const cells = columns.map(column => cellOf(column, low, high, isLast) ?? empty).join('');
    // What is rare is what one looks for: it never vanishes.
    const size = count === 0 ? 0 : Math.max(1, Math.round((count / most) * widestBar));
    const bar = '█'.repeat(size).padEnd(widestBar, empty);
    const names = marked.map(({ name }) => name).join(', ');
    const line = `${padText(labels[band] ?? '', labelWidth, 'right')} │${cells}│${bar}`;
    return names === '' ? line.trimEnd() : `${style.warning(line)} ${style.title(names)}`;
  });
  return lines.reverse();
}

function cellOf(column: PlotColumn | undefined, low: number, high: number, isLast: boolean): string | undefined {
  if (!column) return undefined;
  const isIn = (value: number) => value >= low && (value < high || (isLast && value <= high));
  if (isIn(column.middle)) return '█';
  return column.most >= low && column.least < high ? '░' : undefined;
}
