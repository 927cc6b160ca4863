import { type Cell, paintOf, textOf } from './table.ts';
import { cutText, escapeText, widthOfText } from './text.ts';

const separator = ' · ';

/** A few cells on one line, cut at its end where the terminal is too narrow. */
export function renderLine(cells: readonly Cell[], width: number | undefined): string {
  let left = width ?? Number.POSITIVE_INFINITY;
  let line = '';
  for (const cell of cells) {
    const start = line === '' ? '' : separator;
    if (left <= start.length) break;
    const text = cutText(escapeText(textOf(cell)), left - start.length);
    line += start + (paintOf(cell)?.(text) ?? text);
    left -= start.length + widthOfText(text);
  }
  return line;
}
