import type { Device } from '../model/device.ts';
import type { Point } from '../model/point.ts';
import { say } from '../model/texts.ts';
import { referencesOf } from './alarm-references.ts';
import type { Build } from './build.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { type ExpressionDraft, referenceOf } from './expression.ts';
import { buildComputedPoint } from './point.ts';
import { computedId } from './reserved-ids.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { hasExpression, itemsOf, placeOfValue, readText, type Tree } from './tree.ts';

/** The devices with their computed points, and what these are made of. */
export interface ComputedDrafts {
  readonly devices: DeviceDrafts;
  readonly expressions: readonly ExpressionDraft[];
}

/** Adds the computed points of the site file and of the profiles to their devices; their inputs are looked up later. */
export function buildComputedPoints(siteTree: Tree, devices: DeviceDrafts, build: Build): ComputedDrafts {
  const built = new Map(devices.built);
  const expressions: ExpressionDraft[] = [];
  const add = (owner: DeviceDraft, raw: Raw<'siteComputed'>, tree: Tree, isOfProfile: boolean) => {
    const current = built.get(owner.id) ?? owner;
    if (current.points.has(raw.id) || current.brokenPoints.has(raw.id)) {
      const message = `the device "${owner.id}" has a point "${raw.id}" already`;
      build.problems.error(placeOfValue(tree, 'id'), message, 'give the computed point another id');
      return;
    }
    const point = describePoint(owner, raw, tree, devices, isOfProfile, build);
    built.set(owner.id, withPoint(current, raw.id, point));
    const device = isOfProfile ? owner.id : undefined;
    if (point) expressions.push({ target: { kind: 'point', point }, name: point.key, raw, tree, device });
  };
  for (const device of devices.built.values()) {
    for (const { raw, tree } of device.profile?.computed ?? []) {
      if (isComplete(device, raw)) add(device, raw, tree, true);
    }
  }
  for (const tree of itemsOf(siteTree, 'computed')) {
    const raw = readShape('siteComputed', 'a computed point', tree, build.problems)?.raw;
    const owner = raw && findOwner(raw.device, tree, siteTree, { ...devices, built }, build);
    if (raw && owner) add(owner, raw, tree, false);
  }
  const isAlarmWithoutDevice = (tree: Tree) => hasExpression(tree) && readText(tree, 'device') === undefined;
  if (!built.has(computedId) && itemsOf(siteTree, 'alarms').some(isAlarmWithoutDevice)) {
    built.set(computedId, createComputedDevice(siteTree, build));
  }
  return { devices: { ...devices, built }, expressions };
}

type Inputs = Raw<'profileComputed'>['inputs'];

/** Whether the device has all that an expression of its profile is made of: `only` may leave something out. */
export function isComplete(device: DeviceDraft, { inputs }: { readonly inputs: Inputs }): boolean {
  return !isLeftOut(device, inputs, new Set());
}

/** @param seen computed points and alarms that were looked at: nothing is left out of them, or they are a circle */
function isLeftOut(device: DeviceDraft, inputs: Inputs, seen: Set<string>): boolean {
  return Object.values(inputs).some(input => {
    const { kind, reference } = referenceOf(input);
    if (kind === 'constant') return false;
    const key = kind === 'alarm' ? `alarm ${reference}` : reference;
    if (seen.has(key)) return false;
    seen.add(key);
    const { profile, points } = device;
    if (kind !== 'alarm' && profile?.points.has(reference)) return !points.has(reference);
    const alarm = kind === 'alarm' ? profile?.alarms.find(({ raw }) => raw.id === reference) : undefined;
    const others = kind === 'alarm' ? profile?.expressionAlarms : profile?.computed;
    const madeOf = alarm ? pointsOf(alarm.raw) : others?.find(({ raw }) => raw.id === reference)?.raw.inputs;
    return madeOf !== undefined && isLeftOut(device, madeOf, seen);
  });
}

/** What an alarm on points looks at. */
function pointsOf(raw: Raw<'profileAlarm'>): Inputs {
  const all = [raw.point, ...referencesOf(raw).map(({ written }) => written)];
  return Object.fromEntries(all.entries());
}

/** The device that a computed point or an alarm belongs to; made where it is the one of what belongs to none. */
export function findOwner(
  id: string | undefined,
  tree: Tree,
  siteTree: Tree,
  devices: DeviceDrafts,
  build: Build,
): DeviceDraft | undefined {
  if (id === undefined || id === computedId)
    return devices.built.get(computedId) ?? createComputedDevice(siteTree, build);
  const owner = devices.built.get(id);
  if (owner || devices.broken.has(id)) return owner;
  const ids = [...devices.built.keys()];
  const hint = suggestOr(id, ids, `the devices are ${listWords(ids)}`);
  build.problems.error(placeOfValue(tree, 'device'), `no device is called "${id}"`, hint);
  return undefined;
}

/** It is on no bus: nobody polls it. */
function createComputedDevice(tree: Tree, build: Build): DeviceDraft {
  const raw: Raw<'device'> = { id: computedId, name: say(build.language, 'computed', {}), bus: '' };
  const device: Device = {
    number: build.numbering.device(computedId),
    id: computedId,
    name: say(build.language, 'computed', {}),
    bus: '',
    profile: undefined,
    unitId: undefined,
    bacnet: undefined,
    timeoutMs: undefined,
    readLimits: { maxRegisters: 0, maxBits: 0, maxGap: undefined, barriers: [] },
    points: [],
  };
  const none = { points: new Map(), profile: undefined, brokenPoints: new Set<string>(), isIncomplete: false };
  return { id: computedId, raw, tree, device, ...none };
}

function withPoint(owner: DeviceDraft, id: string, point: Point | undefined): DeviceDraft {
  if (!point) return { ...owner, brokenPoints: new Set([...owner.brokenPoints, id]) };
  const device = { ...owner.device, points: [...owner.device.points, point] };
  return { ...owner, device, points: new Map([...owner.points, [id, point]]) };
}

function describePoint(
  owner: DeviceDraft,
  raw: Raw<'siteComputed'>,
  tree: Tree,
  devices: DeviceDrafts,
  isOfProfile: boolean,
  build: Build,
): Point | undefined {
  const key = `${owner.id}/${raw.id}`;
  const intervals = Object.values(raw.inputs).flatMap(input => {
    const { kind, reference } = referenceOf(input);
    const [device = '', point = ''] = isOfProfile ? [owner.id, reference] : reference.split('/');
    return kind === 'alarm' || kind === 'constant'
      ? []
      : (devices.built.get(device)?.points.get(point)?.intervalMs ?? []);
  });
  // Of inputs that are computed themselves nobody knows yet how often they come.
  const intervalMs = intervals.length > 0 ? Math.min(...intervals) : 1_000;
  const identity = { number: build.numbering.point(key), key, device: owner.device.number, intervalMs };
  return buildComputedPoint({ raw, trees: [tree], isWhole: true }, identity, build.problems);
}
