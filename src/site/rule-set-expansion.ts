import type { RuleSetReport } from '../model/site.ts';
import type { Build } from './build.ts';
import { isComplete } from './computed.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { takeRuleSet } from './rule-set.ts';
import { type Meanings, rewriteReferences } from './rule-set-references.ts';
import {
  type ComputedIds,
  changeAlarm,
  checkPoints,
  checkUse,
  meaningsOf,
  placeRule,
  prefixOf,
  type RuleSetUse,
  suppressionId,
} from './rule-set-use.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { descend, hasExpression, itemsOf, placeOfValue, readText, type Tree } from './tree.ts';
import { scalarAt, withItems, withValues } from './tree-edit.ts';

/** A site file with the rules of equipment classes written out, as if somebody had written each of them for its device. */
export interface Expanded {
  readonly tree: Tree;
  readonly reports: readonly RuleSetReport[];
  /** Keys of alarms of profiles that the site file switches off. */
  readonly off: ReadonlySet<string>;
}

interface Written {
  readonly alarms: Tree[];
  readonly computed: Tree[];
  readonly suppressions: Tree[];
}

/** Alarms of the site file by `DEVICE/ID`: those that change another one, and those that take its place. */
interface OwnAlarms {
  readonly changes: ReadonlyMap<string, Tree>;
  readonly whole: ReadonlySet<string>;
}

export function expandRuleSets(siteTree: Tree, devices: DeviceDrafts, build: Build): Expanded {
  const own = ownAlarms(siteTree, build);
  const computed = computedIds(siteTree, devices);
  const intervalMs = intervalsOf(devices);
  const used = new Set<string>();
  const written: Written = { alarms: [], computed: [], suppressions: [] };
  const reports: RuleSetReport[] = [];
  for (const device of devices.built.values()) {
    for (const asWritten of usesOf(device, build)) {
      const found = checkUse(asWritten, devices, computed, build);
      const treeOf = (id: string) => ownTree(found, id, own);
      const use = checkPoints(found, meaningsOf(found, computed, treeOf, intervalMs), devices, build);
      const meanings = meaningsOf(use, computed, treeOf, intervalMs);
      for (const id of use.set.alarms.keys()) used.add(keyOf(use, id));
      reports.push(writeOut(use, meanings, treeOf, own, written));
    }
  }
  for (const [key, change] of own.changes) {
    if (!used.has(key)) written.alarms.push(...changeOfProfile(key, change, devices, build));
  }
  let tree = withoutChanges(siteTree, own);
  for (const key of ['alarms', 'computed', 'suppressions'] as const) tree = withItems(tree, key, written[key]);
  const off = [...own.changes].filter(([, change]) => isOff(change)).map(([key]) => key);
  return { tree, reports, off: new Set(off) };
}

const nothing: ReadonlySet<string> = new Set();

/** The rule sets of a device: of itself and of its parts, with what its profile says of its points. */
function usesOf(device: DeviceDraft, build: Build): RuleSetUse[] {
  const { raw, tree, profile } = device;
  if (raw.class === undefined && raw.parts === undefined) return [];
  const settings = profile && 'as' in profile.settings ? profile.settings : undefined;
  const set = raw.class === undefined ? undefined : takeRuleSet(raw.class, placeOfValue(tree, 'class'), build);
  const itself: RuleSetUse[] = set
    ? [
        {
          set,
          device,
          part: undefined,
          as: { ...withoutLeftOut(settings?.as, device), ...raw.as },
          broken: nothing,
          tree,
        },
      ]
    : [];
  const parts = itemsOf(tree, 'parts').flatMap((item, index) => {
    const part = raw.parts?.[index];
    const ofPart = part && takeRuleSet(part.class, placeOfValue(item, 'class'), build);
    if (!ofPart) return [];
    return {
      set: ofPart,
      device,
      part: { id: part.id, name: part.name ?? part.id },
      as: part.as ?? {},
      broken: nothing,
      tree: item,
    };
  });
  return [...itself, ...parts];
}

/** What the profile says of its points, but for those that `only` leaves out: their rules are left out, too. */
function withoutLeftOut(as: RuleSetUse['as'] | undefined, device: DeviceDraft): RuleSetUse['as'] {
  const { profile, points } = device;
  const isLeftOut = (id: string | number) => {
    const computed = profile?.computed.find(({ raw }) => raw.id === id);
    if (computed) return !isComplete(device, computed.raw);
    return profile?.points.has(String(id)) === true && !points.has(String(id));
  };
  return Object.fromEntries(Object.entries(as ?? {}).filter(([, written]) => !isLeftOut(written)));
}

function keyOf(use: RuleSetUse, id: string): string {
  return `${use.device.id}/${prefixOf(use)}${id}`;
}

/** An alarm of the set as the site file has it; undefined when it switches it off. */
function ownTree(use: RuleSetUse, id: string, { changes }: OwnAlarms): Tree | undefined {
  const base = use.set.alarms.get(id);
  const change = changes.get(keyOf(use, id));
  if (!base || !change) return base;
  return isOff(change) ? undefined : changeAlarm(base, change);
}

function writeOut(
  use: RuleSetUse,
  meanings: Meanings,
  treeOf: (id: string) => Tree | undefined,
  own: OwnAlarms,
  written: Written,
): RuleSetReport {
  const { set, device, part } = use;
  const prefix = prefixOf(use);
  const inForce: string[] = [];
  const leftOut: { alarm: string; needs: readonly string[] }[] = [];
  const off: string[] = [];
  for (const id of set.alarms.keys()) {
    const tree = treeOf(id);
    if (!tree || own.whole.has(keyOf(use, id))) {
      off.push(`${prefix}${id}`);
      continue;
    }
    // A second best, for devices that lack what the better rule looks at.
    if (inForce.includes(`${prefix}${readText(tree, 'unless')}`)) continue;
    const placed = placeRule(tree, id, use, meanings);
    if (placed.missing.length > 0) leftOut.push({ alarm: `${prefix}${id}`, needs: placed.missing });
    else {
      inForce.push(`${prefix}${id}`);
      written.alarms.push(placed.tree);
    }
  }
  for (const [id, tree] of set.computed) {
    const placed = placeRule(tree, id, use, meanings);
    if (placed.missing.length === 0) written.computed.push(placed.tree);
  }
  for (const [id, tree] of set.suppressions) {
    const { tree: placed, missing } = rewriteReferences(tree, meanings);
    const named = scalarAt(descend(tree, ['id']) ?? tree, suppressionId(use, id));
    if (missing.length === 0) written.suppressions.push(withValues(placed, { id: named, source: undefined }));
  }
  return { device: device.id, part: part?.id, class: set.name, inForce, leftOut, off };
}

/** An alarm of the site file that names its device and no condition of its own changes one that is there already. */
function isChange(tree: Tree): boolean {
  const hasDevice = readText(tree, 'device') !== undefined;
  return hasDevice && descend(tree, ['point']) === undefined && !hasExpression(tree);
}

function isOff(change: Tree): boolean {
  const enabled = descend(change, ['enabled']);
  return enabled?.kind === 'scalar' && (enabled.value === 'no' || enabled.value === false);
}

function ownAlarms(siteTree: Tree, build: Build): OwnAlarms {
  const changes = new Map<string, Tree>();
  const whole = new Set<string>();
  for (const tree of itemsOf(siteTree, 'alarms')) {
    const id = readText(tree, 'id');
    const device = readText(tree, 'device') ?? readText(tree, 'point')?.split('/')[0];
    if (id === undefined || device === undefined) continue;
    const key = `${device}/${id}`;
    if (!isChange(tree)) {
      whole.add(key);
      continue;
    }
    if (changes.has(key)) {
      const message = `the alarm "${id}" of the device "${device}" is changed twice`;
      build.problems.error(placeOfValue(tree, 'id'), message, 'write all changes in one place');
    }
    changes.set(key, tree);
  }
  return { changes, whole };
}

/** The change of an alarm that a profile describes, as a whole alarm of the site file. */
function changeOfProfile(key: string, change: Tree, { built, broken }: DeviceDrafts, build: Build): Tree[] {
  const [deviceId = '', id = ''] = key.split('/');
  const device = built.get(deviceId);
  if (!device) {
    if (broken.has(deviceId)) return [];
    const ids = [...built.keys()];
    const hint = suggestOr(deviceId, ids, `the devices are ${listWords(ids)}`);
    build.problems.error(placeOfValue(change, 'device'), `no device is called "${deviceId}"`, hint);
    return [];
  }
  const all = [...(device.profile?.alarms ?? []), ...(device.profile?.expressionAlarms ?? [])];
  const base = all.find(({ raw }) => raw.id === id);
  if (!base) {
    if (device.isIncomplete || build.problems.hasErrors) return [];
    const ids = all.map(({ raw }) => raw.id);
    const otherwise = 'give it a point: and a condition, or the device a class: or profile: that has it';
    const message = `the device "${deviceId}" has no alarm "${id}" to change`;
    build.problems.error(placeOfValue(change, 'id'), message, suggestOr(id, ids, otherwise));
    return [];
  }
  if (isOff(change)) return [];
  const { profile, points } = device;
  const isOfProfile = (name: string) => points.has(name) || profile?.computed.some(({ raw }) => raw.id === name);
  const isAlarm = (name: string) => all.some(({ raw }) => raw.id === name);
  const { tree } = rewriteReferences(changeAlarm(base.tree, change), {
    point: name => (isOfProfile(name) ? { kind: 'point', reference: `${deviceId}/${name}` } : undefined),
    alarm: name => (isAlarm(name) ? `${deviceId}/${name}` : undefined),
    unit: () => undefined,
    intervalMs: () => undefined,
  });
  return [descend(tree, ['point']) ? tree : withValues(tree, { device: scalarAt(change, deviceId) })];
}

/** The alarms that are changes have done their work. */
function withoutChanges(siteTree: Tree, { changes }: OwnAlarms): Tree {
  const list = descend(siteTree, ['alarms']);
  if (list?.kind !== 'list' || changes.size === 0) return siteTree;
  return withValues(siteTree, { alarms: { ...list, items: list.items.filter(item => !isChange(item)) } });
}

function intervalsOf({ built }: DeviceDrafts): Meanings['intervalMs'] {
  return reference => {
    const [device = '', id = ''] = reference.split('/');
    return built.get(device)?.points.get(id)?.intervalMs;
  };
}

/** Of each device, from its profile and from the site file. */
function computedIds(siteTree: Tree, { built }: DeviceDrafts): ComputedIds {
  const ofDevice = new Map<string, string[]>();
  for (const device of built.values()) {
    const ofProfile = (device.profile?.computed ?? []).filter(({ raw }) => isComplete(device, raw));
    ofDevice.set(
      device.id,
      ofProfile.map(({ raw }) => raw.id),
    );
  }
  for (const item of itemsOf(siteTree, 'computed')) {
    const id = readText(item, 'id');
    if (id !== undefined) ofDevice.get(readText(item, 'device') ?? '')?.push(id);
  }
  return device => ofDevice.get(device) ?? [];
}
