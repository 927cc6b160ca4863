import { parseDuration } from '../base/duration.ts';
import type { BacnetDevice, Barrier, Device } from '../model/device.ts';
import { type ModbusType, modbusTables, type Point } from '../model/point.ts';
import { say } from '../model/texts.ts';
import { buildBacnetDevice, checkProtocol, protocolOf } from './bacnet-device.ts';
import { isYes, mostOffset, moveObject } from './bacnet-point.ts';
import type { Build } from './build.ts';
import type { BusDrafts } from './bus.ts';
import { buildPoint, mergePoint, type PointDefaults, type PointDraft, placeOfField } from './point.ts';
import type { Profile, ProfilePoint } from './profile.ts';
import { computedId, selfId } from './reserved-ids.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { suggestOr } from './suggestion.ts';
import { itemsOf, placeOf, placeOfKey, placeOfValue, readText, type Tree } from './tree.ts';

/** A device as built, with what the checks and the alarms still need of it. */
export interface DeviceDraft {
  readonly id: string;
  readonly raw: Raw<'device'>;
  readonly tree: Tree;
  readonly device: Device;
  readonly points: ReadonlyMap<string, Point>;
  readonly profile: Profile | undefined;
  /** Points whose description is wrong: alarms on them are not called unknown. */
  readonly brokenPoints: ReadonlySet<string>;
  /** True when not all of its points could be listed, since its profile is missing or wrong. */
  readonly isIncomplete: boolean;
}

export interface DeviceDrafts {
  /** By id, in the order of the site file. */
  readonly built: ReadonlyMap<string, DeviceDraft>;
  /** Ids of devices whose description is wrong. */
  readonly broken: ReadonlySet<string>;
}

/** Name of the profile of the gateway's own points. It always comes with plantroom. */
export const selfProfileName = 'gateway-self';

const maxRegisters = 125;
const maxBits = 2_000;

/** Every device of the site file, and behind them the gateway itself. */
export function buildDevices(siteTree: Tree, buses: BusDrafts, build: Build): DeviceDrafts {
  const built = new Map<string, DeviceDraft>();
  const broken = new Set<string>();
  for (const tree of itemsOf(siteTree, 'devices')) {
    const id = readText(tree, 'id');
    if (id === selfId) {
      build.problems.error(placeOfValue(tree, 'id'), '"self" is the gateway itself', 'give the device another id');
    } else if (id === computedId) {
      const message = '"computed" is the device of computed points that belong to no other';
      build.problems.error(placeOfValue(tree, 'id'), message, 'give the device another id');
    } else if (id !== undefined && (built.has(id) || broken.has(id))) {
      build.problems.error(placeOfValue(tree, 'id'), `a second device "${id}"`, 'give each device its own id');
    } else {
      const device = buildDevice(tree, buses, build);
      if (device) built.set(device.id, device);
      else if (id !== undefined) broken.add(id);
    }
  }
  const self = buildSelf(siteTree, build);
  if (self) built.set(selfId, self);
  else broken.add(selfId);
  return { built, broken };
}

function buildDevice(tree: Tree, buses: BusDrafts, build: Build): DeviceDraft | undefined {
  const shaped = readShape('device', 'a device', tree, build.problems);
  if (!shaped) return undefined;
  const { raw, isWhole } = shaped;
  const named = takeProfile(raw, tree, build);
  const protocol = protocolOf(raw, buses, named);
  const profile = checkProtocol(raw, tree, protocol, named, build) ? named : undefined;
  const points = collectPoints(raw, tree, `${protocol}Point`, profile, build);
  const isIncomplete = raw.profile !== undefined && !profile;
  if (points.length === 0 && !isIncomplete && itemsOf(tree, 'points').length === 0) {
    const hint = 'add profile: with the name of a profile, or points:';
    build.problems.error(placeOf(tree), `the device "${raw.id}" has no points`, hint);
  }
  const parts = { raw, tree, profile, points, isIncomplete };
  if (protocol === 'modbus') return finishDevice({ ...parts, unitId: raw['unit-id'] ?? 1, bacnet: undefined }, build);
  const bacnet = buildBacnetDevice(raw, tree, isWhole, buses, build);
  return bacnet && finishDevice({ ...parts, unitId: undefined, bacnet }, build);
}

/** The gateway as a device of its own site: always there, described by a profile that comes with plantroom. */
function buildSelf(siteTree: Tree, build: Build): DeviceDraft | undefined {
  const profile = build.profiles.take(selfProfileName, placeOf(siteTree));
  if (!profile) return undefined;
  const raw: Raw<'device'> = {
    id: selfId,
    name: say(build.language, 'gateway', {}),
    bus: selfId,
    profile: selfProfileName,
    interval: '5s',
  };
  const points = [...profile.points.values()].map(draftOf);
  const parts = { raw, tree: siteTree, profile, points, isIncomplete: false };
  return finishDevice({ ...parts, unitId: undefined, bacnet: undefined }, build);
}

function takeProfile(raw: Raw<'device'>, tree: Tree, build: Build): Profile | undefined {
  if (raw.profile === undefined) return undefined;
  const place = placeOfValue(tree, 'profile');
  const profile = build.profiles.take(raw.profile, place);
  if (profile?.settings.protocol !== 'self') return profile;
  build.problems.error(
    place,
    `the profile "${raw.profile}" is the gateway's own`,
    `its points are there anyway: ${selfId}/…`,
  );
  return undefined;
}

/** The profile's points that are wanted, with the changes of the site file, and the device's own behind them. */
function collectPoints(
  raw: Raw<'device'>,
  tree: Tree,
  shape: 'modbusPoint' | 'bacnetPoint',
  profile: Profile | undefined,
  build: Build,
): PointDraft[] {
  const drafts = new Map<string, PointDraft>();
  const offset = checkOffset(raw, tree, profile, build);
  const moved = (point: ProfilePoint) => draftOf({ ...point, raw: moveObject(point.raw, offset) });
  for (const id of wantedPoints(raw, tree, profile, build)) {
    const point = profile?.points.get(id);
    if (point) drafts.set(id, moved(point));
  }
  const seen = new Set<string>();
  for (const item of itemsOf(tree, 'points')) {
    const shaped = readShape(shape, 'a point', item, build.problems);
    if (!shaped) continue;
    const point = shaped.raw;
    if (seen.has(point.id)) {
      const message = `a second point "${point.id}" of the device "${raw.id}"`;
      build.problems.error(placeOfValue(item, 'id'), message, 'give each point its own id');
      continue;
    }
    seen.add(point.id);
    const ofProfile = profile?.points.get(point.id);
    const base = drafts.get(point.id) ?? (ofProfile && moved(ofProfile));
    const own: PointDraft = { raw: point, trees: [item], isWhole: shaped.isWhole };
    drafts.set(point.id, base ? mergePoint(base, own) : own);
  }
  return [...drafts.values()];
}

/** By how much the objects of the profile are moved; 0 where it was written wrongly. */
function checkOffset(raw: Raw<'device'>, tree: Tree, profile: Profile | undefined, { problems }: Build): number {
  const offset = raw['object-offset'] ?? 0;
  if (offset !== 0 && raw.profile === undefined) {
    const message = '"object-offset" moves the objects of a profile, and there is none';
    problems.error(placeOfKey(tree, 'object-offset'), message, 'write the numbers of the objects as they are');
    return 0;
  }
  const most = mostOffset([...(profile?.points.values() ?? [])].map(point => point.raw));
  if (offset <= most) return offset;
  const message = `no object has a number so high: "object-offset" is ${offset}`;
  problems.error(placeOfValue(tree, 'object-offset'), message, `of this profile it goes up to ${most}`);
  return 0;
}

function draftOf({ raw, tree, isWhole }: ProfilePoint): PointDraft {
  return { raw, trees: [tree], isWhole };
}

function wantedPoints(raw: Raw<'device'>, tree: Tree, profile: Profile | undefined, build: Build): readonly string[] {
  const known = profile ? [...profile.points.keys()] : [];
  if (!raw.only) return known;
  if (raw.profile === undefined) {
    const hint = 'add profile:, or remove only:';
    build.problems.error(
      placeOfValue(tree, 'only'),
      '"only" chooses among the points of a profile, and there is none',
      hint,
    );
    return [];
  }
  if (profile) {
    itemsOf(tree, 'only').forEach((item, index) => {
      const id = raw.only?.[index] ?? '';
      if (profile.points.has(id)) return;
      const hint = suggestOr(id, known, `config/profiles/${profile.name}.yaml lists its points`);
      build.problems.error(placeOf(item), `the profile "${profile.name}" has no point "${id}"`, hint);
    });
  }
  return raw.only;
}

interface DeviceParts {
  readonly raw: Raw<'device'>;
  readonly tree: Tree;
  readonly profile: Profile | undefined;
  readonly points: readonly PointDraft[];
  readonly isIncomplete: boolean;
  readonly unitId: number | undefined;
  readonly bacnet: BacnetDevice | undefined;
}

function finishDevice(parts: DeviceParts, build: Build): DeviceDraft {
  const { raw, tree, profile, isIncomplete } = parts;
  const ofProfile = profile?.settings;
  const settings = ofProfile?.protocol === 'modbus' ? (ofProfile as Raw<'modbusProfile'>) : undefined;
  const usualTimeout = ofProfile && 'timeout' in ofProfile ? ofProfile.timeout : undefined;
  const number = build.numbering.device(raw.id);
  const limit = raw['max-registers'] ?? settings?.['max-registers'] ?? maxRegisters;
  const points: Point[] = [];
  const brokenPoints = new Set<string>();
  for (const draft of parts.points) {
    const key = `${raw.id}/${draft.raw.id}`;
    const identity = { number: build.numbering.point(key), key, device: number };
    const point = buildPoint(draft, pointDefaults(raw, settings, parts.bacnet), identity, build.problems);
    if (point && fitsIntoOneRead(point, draft, limit, build)) points.push(point);
    else brokenPoints.add(draft.raw.id);
  }
  const device: Device = {
    number,
    id: raw.id,
    name: raw.name ?? raw.id,
    bus: raw.bus,
    profile: raw.profile,
    unitId: parts.unitId,
    bacnet: parts.bacnet,
    timeoutMs: parseDuration(raw.timeout ?? usualTimeout ?? ''),
    readLimits: {
      maxRegisters: limit,
      maxBits,
      maxGap: raw['max-gap'] ?? settings?.['max-gap'],
      barriers: barriersOf(raw.barriers ?? settings?.barriers),
    },
    points,
  };
  const byId = new Map(points.map(point => [point.id, point]));
  return { id: raw.id, raw, tree, device, points: byId, profile, brokenPoints, isIncomplete };
}

function pointDefaults(
  raw: Raw<'device'>,
  settings: Raw<'modbusProfile'> | undefined,
  bacnet: BacnetDevice | undefined,
): PointDefaults {
  return {
    bacnet: bacnet && { instance: bacnet.instance, isTold: isYes(raw.cov) },
    interval: raw.interval ?? '1s',
    wordOrder: settings?.['word-order'] ?? 'high-first',
    byteOrder: settings?.['byte-order'] ?? 'high-first',
    invalid: (settings?.invalid ?? {}) as Partial<Record<ModbusType, readonly number[]>>,
  };
}

/** A value that is read in two halves may be torn: half of it old, half of it new. */
function fitsIntoOneRead(point: Point, draft: PointDraft, limit: number, build: Build): boolean {
  if (point.address.protocol !== 'modbus' || point.address.registerCount <= limit) return true;
  const message = `point "${point.id}" takes ${point.address.registerCount} registers, and the device gives ${limit} in one read`;
  build.problems.error(placeOfField(draft, 'type'), message, 'check type, length and max-registers');
  return false;
}

function barriersOf(raw: Raw<'device'>['barriers']): Barrier[] {
  return modbusTables.flatMap(table => (raw?.[table] ?? []).map(address => ({ table, address })));
}
