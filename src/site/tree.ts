import { siteLimits } from './limits.ts';
import type { Place } from './problem.ts';

/** A YAML file as plain data that still knows where each part stands. */
export type Tree = TreeMap | TreeList | TreeScalar;

interface TreeBase {
  readonly source: Source;
  /** Offsets into the text; `end` is behind the last character. */
  readonly start: number;
  readonly end: number;
  /** Nodes in it, itself included, aliases counted with all they stand for. */
  readonly weight: number;
}

interface TreeMap extends TreeBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

export interface TreeEntry {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: Tree;
}

interface TreeList extends TreeBase {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}

interface TreeScalar extends TreeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}

/** A file's text, and where its lines begin. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

export function createSource(file: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

/** The place of a stretch of text. */
export function placeAt(source: Source, start: number, end: number): Place {
  let [low, high] = [0, source.lineStarts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((source.lineStarts[middle] ?? 0) <= start) low = middle;
    else high = middle - 1;
  }
  const column = start - (source.lineStarts[low] ?? 0) + 1;
  return { file: source.file, line: low + 1, column, text: shorten(source.text.slice(start, end)) };
}

export function placeOf(tree: Tree): Place {
  return placeAt(tree.source, tree.start, tree.end);
}

/** The place of a key; of the mapping itself when it has no such key. */
export function placeOfKey(tree: Tree, key: string): Place {
  const entry = tree.kind === 'map' ? tree.entries.get(key) : undefined;
  // A key is in the file of its value, which may be another one than that of the mapping: see tree-edit.ts.
  return entry ? placeAt(entry.value.source, entry.keyStart, entry.keyEnd) : placeOf(tree);
}

export type TreePath = readonly (string | number)[];

/** The part of the tree that a path leads to, or undefined. */
export function descend(tree: Tree, path: TreePath): Tree | undefined {
  let current: Tree | undefined = tree;
  for (const step of path) {
    if (current?.kind === 'map') current = current.entries.get(String(step))?.value;
    else if (current?.kind === 'list') current = current.items[Number(step)];
    else return undefined;
  }
  return current;
}

/** The items of a list in a mapping; none when there is no such list. */
export function itemsOf(tree: Tree, key: string): readonly Tree[] {
  const list = descend(tree, [key]);
  return list?.kind === 'list' ? list.items : [];
}

/** Whether an alarm is one with an expression, which has a shape of its own. */
export function hasExpression(tree: Tree): boolean {
  return descend(tree, ['expression']) !== undefined;
}

/** The place of the value that a path of keys leads to; of as much of the way as there is. */
export function placeOfValue(tree: Tree, ...path: readonly string[]): Place {
  let found = tree;
  for (const key of path) found = descend(found, [key]) ?? found;
  return placeOf(found);
}

/** The text under a key, where there is one. */
export function readText(tree: Tree, key: string): string | undefined {
  const found = descend(tree, [key]);
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined;
}

/** The tree as plain JavaScript data without prototypes. */
export function toPlain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(toPlain);
    case 'map': {
      const plain: Record<string, unknown> = Object.create(null);
      for (const [key, entry] of tree.entries) plain[key] = toPlain(entry.value);
      return plain;
    }
  }
}

/** One line of at most as many characters as the limit says, with anything that could upset a terminal taken out. */
export function shorten(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  const clean = line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').trim();
  const characters = [...clean.slice(0, 4 * siteLimits.maxShownText)];
  const isCut = characters.length > siteLimits.maxShownText || line.length < text.trim().length;
  return isCut
    ? `${characters
        .slice(0, siteLimits.maxShownText - 1)
        .join('')
        .trimEnd()}…`
    : clean;
}
