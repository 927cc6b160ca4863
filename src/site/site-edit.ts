import { Problems } from './problem.ts';
import type { Tree } from './tree.ts';
import { parseYaml } from './yaml.ts';

/** One more item of a list, in the two ways that YAML has. */
export interface NewItem {
  /** Lines of a block, without the dash and its indentation. */
  readonly block: readonly string[];
  /** The same in braces: lines, since a comment ends with its line. */
  readonly flow: readonly string[];
}

const mark = '\uFEFF';

/**
 * The text of a site file with these items behind those of one of its lists. Everything else stays as it is, to the last
 * space: comments, order, the ends of lines.
 *
 * Undefined where the file is written in a way that is left to a person: the list is an alias, or all is in braces.
 */
export function addItems(text: string, key: string, items: readonly NewItem[]): string | undefined {
  if (items.length === 0) return text;
  const bare = text.startsWith(mark) ? text.slice(mark.length) : text;
  const tree = readTree(bare);
  if (tree?.kind !== 'map' || bare[tree.start] === '{') return undefined;
  const entry = tree.entries.get(key);
  const newline = bare.includes('\r\n') ? '\r\n' : '\n';
  // What an alias stands for is written further up.
  if (entry && entry.value.start < entry.keyEnd) return undefined;
  const changed = entry ? addTo(bare, entry.value, items, newline) : addList(bare, key, items, newline);
  if (changed === undefined || countOf(changed, key) !== countOf(bare, key) + items.length) return undefined;
  return text.length === bare.length ? changed : mark + changed;
}

function readTree(text: string): Tree | undefined {
  return parseYaml(text, '', new Problems());
}

function countOf(text: string, key: string): number {
  const tree = readTree(text);
  const list = tree?.kind === 'map' ? tree.entries.get(key)?.value : undefined;
  return list?.kind === 'list' ? list.items.length : 0;
}

function addTo(text: string, list: Tree, items: readonly NewItem[], newline: string): string | undefined {
  const first = text[list.start];
  if (list.kind === 'scalar' && list.value === null) {
    return insertLines(text, lineEndAfter(text, list.start), blockLines(items, 2), newline);
  }
  if (list.kind !== 'list') return undefined;
  if (first === '-') {
    const column = list.start - (text.lastIndexOf('\n', list.start - 1) + 1);
    return insertLines(text, endOfBlock(text, endOf(list), column), blockLines(items, column), newline);
  }
  if (first !== '[') return undefined;
  const last = list.items.at(-1);
  if (!last) {
    // An empty pair of brackets says nothing that a block would not say.
    const head = text.slice(0, list.start).trimEnd();
    const without = head + text.slice(list.end);
    return insertLines(without, lineEndAfter(without, head.length), blockLines(items, 2), newline);
  }
  return addToFlow(text, last, items, newline);
}

/** Behind the last item, and behind the remark in its line, which is about that item. */
function addToFlow(text: string, last: Tree, items: readonly NewItem[], newline: string): string {
  const [lineEnd, comma = '', remark = ''] =
    /^(?:[ \t]*(,))?([ \t]*(?:#[^\r\n]*)?)\r?\n/.exec(text.slice(last.end)) ?? [];
  const isCommaBelow = /^(?:\s|#[^\n]*\n)*,/.test(text.slice(last.end + (lineEnd?.length ?? 0)));
  if (lineEnd === undefined || isCommaBelow) {
    const added = flowLines(items, 4, newline).join(`,${newline}`);
    return `${text.slice(0, last.end)},${newline}${added}${newline}  ${text.slice(last.end).trimStart()}`;
  }
  const column = /^ */.exec(lineOf(text, last.start))?.[0].length ?? 0;
  const added = flowLines(items, column, newline).join(`,${newline}`);
  return `${text.slice(0, last.end)},${remark}${newline}${added}${comma}${newline}${text.slice(last.end + lineEnd.length)}`;
}

function flowLines(items: readonly NewItem[], column: number, newline: string): string[] {
  const indent = ' '.repeat(column);
  return items.map(({ flow }) => flow.map(line => indent + line).join(newline));
}

function lineOf(text: string, at: number): string {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1);
}

function addList(text: string, key: string, items: readonly NewItem[], newline: string): string {
  return insertLines(text, text.length, ['', `${key}:`, ...blockLines(items, 2)], newline);
}

function blockLines(items: readonly NewItem[], column: number): string[] {
  const indent = ' '.repeat(column);
  return items.flatMap(({ block }) => block.map((line, index) => `${indent}${index === 0 ? '- ' : '  '}${line}`));
}

function insertLines(text: string, at: number, lines: readonly string[], newline: string): string {
  const before = text.slice(0, at);
  const joint = before === '' || before.endsWith('\n') ? '' : newline;
  return `${before}${joint}${lines.map(line => line + newline).join('')}${text.slice(at)}`;
}

/** Behind the last character that is no comment: the reader counts comments behind a block to it. */
function endOf(tree: Tree): number {
  const isBlock = tree.kind !== 'scalar' && !/[[{]/.test(tree.source.text[tree.start] ?? '');
  if (!isBlock) return tree.end;
  if (tree.kind === 'list') return Math.max(tree.start + 1, ...tree.items.map(endOf));
  return Math.max(tree.start, ...[...tree.entries.values()].map(({ keyEnd, value }) => Math.max(keyEnd, endOf(value))));
}

/** Behind the line that an offset is in. */
function lineEndAfter(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/** Behind the last line of a block, with the comments in it that stand deeper than its dashes. */
function endOfBlock(text: string, end: number, column: number): number {
  let at = text[end - 1] === '\n' ? end : lineEndAfter(text, end);
  for (;;) {
    const lineEnd = lineEndAfter(text, at);
    const [, indent = '', first = ''] = /^( *)(#?)/.exec(text.slice(at, lineEnd)) ?? [];
    if (at >= text.length || first === '' || indent.length <= column) return at;
    at = lineEnd;
  }
}
