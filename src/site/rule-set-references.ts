import { readTooSeldom } from './rule-windows.ts';
import { descend, type Tree } from './tree.ts';
import { mapAt, scalarAt, withValues } from './tree-edit.ts';

/** What stands for an id of a rule set at one device. */
export type Meaning =
  /** A point, as DEVICE/ID. */
  | { readonly kind: 'point'; readonly reference: string }
  | { readonly kind: 'constant'; readonly value: string | number };

export interface Meanings {
  /** What an id of a point, a setting or a computed point means; undefined for what is no such id. */
  readonly point: (id: string) => Meaning | 'missing' | undefined;
  /** Key of an alarm of the set; undefined for what is no such alarm. */
  readonly alarm: (id: string) => string | 'missing' | undefined;
  /** The unit that the rules of the set are written in. */
  readonly unit: (id: string) => string | undefined;
  /** How often a point DEVICE/ID is read; undefined for what is computed. */
  readonly intervalMs: (reference: string) => number | undefined;
}

export interface Rewritten {
  readonly tree: Tree;
  /** What the device does not have: ids without a meaning, points that are read often enough for a window. */
  readonly missing: readonly string[];
}

/** Under these keys, and those of `inputs`, a rule names a point or a number that a site may set. */
const referenceKeys: ReadonlySet<string> = new Set(
  'point from of command while high-high high low low-low reaches above below by more-than less-than rise fall'.split(
    ' ',
  ),
);

/** A rule of a set with the points of a device in place of its ids. */
export function rewriteReferences(tree: Tree, meanings: Meanings): Rewritten {
  const missing = new Set<string>();

  function meaningOf(id: string): Meaning | undefined {
    const meaning = meanings.point(id);
    if (meaning !== 'missing') return meaning;
    missing.add(id);
    return undefined;
  }

  function rewrite(part: Tree, key: string): Tree {
    if (part.kind === 'list') return part;
    if (part.kind === 'scalar') {
      if (!referenceKeys.has(key) || typeof part.value !== 'string') return part;
      const meaning = meaningOf(part.value);
      if (!meaning) return part;
      return scalarAt(part, meaning.kind === 'point' ? meaning.reference : meaning.value);
    }
    const entries = [...part.entries].map(([name, { value }]) => [
      name,
      name === 'inputs' && key === '' ? rewriteInputs(value) : rewrite(value, name),
    ]);
    return withValues(part, Object.fromEntries(entries));
  }

  function rewriteInputs(inputs: Tree): Tree {
    if (inputs.kind !== 'map') return inputs;
    const entries = [...inputs.entries].map(([name, { value }]) => [name, rewriteInput(value)]);
    return withValues(inputs, Object.fromEntries(entries));
  }

  function rewriteInput(input: Tree): Tree {
    const [figure, named] = input.kind === 'map' ? figureIn(input) : ['value', input];
    if (named?.kind !== 'scalar' || typeof named.value !== 'string') return input;
    if (figure === 'alarm') return withValues(input, { alarm: rewriteAlarm(named, named.value) });
    const id = named.value;
    const meaning = meaningOf(id);
    if (!meaning) return input;
    const unit = meanings.unit(id);
    const written = { [figure]: scalarAt(named, meaning.kind === 'point' ? meaning.reference : meaning.value) };
    const whole = unit === undefined ? written : { ...written, unit: scalarAt(named, unit) };
    return input.kind === 'map' ? withValues(input, whole) : mapAt(input, whole);
  }

  function rewriteAlarm(named: Tree, id: string): Tree {
    const key = meanings.alarm(id);
    if (key === 'missing') missing.add(`the alarm ${id}`);
    return key === undefined || key === 'missing' ? named : scalarAt(named, key);
  }

  const rewritten = rewrite(tree, '');
  return { tree: rewritten, missing: [...missing, ...readTooSeldom(rewritten, meanings.intervalMs)] };
}

function figureIn(input: Tree): [string, Tree | undefined] {
  const figure = ['value', 'rate', 'mean', 'min', 'max', 'alarm'].find(name => descend(input, [name])) ?? 'value';
  return [figure, descend(input, [figure])];
}
