import { isQuantity } from './alarm-references.ts';
import { communicationId } from './alarm-checks.ts';
import type { Build } from './build.ts';
import { computedId, type DeviceDraft, type DeviceDrafts } from './device.ts';
import { findPoint } from './point-reference.ts';
import type { Place } from './problem.ts';
import type { RuleSet } from './rule-set.ts';
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
  /** Where `as` is written. */
  readonly tree: Tree;
}

export function prefixOf({ part }: RuleSetUse): string {
  return part ? `${part.id}-` : '';
}

/** Ids of the computed points of a device, which are built later. */
export type ComputedIds = (device: string) => readonly string[];

/** All ids of `as` are of the set, and what they are said to be is there. */
export function checkUse(use: RuleSetUse, devices: DeviceDrafts, computed: ComputedIds, build: Build): void {
  const { set, as, tree, device } = use;
  const known = [...set.points.keys()];
  for (const [id, written] of Object.entries(as)) {
    const parent = descend(tree, ['as']) ?? tree;
    const point = set.points.get(id);
    if (!point) {
      const hint = suggestOr(id, known, `its points are ${listWords(known, 40)}`);
      build.problems.error(placeOfKey(parent, id), `the class ${set.name} has no point "${id}"`, hint);
    } else if (!isQuantity(written)) {
      checkReference(referenceOf(device, `${written}`), placeOfValue(parent, id), devices, computed, build);
    }
  }
}

function checkReference(
  reference: string,
  place: Place,
  devices: DeviceDrafts,
  computed: ComputedIds,
  build: Build,
): void {
  const [device = '', id = ''] = reference.split('/');
  if (device === computedId || computed(device).includes(id)) return;
  findPoint(reference, place, devices, build);
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
): Meanings {
  const { set, device, as } = use;
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
  return raw.communication !== 'off' && device.unitId !== undefined;
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
