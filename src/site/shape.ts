import { suggest } from '../model/suggestion.ts';
import type { Place, Problems } from './problem.ts';
import { fitShape, type Misfit, type Raw, type ShapeName } from './schema.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { descend, placeOf, placeOfKey, type Tree, toPlain } from './tree.ts';

/** The raw data of a shape. */
export interface Shaped<Name extends ShapeName> {
  readonly raw: Raw<Name>;
  /** False when something that did not fit was taken out: what seems to be missing may just be misspelt. */
  readonly isWhole: boolean;
}

/**
 * The tree as the raw data of a shape. What does not fit is reported and taken out, so that the checks that follow see
 * the rest; undefined when too little is left.
 */
export function readShape<Name extends ShapeName>(
  name: Name,
  what: string,
  tree: Tree,
  problems: Problems,
): Shaped<Name> | undefined {
  let plain = toPlain(tree);
  // Each round takes out what did not fit, and with it at most one level of what contained it.
  for (let round = 0; round < 4; round += 1) {
    const result = fitShape(name, plain);
    if (result.kind === 'fits') return { raw: result.value, isWhole: round === 0 };
    if (round === 0) reportAll(result.misfits, what, tree, problems);
    // Two things wrong with one value are taken out with it, once.
    const paths = new Map(result.misfits.map(({ path }) => [path.join('\0'), path]));
    for (const path of paths.values()) plain = takeOut(plain, path);
    if (plain === undefined) return undefined;
  }
  return undefined;
}

function reportAll(misfits: readonly Misfit[], what: string, tree: Tree, problems: Problems): void {
  const holderOf = ({ path }: Misfit) => path.slice(0, -1).join('\0');
  // A key that is missed beside a misspelt one that was meant to be it needs no line of its own.
  const meant = new Set<string>();
  for (const misfit of misfits) {
    if (misfit.kind !== 'unknown-key') continue;
    meant.add(`${holderOf(misfit)}\0${suggest(String(misfit.path.at(-1)), misfit.known)}`);
  }
  for (const misfit of misfits) {
    const isMeant = meant.has(`${holderOf(misfit)}\0${String(misfit.path.at(-1))}`);
    if (!isMeant || descend(tree, misfit.path)) report(misfit, what, tree, problems);
  }
}

function report(misfit: Misfit, what: string, tree: Tree, problems: Problems): void {
  const { path, expected } = misfit;
  const parent = descend(tree, path.slice(0, -1)) ?? tree;
  const holder = path.length > 1 ? `"${String(path.at(-2))}"` : what;
  const key = String(path.at(-1));
  const found = descend(tree, path);
  if (misfit.kind === 'unknown-key') {
    const keys = `the keys here are ${listWords(misfit.known, 30)}`;
    const message = `${holder} has no key "${placeOfKey(parent, key).text}"`;
    problems.error(placeOfKey(parent, key), message, suggestOr(key, misfit.known, keys));
  } else if (misfit.kind === 'wrong-key') {
    problems.error(
      placeOfKey(parent, key),
      `"${placeOfKey(parent, key).text}" cannot be a key of ${holder}`,
      `write ${expected}`,
    );
  } else if (!found) {
    problems.error(placeOf(parent), `${holder} needs the key "${key}"`, `add ${key}: with ${expected}`);
  } else if (path.includes('password')) {
    const message = 'this is no place where a password can be kept';
    problems.error(
      conceal(placeOf(found)),
      message,
      'write password: {file: PATH} or password: {env: NAME}; never the password',
    );
  } else if (found.kind === 'scalar' && found.value === null) {
    problems.error(placeOfKey(parent, key), `${path.length === 0 ? what : `"${key}"`} is empty`, `write ${expected}`);
  } else {
    const subject = path.length === 0 ? what : typeof path.at(-1) === 'number' ? holder : key;
    problems.error(placeOf(found), `${show(found)} is not a valid value for ${subject}`, `write ${expected}`);
  }
}

/** A secret that was written into the file by mistake must not spread into logs. */
function conceal(place: Place): Place {
  return { ...place, text: '' };
}

function show(tree: Tree): string {
  const { text } = placeOf(tree);
  if (tree.kind === 'map') return 'a mapping';
  if (tree.kind === 'list') return 'a list';
  return /^["']/.test(text) ? text : `"${text}"`;
}

/** The value without what the path leads to; without the parent, where that has no such part: it is incomplete. */
function takeOut(value: unknown, path: readonly (string | number)[]): unknown {
  const holders: unknown[] = [value];
  for (const step of path) {
    const holder = holders.at(-1);
    const next = isHolder(holder) ? holder[step] : undefined;
    if (next === undefined) break;
    holders.push(next);
  }
  // holders[i] is what path.slice(0, i) leads to.
  let depth = holders.length - 1;
  if (depth < path.length - 1) return value; // Its parent went already.
  // An item of a list cannot go alone: the list goes with it.
  while (depth > 0 && Array.isArray(holders[depth - 1])) depth -= 1;
  const holder = holders[depth - 1];
  const step = path[depth - 1];
  if (depth <= 0 || !isHolder(holder) || step === undefined) return undefined;
  delete holder[step];
  return value;
}

function isHolder(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
