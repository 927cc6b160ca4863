import type { Style } from './style.ts';
import { type Cell, renderTable } from './table.ts';

/** A short list of named facts, one a line, their names aligned. */
export function renderFacts(facts: readonly (readonly [string, Cell])[], width: number | undefined, style: Style) {
  const rows = facts.map(([name, fact]) => [{ text: name, paint: style.faint }, fact]);
  return renderTable([{ title: '' }, { title: '', minWidth: 10 }], rows, width, style).slice(1);
}
