import type { StoreSettings } from '../model/site.ts';
import type { Build } from './build.ts';
import { readShape } from './shape.ts';
import { descend, type Tree } from './tree.ts';

const defaultSize = '2GB';

export function buildStore(siteTree: Tree, build: Build): StoreSettings {
  const tree = descend(siteTree, ['store']);
  const raw = tree && readShape('store', '"store"', tree, build.problems)?.raw;
  return { sizeBytes: parseSize(raw?.size ?? defaultSize) };
}

/** `500MB` → bytes. */
function parseSize(written: string): number {
  return Number.parseInt(written, 10) * (written.endsWith('GB') ? 1e9 : 1e6);
}
