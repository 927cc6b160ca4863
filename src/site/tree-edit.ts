import type { Tree, TreeEntry } from './tree.ts';

/** Trees made of others. Every part keeps the place where it was written, so that problems in it are found. */

type Scalar = Extract<Tree, { kind: 'scalar' }>['value'];

/** A value that stands for what is written somewhere. */
export function scalarAt(place: Tree, value: Scalar): Tree {
  const { source, start, end } = place;
  return { kind: 'scalar', value, source, start, end, weight: 1 };
}

export function mapAt(place: Tree, values: Readonly<Record<string, Tree>>): Tree {
  const { source, start, end } = place;
  const entries = new Map(Object.entries(values).map(([key, value]) => [key, entryOf(value)]));
  return { kind: 'map', entries, source, start, end, weight: 1 };
}

/** The mapping with these values, and without those that are undefined. */
export function withValues(tree: Tree, values: Readonly<Record<string, Tree | undefined>>): Tree {
  if (tree.kind !== 'map') return tree;
  const entries = new Map(tree.entries);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, { ...(entries.get(key) ?? entryOf(value)), value });
  }
  return { ...tree, entries };
}

/** The mapping with these items behind those of its list. */
export function withItems(tree: Tree, key: string, items: readonly Tree[]): Tree {
  if (tree.kind !== 'map' || items.length === 0) return tree;
  const old = tree.entries.get(key)?.value;
  if (old && old.kind !== 'list') return tree;
  const place = old ?? tree;
  const { source, start, end } = place;
  const list: Tree = { kind: 'list', items: [...(old?.items ?? []), ...items], source, start, end, weight: 1 };
  return withValues(tree, { [key]: list });
}

/** A mapping with another one laid over it, also where they hold mappings. */
export function mergeTrees(base: Tree, over: Tree): Tree {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const isDeeper = below?.value.kind === 'map' && entry.value.kind === 'map';
    entries.set(key, isDeeper ? { ...below, value: mergeTrees(below.value, entry.value) } : entry);
  }
  return { ...base, entries };
}

function entryOf(value: Tree): TreeEntry {
  return { keyStart: value.start, keyEnd: value.end, value };
}
