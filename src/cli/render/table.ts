import type { Paint, Style } from './style.ts';
import { cutText, escapeText, padText, widthOfText } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * The fewest columns this may be cut to. Without it the column is never cut, for half a number is a wrong number:
   * when there is no room it is left out whole.
   */
  readonly minWidth?: number;
  /** Where there is no room for all columns these are left out before any other, the lowest first. */
  readonly spare?: number;
}

/** A text, and how it is coloured once it is escaped, cut and padded. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

const gap = '  ';

/**
 * The one table of the command line: a header, aligned columns, nothing else.
 *
 * @param width terminal columns; undefined cuts nothing
 * @returns its lines, none wider than `width`
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
  style: Style,
): string[] {
  const texts = escapeCells(columns, rows);
  const widths = fitWidths(columns, naturalWidths(columns, texts), width);
  const line = (cellTexts: readonly string[], paints: readonly (Paint | undefined)[]) =>
    renderLine(columns, widths, cellTexts, paints);
  const header = line(
    columns.map(column => column.title),
    columns.map(() => style.title),
  );
  return [header, ...rows.map((row, index) => line(texts[index] ?? [], row.map(paintOf)))];
}

/** Columns that the table takes when nothing is cut. */
export function measureTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number {
  return totalWidth(naturalWidths(columns, escapeCells(columns, rows)));
}

function escapeCells(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string[][] {
  return rows.map(row => columns.map((_, index) => escapeText(textOf(row[index]))));
}

function naturalWidths(columns: readonly Column[], texts: readonly (readonly string[])[]): number[] {
  return columns.map((column, index) =>
    texts.reduce((widest, row) => Math.max(widest, widthOfText(row[index] ?? '')), widthOfText(column.title)),
  );
}

/** One line; a column of width 0 has no room and is left out. */
function renderLine(
  columns: readonly Column[],
  widths: readonly number[],
  texts: readonly string[],
  paints: readonly (Paint | undefined)[],
): string {
  const cells: string[] = [];
  const filled = texts.findLastIndex((text, index) => text.trim() !== '' && (widths[index] ?? 0) > 0);
  const shown = widths.flatMap((width, index) => (width > 0 && index <= filled ? [index] : []));
  for (const index of shown) {
    const width = widths[index] ?? 0;
    const align = columns[index]?.align ?? 'left';
    const cut = cutText(texts[index] ?? '', width);
    const padded = padText(cut, width, align);
    // Spaces at the end of a line only make it wrap and copy badly.
    const text = index === shown.at(-1) ? padded.trimEnd() : padded;
    cells.push(paints[index]?.(text) ?? text);
  }
  return cells.join(gap);
}

/** Leaves out what can be spared, takes width from the widest column that may be cut, then leaves out whole columns from the right. */
function fitWidths(columns: readonly Column[], natural: readonly number[], width: number | undefined): number[] {
  if (width === undefined) return [...natural];
  const widths = withoutSpares(columns, natural, width);
  const tooWide = () => totalWidth(widths) > width;
  while (tooWide()) {
    const widest = widestShrinkable(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  for (let index = widths.length - 1; index >= 0 && tooWide(); index -= 1) {
    const room = width - (totalWidth(widths) - (widths[index] ?? 0));
    // A first column alone is cut as far as it must be: an empty line helps nobody.
    widths[index] = index === 0 ? Math.max(1, room) : 0;
  }
  return widths;
}

function withoutSpares(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const least = () => totalWidth(widths.map((one, index) => Math.min(one, columns[index]?.minWidth ?? one)));
  const spares = columns.flatMap(({ spare }, index) => (spare === undefined ? [] : [{ spare, index }]));
  for (const { index } of spares.sort((a, b) => a.spare - b.spare)) if (least() > width) widths[index] = 0;
  return widths;
}

function widestShrinkable(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let widest: number | undefined;
  columns.forEach((column, index) => {
    const width = widths[index] ?? 0;
    if (column.minWidth === undefined || width <= column.minWidth) return;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  });
  return widest;
}

function totalWidth(widths: readonly number[]): number {
  const shown = widths.filter(width => width > 0);
  return shown.reduce((sum, width) => sum + width, 0) + gap.length * Math.max(0, shown.length - 1);
}

export function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  return typeof cell === 'string' ? cell : cell.text;
}

export function paintOf(cell: Cell): Paint | undefined {
  return typeof cell === 'string' ? undefined : cell.paint;
}
