import { parseDuration } from '../base/duration.ts';
import type { LimitLevel, Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { formatQuantity } from '../model/unit.ts';
import { checkAlarm, communicationId, conditionsOf, stateTexts } from './alarm-checks.ts';
import { lifeOf } from './alarm-life.ts';
import type { Build } from './build.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { toRateOf, toUnitOf } from './quantity.ts';
import type { RawAlarm } from './schema.ts';
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
    const found = shaped && findPoint(shaped.raw, tree, devices, build);
    if (!shaped || !found) continue;
    const { raw } = shaped;
    const key = `${found.device.id}/${raw.id}`;
    const first = own.get(key);
    if (first) {
      const message = `a second alarm "${raw.id}" of the device "${found.device.id}", the first is in line ${placeOf(first).line}`;
      build.problems.error(placeOfValue(tree, 'id'), message, 'give each alarm of a device its own id');
    }
    own.set(key, tree);
    const rule = buildRule({ ...shaped, tree }, found.device, found.point, build);
    if (rule) drafts.set(key, { rule, point: found.point, tree });
  }
  return [...drafts.values()];
}

function buildProfileAlarms(device: DeviceDraft, build: Build): RuleDraft[] {
  return (device.profile?.alarms ?? []).flatMap(({ raw, tree }) => {
    // A point that `only` leaves out takes its alarms along.
    const point = device.points.get(raw.point);
    const rule = point && buildRule({ raw, tree, isWhole: true }, device, point, build);
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
  raw: RawAlarm,
  tree: Tree,
  devices: DeviceDrafts,
  build: Build,
): { device: DeviceDraft; point: Point } | undefined {
  const [deviceId = '', pointId = ''] = raw.point.split('/');
  const place = placeOfValue(tree, 'point');
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
  };
  const condition = conditionsOf(raw)[0] ?? 'state';
  if (condition === 'state') return buildStateRule(parts);
  return condition === 'rate' ? buildRateRule(parts) : buildLimitRule(parts, condition);
}

/** An alarm as it is written. */
interface AlarmDraft extends Shaped<'siteAlarm' | 'profileAlarm'> {
  readonly tree: Tree;
}

interface RuleParts {
  readonly raw: RawAlarm;
  readonly tree: Tree;
  readonly point: Point;
  readonly build: Build;
  readonly base: Omit<Extract<Rule, { kind: 'state' }>, 'kind' | 'states' | 'message'>;
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

function buildStateRule({ raw, tree, point, build, base }: RuleParts): Rule | undefined {
  const wanted = raw.state === undefined ? [] : Array.isArray(raw.state) ? raw.state : [raw.state];
  const items = itemsOf(tree, 'state');
  const states: number[] = [];
  for (const [index, state] of wanted.entries()) {
    const values = valuesOfState(point, state);
    states.push(...values);
    if (values.length > 0) continue;
    const item = items[index];
    const texts = [...(point.states?.values() ?? [])];
    const hint = suggestOr(String(state), texts, `its states are ${stateTexts(point)}`);
    build.problems.error(
      item ? placeOf(item) : placeOfValue(tree, 'state'),
      `${point.key} has no state "${state}"`,
      hint,
    );
  }
  if (states.length === 0) return undefined;
  const message = raw.message ?? `${point.name} is ${wanted.join(' or ')}`;
  return { ...base, kind: 'state', message, states: [...new Set(states)] };
}

/** The numbers of a state: one text may stand for several. */
function valuesOfState(point: Point, state: string | number): number[] {
  const entries = [...(point.states ?? [])];
  return entries.filter(([value, text]) => value === state || text === state).map(([value]) => value);
}
