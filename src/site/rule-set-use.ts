import { isOnBus } from '../model/device.ts';
import type { Point } from '../model/point.ts';
import { convertValue, findUnit, unitsLike } from '../model/unit.ts';
import { communicationId } from './alarm-checks.ts';
import { isQuantity } from './alarm-references.ts';
import type { Build } from './build.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { findPoint } from './point-reference.ts';
import type { Place } from './problem.ts';
import { computedId } from './reserved-ids.ts';
import type { ClassPoint, RuleSet } from './rule-set.ts';
import { type Meaning, type Meanings, type Rewritten, rewriteReferences } from './rule-set-references.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { descend, itemsOf, placeOfKey, placeOfValue, readText, type Tree } from './tree.ts';
import { mergeTrees, scalarAt, withValues } from './tree-edit.ts';

/** A rule set at one device, or at one part of it. */
export interface RuleSetUse {
  readonly set: RuleSet;
  readonly device: DeviceDraft;
  /** Of the part; undefined for the device itself. */
  readonly part: { readonly id: string; readonly name: string } | undefined;
  /** What stands for the ids of the set where it is not a point of the same id. */
  readonly as: Readonly<Record<string, string | number>>;
  /** Ids whose points are not what the class means. */
  readonly broken: ReadonlySet<string>;
  /** Where `as` is written. */
  readonly tree: Tree;
}

export function prefixOf({ part }: RuleSetUse): string {
  return part ? `${part.id}-` : '';
}

/** Ids of the computed points of a device, which are built later. */
export type ComputedIds = (device: string) => readonly string[];

/** The use without what of its `as` is wrong: ids that are not of the set, points that are not there. */
export function checkUse(use: RuleSetUse, devices: DeviceDrafts, computed: ComputedIds, build: Build): RuleSetUse {
  const { set, as, tree, device } = use;
  const parent = descend(tree, ['as']) ?? tree;
  const known = [...set.points.keys()];
  const right = Object.entries(as).filter(([id, written]) => {
    if (set.points.has(id)) {
      const place = placeOfValue(parent, id);
      return isQuantity(written) || isThere(referenceOf(device, `${written}`), place, devices, computed, build);
    }
    const hint = suggestOr(id, known, `its points are ${listWords(known, 40)}`);
    build.problems.error(placeOfKey(parent, id), `the class ${set.name} has no point "${id}"`, hint);
    return false;
  });
  return { ...use, as: Object.fromEntries(right) };
}

function isThere(reference: string, place: Place, devices: DeviceDrafts, computed: ComputedIds, build: Build): boolean {
  const [device = '', id = ''] = reference.split('/');
  if (device === computedId || computed(device).includes(id)) return true;
  return findPoint(reference, place, devices, build) !== undefined;
}

/**
 * The use without the points that are not what the class means: a rule that asks for "on" never sees it at a point that
 * says "running", and one that is in bar has nothing to say of a flow.
 */
export function checkPoints(use: RuleSetUse, meanings: Meanings, { built }: DeviceDrafts, build: Build): RuleSetUse {
  const broken = [...use.set.points.values()].filter(wanted => {
    const meaning = meanings.point(wanted.id);
    if (typeof meaning !== 'object' || meaning.kind !== 'point') return false;
    const [device = '', name = ''] = meaning.reference.split('/');
    const point = built.get(device)?.points.get(name);
    const finding = point && misfitOf(wanted, point, use);
    const parent = descend(use.tree, ['as']) ?? use.tree;
    if (finding) build.problems.error(placeOfValue(parent, wanted.id), finding.message, finding.hint);
    return finding !== undefined;
  });
  return { ...use, broken: new Set(broken.map(({ id }) => id)) };
}

function misfitOf({ id, states, unit }: ClassPoint, point: Point, { set, device }: RuleSetUse) {
  const texts = [...(point.states?.values() ?? [])];
  if (states && !states.every(state => texts.includes(state))) {
    const has = texts.length === 0 ? 'no states' : `the states ${listWords(texts)}`;
    const example = `{id: …, device: ${device.id}, states: {0: 'off', 1: 'on'}, inputs: {x: ${point.key}}, expression: …}`;
    return {
      message: `the class ${set.name} asks ${id} for ${states.join(' and ')}, and ${point.key} has ${has}`,
      hint: `make a computed point of it, and name that one under as: ${example}`,
    };
  }
  const wanted = unit === undefined ? undefined : findUnit(unit);
  if (wanted === undefined || convertValue(0, point.unit, wanted) !== undefined) return undefined;
  return {
    message: `the class ${set.name} has ${id} in ${unit}, and ${point.key} is in ${point.unit || 'no unit'}`,
    hint: `name another point under as:, or give it one of the units ${listWords(unitsLike(wanted), 30)}`,
  };
}

function referenceOf(device: DeviceDraft, written: string): string {
  return written.includes('/') ? written : `${device.id}/${written}`;
}

/**
 * What the ids of the set mean at the device.
 * @param alarmTree an alarm of the set as this device has it; undefined for one that is switched off
 */
export function meaningsOf(
  use: RuleSetUse,
  computed: ComputedIds,
  alarmTree: (id: string) => Tree | undefined,
  intervalMs: Meanings['intervalMs'],
): Meanings {
  const { set, device, as, broken } = use;
  const prefix = prefixOf(use);
  const busy = new Set<string>();

  /** What is made of nothing that is missing; a circle is found later. */
  function isWhole(name: string, tree: Tree): boolean {
    if (busy.has(name)) return true;
    busy.add(name);
    const { missing } = rewriteReferences(tree, meanings);
    busy.delete(name);
    return missing.length === 0;
  }

  function pointMeaning(id: string): Meaning | 'missing' | undefined {
    const own = set.computed.get(id);
    if (own) {
      return isWhole(`computed ${id}`, own) ? { kind: 'point', reference: `${device.id}/${prefix}${id}` } : 'missing';
    }
    const point = set.points.get(id);
    if (!point) return undefined;
    if (broken.has(id)) return 'missing';
    const written = as[id];
    if (written !== undefined) {
      if (isQuantity(written)) return { kind: 'constant', value: written };
      return { kind: 'point', reference: referenceOf(device, `${written}`) };
    }
    const ownId = `${prefix}${id}`;
    if (device.points.has(ownId) || computed(device.id).includes(ownId)) {
      return { kind: 'point', reference: `${device.id}/${ownId}` };
    }
    return point.default === undefined ? 'missing' : { kind: 'constant', value: point.default };
  }

  const meanings: Meanings = {
    intervalMs,
    point: pointMeaning,
    unit: id => set.points.get(id)?.unit ?? (set.computed.get(id) && readText(set.computed.get(id) as Tree, 'unit')),
    alarm(id) {
      if (id === communicationId) return hasCommunication(device) ? `${device.id}/${id}` : 'missing';
      if (!set.alarms.has(id)) return undefined;
      const tree = alarmTree(id);
      return tree && isWhole(`alarm ${id}`, tree) ? `${device.id}/${prefix}${id}` : 'missing';
    },
  };
  return meanings;
}

/** A device on a bus has the alarm that it is not heard, unless it is switched off. */
function hasCommunication({ raw, device }: DeviceDraft): boolean {
  return raw.communication !== 'off' && isOnBus(device);
}

/** A rule of the set as one of the site file. */
export function placeRule(tree: Tree, id: string, use: RuleSetUse, meanings: Meanings): Rewritten {
  const { device, part, set } = use;
  const { tree: rewritten, missing } = rewriteReferences(tree, meanings);
  const isOnPoint = descend(rewritten, ['point']) !== undefined;
  const texts = ['message', 'name'].flatMap(key => {
    const text = readText(rewritten, key);
    const place = descend(rewritten, [key]);
    return part && text !== undefined && place ? [[key, scalarAt(place, `${part.name}: ${text}`)] as const] : [];
  });
  const hiding = itemsOf(rewritten, 'suppressed-by').flatMap(item => {
    const own = item.kind === 'scalar' ? set.suppressions.get(String(item.value)) : undefined;
    if (!own) return [item];
    // A reason that cannot be told at this device hides nothing.
    const isKnown = rewriteReferences(own, meanings).missing.length === 0;
    return isKnown ? [scalarAt(item, suppressionId(use, readText(own, 'id') ?? ''))] : [];
  });
  const list = descend(rewritten, ['suppressed-by']);
  return {
    missing,
    tree: withValues(rewritten, {
      ...Object.fromEntries(texts),
      id: scalarAt(descend(tree, ['id']) ?? tree, `${prefixOf(use)}${id}`),
      ...(!isOnPoint && { device: scalarAt(tree, device.id) }),
      ...(list?.kind === 'list' && { 'suppressed-by': hiding.length === 0 ? undefined : { ...list, items: hiding } }),
      source: undefined,
      unless: undefined,
    }),
  };
}

export function suppressionId(use: RuleSetUse, id: string): string {
  return `${use.device.id}-${prefixOf(use)}${id}`;
}

const conditionKeys: readonly string[] =
  'high-high high low low-low rate state spread stale deviation crossings mismatch frozen counter-rate duration missing band forecast inputs expression'.split(
    ' ',
  );

/** An alarm with what a site file changes in it: another condition takes the place of the one it had. */
export function changeAlarm(base: Tree, change: Tree): Tree {
  const over = withValues(change, { id: undefined, device: undefined, enabled: undefined });
  const isNew = conditionKeys.some(key => descend(over, [key]) && !descend(base, [key]));
  const bare = isNew ? withValues(base, Object.fromEntries(conditionKeys.map(key => [key, undefined]))) : base;
  return mergeTrees(bare, over);
}
