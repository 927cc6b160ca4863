import { type Language, languages } from '../model/texts.ts';
import { descend, readText, type Tree, type TreeEntry } from './tree.ts';

/** Under these keys a text may be given in several languages: `message: {en: …, zh: …}`. */
const localKeys: readonly string[] = ['name', 'message', 'start-message', 'stop-message'];

/** The language of the gateway that a site file describes; what it says of it is checked elsewhere. */
export function languageOf(siteTree: Tree): Language {
  const gateway = descend(siteTree, ['gateway']);
  const written = gateway && readText(gateway, 'language');
  return languages.find(language => language === written) ?? 'en';
}

/**
 * The tree with one text in place of each that is given in several languages: that of the language, or where it is
 * missing the first. A point's `name-zh` takes the place of its name.
 */
export function localize(tree: Tree, language: Language): Tree {
  if (tree.kind === 'list') return { ...tree, items: tree.items.map(item => localize(item, language)) };
  if (tree.kind === 'scalar') return tree;
  const entries = new Map<string, TreeEntry>();
  for (const [key, entry] of tree.entries) {
    const text = localKeys.includes(key) ? textOf(entry.value, language) : undefined;
    entries.set(key, { ...entry, value: text ?? localize(entry.value, language) });
  }
  const nameZh = entries.get('name-zh');
  if (language === 'zh' && nameZh) entries.set('name', nameZh);
  return { ...tree, entries };
}

/** Undefined for what is no text in several languages. */
function textOf(tree: Tree, language: Language): Tree | undefined {
  if (tree.kind !== 'map' || tree.entries.size === 0) return undefined;
  const known: readonly string[] = languages;
  if (![...tree.entries.keys()].every(key => known.includes(key))) return undefined;
  return (tree.entries.get(language) ?? [...tree.entries.values()][0])?.value;
}
