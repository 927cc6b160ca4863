import type { Style } from '../render/style.ts';
import { escapeText } from '../render/text.ts';

/** Lines around a change that are shown with it. */
const around = 2;

/** What one change made of a text, as a diff of one piece: the lines that differ, and a few around them. */
export function renderChange(before: string, after: string, style: Style): string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - around);
  const gone = old.slice(head, old.length - tail);
  const come = now.slice(head, now.length - tail);
  const end = now.length - tail;
  return [
    style.accent(`@@ line ${head + 1} @@`),
    ...now.slice(from, head).map(line => `  ${escapeText(line)}`),
    ...gone.map(line => style.bad(`- ${escapeText(line)}`)),
    ...come.map(line => style.good(`+ ${escapeText(line)}`)),
    ...now.slice(end, end + around).map(line => `  ${escapeText(line)}`),
  ];
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
