import { parseDuration } from '../base/duration.ts';
import type { LimitLevel, Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { formatQuantity } from '../model/unit.ts';
import { type AlarmCondition, checkAlarm, communicationId, conditionsOf, isText } from './alarm-checks.ts';
import { buildCrossingsRule, buildDeviationRule, buildFrozenRule, buildMismatchRule } from './alarm-joint.ts';
import { lifeOf } from './alarm-life.ts';
import { referencesOf } from './alarm-references.ts';
import { statesOf } from './alarm-states.ts';
import { buildSpreadRule, buildStaleRule } from './alarm-windows.ts';
import type { Build } from './build.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import type { Place } from './problem.ts';
import { toRateOf, toUnitOf } from './quantity.ts';
import type { RuleParts } from './rule-parts.ts';
import { readShape, type Shaped } from './shape.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { itemsOf, placeOf, placeOfValue, type Tree } from './tree.ts';

/** A rule as built, with where it is written. */
export interface RuleDraft {
  readonly rule: Rule;
  /** Undefined for communication alarms. */
  readonly point: Point | undefined;
  readonly tree: Tree;
}

/** All rules of the site. An alarm of the site file takes the place of a profile's with the same device and id. */
export function buildRules(siteTree: Tree, devices: DeviceDrafts, build: Build): RuleDraft[] {
  const drafts = new Map<string, RuleDraft>();
  for (const device of devices.built.values()) {
    for (const draft of [...buildProfileAlarms(device, build), ...buildCommunicationAlarm(device)]) {
      drafts.set(draft.rule.key, draft);
    }
  }
  const own = new Map<string, Tree>();
  for (const tree of itemsOf(siteTree, 'alarms')) {
    const shaped = readShape('siteAlarm', 'an alarm', tree, build.problems);
    const find = (written: string, place: Place) => findPoint(written, place, devices, build);
    const found = shaped && find(shaped.raw.point, placeOfValue(tree, 'point'));
    if (!shaped || !found) continue;
    const { raw } = shaped;
    const key = `${found.device.id}/${raw.id}`;
    const first = own.get(key);
    if (first) {
      const message = `a second alarm "${raw.id}" of the device "${found.device.id}", the first is in line ${placeOf(first).line}`;
      build.problems.error(placeOfValue(tree, 'id'), message, 'give each alarm of a device its own id');
    }
    own.set(key, tree);
    const rule = buildRule(
      { ...shaped, tree, findPoint: (written, place) => find(written, place)?.point },
      found.device,
      found.point,
      build,
    );
    if (rule) drafts.set(key, { rule, point: found.point, tree });
  }
  return [...drafts.values()];
}

function buildProfileAlarms(device: DeviceDraft, build: Build): RuleDraft[] {
  return (device.profile?.alarms ?? []).flatMap(({ raw, tree }) => {
    // A point that `only` leaves out takes along its alarms, and those that look at it.
    const point = device.points.get(raw.point);
    const isRead = referencesOf(raw).every(({ written }) => device.points.has(written));
    const findPoint = (written: string) => device.points.get(written);
    const rule = point && isRead && buildRule({ raw, tree, isWhole: true, findPoint }, device, point, build);
    return rule ? [{ rule, point, tree }] : [];
  });
}

function buildCommunicationAlarm({ id, raw, device, tree }: DeviceDraft): RuleDraft[] {
  const settings = raw.communication ?? {};
  if (settings === 'off' || device.unitId === undefined) return [];
  const rule: Rule = {
    kind: 'communication',
    key: `${id}/${communicationId}`,
    device: device.number,
    priority: settings.priority ?? 'high',
    message: `${device.name} does not answer`,
    onDelayMs: parseDuration(settings['on-delay'] ?? '10s') ?? 0,
    offDelayMs: 0,
    life: lifeOf(settings.priority ?? 'high', settings),
  };
  return [{ rule, point: undefined, tree }];
}

function findPoint(
  written: string,
  place: Place,
  devices: DeviceDrafts,
  build: Build,
): { device: DeviceDraft; point: Point } | undefined {
  const [deviceId = '', pointId] = written.split('/');
  if (pointId === undefined) {
    const hint = 'write DEVICE/POINT, or a number with its unit where one may stand';
    build.problems.error(place, `"${written}" names no point`, hint);
    return undefined;
  }
  if (devices.broken.has(deviceId)) return undefined;
  const device = devices.built.get(deviceId);
  if (!device) {
    const ids = [...devices.built.keys()];
    build.problems.error(
      place,
      `no device is called "${deviceId}"`,
      suggestOr(deviceId, ids, `the devices are ${listWords(ids)}`),
    );
    return undefined;
  }
  const point = device.points.get(pointId);
  if (point) return { device, point };
  if (device.isIncomplete || device.brokenPoints.has(pointId)) return undefined;
  if (device.profile?.points.has(pointId)) {
    const message = `the device "${deviceId}" does not read the point "${pointId}" of its profile`;
    build.problems.error(place, message, `add ${pointId} to its list only:`);
    return undefined;
  }
  const ids = [...device.points.keys()];
  const hint = suggestOr(pointId, ids, `its points are ${listWords(ids, 30)}`);
  build.problems.error(place, `the device "${deviceId}" has no point "${pointId}"`, hint);
  return undefined;
}

function buildRule(draft: AlarmDraft, device: DeviceDraft, point: Point, build: Build): Rule | undefined {
  const { raw, tree } = draft;
  const finding = checkAlarm(raw, point);
  if (finding) {
    const isNoise = finding.field === undefined && !draft.isWhole;
    if (!isNoise) build.problems.error(placeOfValue(tree, finding.field ?? ''), finding.message, finding.hint);
    return undefined;
  }
  const parts: RuleParts = {
    raw,
    tree,
    point,
    build,
    base: {
      key: `${device.id}/${raw.id}`,
      device: device.device.number,
      point: point.number,
      priority: raw.priority ?? 'medium',
      onDelayMs: parseDuration(raw['on-delay'] ?? '0s') ?? 0,
      offDelayMs: parseDuration(raw['off-delay'] ?? '0s') ?? 0,
      life: lifeOf(raw.priority ?? 'medium', raw),
    },
    findPoint: (written, path) => withoutText(draft.findPoint(written, placeOfValue(tree, ...path)), path, parts),
  };
  return buildCondition(parts, conditionsOf(raw)[0] ?? 'state');
}

/** A text can be compared with nothing. */
function withoutText(other: Point | undefined, path: readonly string[], { tree, build }: RuleParts): Point | undefined {
  if (other === undefined || !isText(other)) return other;
  build.problems.error(placeOfValue(tree, ...path), `${other.key} is a text`, 'choose a point that is a number');
  return undefined;
}

function buildCondition(parts: RuleParts, condition: AlarmCondition): Rule | undefined {
  switch (condition) {
    case 'state':
      return buildStateRule(parts);
    case 'rate':
      return buildRateRule(parts);
    case 'spread':
      return buildSpreadRule(parts);
    case 'stale':
      return buildStaleRule(parts);
    case 'deviation':
      return buildDeviationRule(parts);
    case 'crossings':
      return buildCrossingsRule(parts);
    case 'mismatch':
      return buildMismatchRule(parts);
    case 'frozen':
      return buildFrozenRule(parts);
    default:
      return buildLimitRule(parts, condition);
  }
}

/** An alarm as it is written. */
interface AlarmDraft extends Shaped<'siteAlarm' | 'profileAlarm'> {
  readonly tree: Tree;
  /** The point that a text names: in the site file DEVICE/POINT, in a profile the id of one of its own. */
  readonly findPoint: (written: string, place: Place) => Point | undefined;
}

function buildLimitRule({ raw, tree, point, build, base }: RuleParts, level: LimitLevel): Rule | undefined {
  const limit = toUnitOf(point, raw[level] ?? '', 'value');
  if (limit.kind === 'wrong') build.problems.error(placeOfValue(tree, level), limit.message, limit.hint);
  const deadband = toUnitOf(point, raw.deadband ?? (point.unit === '' ? 0 : `0 ${point.unit}`), 'difference');
  if (deadband.kind === 'wrong') {
    build.problems.error(placeOfValue(tree, 'deadband'), deadband.message, deadband.hint);
  } else if (deadband.value < 0) {
    const hint = 'write how far the value must come back, without a sign';
    build.problems.error(placeOfValue(tree, 'deadband'), `the deadband ${raw.deadband} is negative`, hint);
  }
  if (limit.kind === 'wrong' || deadband.kind === 'wrong' || deadband.value < 0) return undefined;
  const side = level.startsWith('high') ? 'above' : 'below';
  const message = raw.message ?? `${point.name} is ${side} ${formatQuantity(limit.value, point.unit)}`;
  return { ...base, kind: 'limit', message, level, limit: limit.value, deadband: deadband.value };
}

const directions = ['rise', 'fall', 'both'] as const;
const directionTexts = { rise: 'rises', fall: 'falls', both: 'changes' } as const;

function buildRateRule({ raw, tree, point, build, base }: RuleParts): Rule | undefined {
  const rate = raw.rate;
  const [direction, second] = directions.filter(name => rate?.[name] !== undefined);
  if (!rate || !direction || second) {
    const message = direction
      ? `a rate has one direction, not both "${direction}" and "${second}"`
      : 'the rate has no direction';
    build.problems.error(
      placeOfValue(tree, 'rate', second ?? ''),
      message,
      'write one of rise, fall or both: {fall: 0.2 bar/s, …}',
    );
    return undefined;
  }
  const speed = toRateOf(point, rate[direction] ?? '');
  const change = toUnitOf(point, rate['min-change'], 'difference');
  for (const [key, converted] of [
    [direction, speed],
    ['min-change', change],
  ] as const) {
    const place = placeOfValue(tree, 'rate', key);
    if (converted.kind === 'wrong') build.problems.error(place, converted.message, converted.hint);
    else if (converted.value < 0 || (key === direction && converted.value === 0)) {
      build.problems.error(
        place,
        `${rate[key]} is not above zero`,
        'write how much, without a sign: the key tells the direction',
      );
    }
  }
  if (speed.kind === 'wrong' || change.kind === 'wrong' || speed.value <= 0 || change.value < 0) return undefined;
  const message = raw.message ?? `${point.name} ${directionTexts[direction]} faster than ${rate[direction]}`;
  const windowMs = parseDuration(rate.over) ?? 0;
  return { ...base, kind: 'rate', message, direction, ratePerS: speed.value, windowMs, minChange: change.value };
}

function buildStateRule(parts: RuleParts): Rule | undefined {
  const { raw, point, base } = parts;
  const states = statesOf(parts, point, ['state']);
  if (states.length === 0) return undefined;
  const wanted = Array.isArray(raw.state) ? raw.state : [raw.state];
  const message = raw.message ?? `${point.name} is ${wanted.join(' or ')}`;
  return { ...base, kind: 'state', message, states };
}
