import type { Language } from '../model/texts.ts';
import { referencesOf } from './alarm-references.ts';
import { siteLimits } from './limits.ts';
import { localize } from './localize.ts';
import type { Place, Problems } from './problem.ts';
import type { Raw, RawPoint } from './schema.ts';
import { readShape } from './shape.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { hasExpression, itemsOf, placeOfKey, placeOfValue, readText, type Tree } from './tree.ts';
import { parseYaml } from './yaml.ts';

/** What reading a profile by its name gave. */
export type ProfileText =
  | { readonly kind: 'found'; readonly file: string; readonly text: string }
  /** `known`: names of the profiles that there are. */
  | { readonly kind: 'missing'; readonly known: readonly string[] }
  | { readonly kind: 'unreadable'; readonly file: string; readonly message: string };

export type ReadProfile = (name: string) => ProfileText;

/** The point list of a device type, shapes checked. */
export interface Profile {
  readonly name: string;
  readonly settings: Raw<'modbusProfile'> | Raw<'bacnetProfile'> | Raw<'selfProfile'>;
  readonly points: ReadonlyMap<string, ProfilePoint>;
  readonly alarms: readonly { readonly raw: Raw<'profileAlarm'>; readonly tree: Tree }[];
  readonly expressionAlarms: readonly { readonly raw: Raw<'profileExpressionAlarm'>; readonly tree: Tree }[];
  readonly computed: readonly { readonly raw: Raw<'profileComputed'>; readonly tree: Tree }[];
}

export interface ProfilePoint {
  readonly raw: RawPoint;
  readonly tree: Tree;
  /** False when something in it was already found wrong. */
  readonly isWhole: boolean;
}

/** Reads each profile once, however many devices use it. */
export interface ProfileShelf {
  /** Undefined, with the reason among the problems, when it is missing or wrong. `at`: where it is asked for. */
  take(name: string, at: Place): Profile | undefined;
  /** The rule set of an equipment class, as it is written; undefined likewise. */
  takeClass(name: string, at: Place): Tree | undefined;
  /** The files read so far. */
  readonly files: readonly string[];
}

export function createProfileShelf(read: ReadProfile, problems: Problems, language: Language): ProfileShelf {
  const taken = new Map<string, Profile | undefined>();
  const classes = new Map<string, Tree | undefined>();
  const files: string[] = [];

  /** @param what a profile or a class, in words */
  function readTree(
    what: [one: string, many: string],
    name: string,
    path: string,
    at: Place,
  ): Tree | 'missing' | undefined {
    const found = read(path);
    if (found.kind === 'missing') {
      const hint = suggestOr(name, found.known, `the ${what[1]} are ${listWords(found.known, 60)}`);
      problems.error(at, `no ${what[0]} is called "${name}"`, hint);
      return 'missing';
    }
    files.push(found.file);
    if (found.kind === 'unreadable') {
      const message = `the ${what[0]} ${found.file} cannot be read: ${found.message}`;
      problems.error(at, message, 'check the file and its rights');
      return undefined;
    }
    const written = parseYaml(found.text, found.file, problems);
    return written && localize(written, language);
  }

  return {
    files,
    take(name, at) {
      if (taken.has(name)) return taken.get(name);
      const tree = readTree(['profile', 'profiles'], name, name, at);
      // One that is missing is told wherever it is asked for.
      if (tree === 'missing') return undefined;
      const profile = tree && parseProfile(name, tree, problems);
      taken.set(name, profile);
      return profile;
    },
    takeClass(name, at) {
      if (classes.has(name)) return classes.get(name);
      const tree = readTree(['class', 'classes'], name, `classes/${name}`, at);
      if (tree === 'missing') return undefined;
      classes.set(name, tree);
      return tree;
    },
  };
}

const protocols = ['modbus', 'bacnet', 'self'] as const;

function parseProfile(name: string, tree: Tree, problems: Problems): Profile | undefined {
  const protocol = protocols.find(one => one === readText(tree, 'protocol')) ?? 'modbus';
  const settings = readShape(`${protocol}Profile`, 'the profile', tree, problems)?.raw;
  if (!settings) return undefined;
  const points = new Map<string, ProfilePoint>();
  for (const item of itemsOf(tree, 'points')) {
    const shaped = readShape(`${protocol}Point`, 'a point', item, problems);
    if (!shaped) continue;
    const { raw, isWhole } = shaped;
    if (points.has(raw.id)) {
      problems.error(
        placeOfValue(item, 'id'),
        `a second point "${raw.id}" in this profile`,
        'give each point its own id',
      );
    }
    points.set(raw.id, { raw, tree: item, isWhole });
  }
  const computed = itemsOf(tree, 'computed').flatMap(item => {
    const raw = readShape('profileComputed', 'a computed point', item, problems)?.raw;
    return raw ? [{ raw, tree: item }] : [];
  });
  const alarms: { raw: Raw<'profileAlarm'>; tree: Tree }[] = [];
  const expressionAlarms: Profile['expressionAlarms'][number][] = [];
  for (const item of itemsOf(tree, 'alarms')) {
    if (hasExpression(item)) {
      const raw = readShape('profileExpressionAlarm', 'an alarm with an expression', item, problems)?.raw;
      if (raw) expressionAlarms.push({ raw, tree: item });
      continue;
    }
    const raw = readShape('profileAlarm', 'an alarm', item, problems)?.raw;
    if (!raw) continue;
    const named = [{ path: ['point'], written: raw.point }, ...referencesOf(raw)];
    const isKnown = (id: string) => points.has(id) || computed.some(one => one.raw.id === id);
    const unknown = named.filter(({ written }) => !isKnown(written));
    for (const { path, written } of unknown) {
      const hint = suggestOr(written, [...points.keys()], 'name the id of a point of this profile');
      problems.error(placeOfValue(item, ...path), `this profile has no point "${written}"`, hint);
    }
    if (unknown.length === 0) alarms.push({ raw, tree: item });
  }
  for (const [key, { length }] of [
    ['computed', computed],
    ['alarms', expressionAlarms],
  ] as const) {
    if (length <= siteLimits.maxExpressionsOfProfile) continue;
    const message = `${length} expressions; one profile takes ${siteLimits.maxExpressionsOfProfile}`;
    problems.error(placeOfKey(tree, key), message, 'put what is not of every device into the site file');
    return undefined;
  }
  if (points.size === 0) problems.error(placeOfKey(tree, 'points'), 'this profile has no point', 'add at least one');
  if (points.size > siteLimits.maxPoints) return undefined;
  return { name, settings, points, alarms, expressionAlarms, computed };
}
