import { parseDuration } from '../base/duration.ts';
import type { LimitLevel, Rule } from '../model/alarm.ts';
import { isOnBus } from '../model/device.ts';
import { isText, type Point } from '../model/point.ts';
import { say } from '../model/texts.ts';
import { formatQuantity } from '../model/unit.ts';
import { type AlarmCondition, checkAlarm, communicationId, conditionsOf } from './alarm-checks.ts';
import { buildCrossingsRule, buildDeviationRule, buildFrozenRule, buildMismatchRule } from './alarm-joint.ts';
import { lifeOf } from './alarm-life.ts';
import { referencesOf } from './alarm-references.ts';
import { statesOf, writtenStates } from './alarm-states.ts';
import { buildSpreadRule, buildStaleRule } from './alarm-windows.ts';
import type { Build, RuleBuild } from './build.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { buildProfileExpressionAlarm, buildSiteExpressionAlarm } from './expression-alarm.ts';
import { hidingOf } from './hiding.ts';
import { buildLongRule, isLongCondition } from './long-alarm.ts';
import { findPoint } from './point-reference.ts';
import type { Place } from './problem.ts';
import { toRateOf, toUnitOf } from './quantity.ts';
import type { RuleDraft } from './rule-draft.ts';
import type { RuleParts } from './rule-parts.ts';
import { readShape, type Shaped } from './shape.ts';
import { hasExpression, itemsOf, placeOf, placeOfValue, type Tree } from './tree.ts';

/** All rules of the site. An alarm of the site file takes the place of a profile's with the same device and id. */
export function buildRules(siteTree: Tree, devices: DeviceDrafts, build: RuleBuild): RuleDraft[] {
  const drafts = new Map<string, RuleDraft>();
  for (const device of devices.built.values()) {
    for (const draft of [...buildProfileAlarms(device, build), ...buildCommunicationAlarm(device, build)]) {
      if (!build.off.has(draft.rule.key)) drafts.set(draft.rule.key, draft);
    }
  }
  const own = new Map<string, Tree>();
  for (const tree of itemsOf(siteTree, 'alarms')) {
    if (hasExpression(tree)) {
      const draft = buildSiteExpressionAlarm(tree, devices, build);
      if (draft && isFirst(draft.rule.key, tree, own, build)) drafts.set(draft.rule.key, draft);
      continue;
    }
    const shaped = readShape('siteAlarm', 'an alarm', tree, build.problems);
    const find = (written: string, place: Place) => findPoint(written, place, devices, build);
    const found = shaped && find(shaped.raw.point, placeOfValue(tree, 'point'));
    if (!shaped || !found) continue;
    const { raw } = shaped;
    const key = `${found.device.id}/${raw.id}`;
    isFirst(key, tree, own, build);
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

/** Whether no alarm of the site file had this key before. Of two the later one counts. */
function isFirst(key: string, tree: Tree, own: Map<string, Tree>, build: Build): boolean {
  const first = own.get(key);
  own.set(key, tree);
  if (!first) return true;
  const [device = '', id = ''] = key.split('/');
  const message = `a second alarm "${id}" of the device "${device}", the first is in line ${placeOf(first).line}`;
  build.problems.error(placeOfValue(tree, 'id'), message, 'give each alarm of a device its own id');
  return false;
}

function buildProfileAlarms(device: DeviceDraft, build: RuleBuild): RuleDraft[] {
  const withExpression = (device.profile?.expressionAlarms ?? []).flatMap(({ raw, tree }) =>
    buildProfileExpressionAlarm(device, raw, tree, build),
  );
  const ofPoints = (device.profile?.alarms ?? []).flatMap(({ raw, tree }) => {
    // A point that `only` leaves out takes along its alarms, and those that look at it.
    const point = device.points.get(raw.point);
    const isRead = referencesOf(raw).every(({ written }) => device.points.has(written));
    const findPoint = (written: string) => device.points.get(written);
    const rule = point && isRead && buildRule({ raw, tree, isWhole: true, findPoint }, device, point, build);
    return rule ? [{ rule, point, tree }] : [];
  });
  return [...ofPoints, ...withExpression];
}

function buildCommunicationAlarm(
  { id, raw, device, tree }: DeviceDraft,
  { policies, language }: RuleBuild,
): RuleDraft[] {
  const settings = raw.communication ?? {};
  if (settings === 'off' || !isOnBus(device)) return [];
  const priority = settings.priority ?? 'high';
  const rule: Rule = {
    kind: 'communication',
    key: `${id}/${communicationId}`,
    device: device.number,
    priority,
    message: say(language, 'silentDevice', { name: device.name }),
    onDelayMs: parseDuration(settings['on-delay'] ?? '10s') ?? 0,
    offDelayMs: 0,
    life: {
      ...lifeOf(policies, priority, { ...settings, group: raw.group }),
      suppressedBy: settings['suppressed-by'] ?? [],
    },
  };
  return [{ rule, point: undefined, tree }];
}

function buildRule(draft: AlarmDraft, device: DeviceDraft, point: Point, build: RuleBuild): Rule | undefined {
  const { raw, tree } = draft;
  const finding = checkAlarm(raw, point);
  if (finding) {
    const isNoise = finding.field === undefined && !draft.isWhole;
    if (!isNoise) build.problems.error(placeOfValue(tree, finding.field ?? ''), finding.message, finding.hint);
    return undefined;
  }
  const priority = raw.priority ?? 'medium';
  const group = ('group' in raw ? raw.group : undefined) ?? device.raw.group;
  const parts: RuleParts = {
    raw,
    tree,
    point,
    build,
    isWhole: draft.isWhole,
    base: {
      key: `${device.id}/${raw.id}`,
      device: device.device.number,
      point: point.number,
      priority,
      onDelayMs: parseDuration(raw['on-delay'] ?? '0s') ?? 0,
      offDelayMs: parseDuration(raw['off-delay'] ?? '0s') ?? 0,
      life: { ...lifeOf(build.policies, priority, { ...raw, group }), ...hidingOf(raw, tree, build) },
    },
    findPoint: (written, path) => comparable(draft.findPoint(written, placeOfValue(tree, ...path)), path, parts),
  };
  return buildCondition(parts, conditionsOf(raw)[0] ?? 'state');
}

/** A text can be compared with nothing, and nothing with itself. */
function comparable(other: Point | undefined, path: readonly string[], { point, tree, build }: RuleParts) {
  if (other === undefined) return undefined;
  const place = placeOfValue(tree, ...path);
  if (isText(other)) build.problems.error(place, `${other.key} is a text`, 'choose a point that is a number');
  else if (other.key !== point.key) return other;
  else build.problems.error(place, `${point.key} is compared with itself`, 'name the other point');
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
      return isLongCondition(condition) ? buildLongRule(parts, condition) : buildLimitRule(parts, condition);
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
  const parts = { name: point.name, limit: formatQuantity(limit.value, point.unit) };
  const message = raw.message ?? say(build.language, side, parts);
  return { ...base, kind: 'limit', message, level, limit: limit.value, deadband: deadband.value };
}

const directions = ['rise', 'fall', 'both'] as const;
const directionTexts = { rise: 'rise', fall: 'fall', both: 'change' } as const;

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
  const words = { name: point.name, rate: rate[direction] ?? '' };
  const message = raw.message ?? say(build.language, directionTexts[direction], words);
  const windowMs = parseDuration(rate.over) ?? 0;
  return { ...base, kind: 'rate', message, direction, ratePerS: speed.value, windowMs, minChange: change.value };
}

function buildStateRule(parts: RuleParts): Rule | undefined {
  const { raw, point, build, base } = parts;
  const states = statesOf(parts, point, ['state']);
  if (states.length === 0) return undefined;
  const message =
    raw.message ??
    say(build.language, 'state', { name: point.name, states: writtenStates(raw.state ?? [], build.language) });
  return { ...base, kind: 'state', message, states };
}
