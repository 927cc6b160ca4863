import { formatDuration } from '../base/duration.ts';
import { type LimitLevel, type LimitRule, otherPointOf, type Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { formatQuantity } from '../model/unit.ts';
import { bacnetCrossChecks } from './bacnet-checks.ts';
import type { BusDrafts } from './bus.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { siteLimits } from './limits.ts';
import type { GroupDrafts } from './priorities.ts';
import type { Place, Problems } from './problem.ts';
import { computedId, selfId } from './reserved-ids.ts';
import type { RuleDraft } from './rule-draft.ts';
import { fewestIntervals } from './rule-windows.ts';
import { listWords, suggestOr } from './suggestion.ts';
import { itemsOf, placeOfKey, placeOfValue, readText, type Tree } from './tree.ts';

/** Everything built from a site file, before anyone looked whether the parts fit together. */
interface SiteDraft {
  readonly tree: Tree;
  readonly buses: BusDrafts;
  readonly devices: DeviceDrafts;
  readonly rules: readonly RuleDraft[];
  readonly groups: GroupDrafts;
}

type CrossCheck = (draft: SiteDraft, problems: Problems) => void;

const everyDeviceHasItsBus: CrossCheck = ({ buses, devices }, problems) => {
  const ids = [...buses.built.keys()];
  for (const { id, raw, tree } of plantDevices(devices)) {
    if (buses.built.has(raw.bus) || buses.broken.has(raw.bus)) continue;
    const hint = suggestOr(raw.bus, ids, `the buses are ${listWords(ids)}`);
    problems.error(
      placeOfValue(tree, 'bus'),
      `the device "${id}" is on the bus "${raw.bus}", which is not listed`,
      hint,
    );
  }
};

const everyBusIsUsed: CrossCheck = ({ buses, devices }, problems) => {
  const isLost = plantDevices(devices).some(({ raw }) => !buses.built.has(raw.bus));
  // A bus may only seem unused while its device is not understood.
  if (isLost || devices.broken.size > 0) return;
  const used = new Set(plantDevices(devices).map(device => device.raw.bus));
  for (const [id, { tree }] of buses.built) {
    if (!used.has(id))
      problems.warn(
        placeOfValue(tree, 'id'),
        `no device is on the bus "${id}"`,
        'remove the bus, or check the devices',
      );
  }
};

const oneBusPerWire: CrossCheck = ({ buses }, problems) => {
  const first = new Map<string, string>();
  for (const [id, { bus, tree }] of buses.built) {
    if (bus.protocol === 'bacnet-ip') continue;
    const isSerial = bus.protocol === 'modbus-rtu';
    const wire = isSerial ? bus.path : `${bus.host}:${bus.port}`;
    const other = first.get(wire);
    if (other === undefined) first.set(wire, id);
    else {
      const place = placeOfValue(tree, isSerial ? 'path' : 'host');
      const message = `the buses "${other}" and "${id}" both lead to ${wire}`;
      const hint = 'one wire has one queue: make them one bus';
      // A serial port cannot be opened twice; a socket may be a different one each time.
      if (isSerial) problems.error(place, message, hint);
      else problems.warn(place, message, hint);
    }
  }
};

/** Modbus over Serial Line 1.02, section 2.2: 0 is a broadcast, 248 to 255 are reserved. */
const serialUnitsAreLegal: CrossCheck = ({ buses, devices }, problems) => {
  for (const { id, device, tree } of plantDevices(devices)) {
    const protocol = buses.built.get(device.bus)?.bus.protocol;
    const { unitId } = device;
    if (unitId === undefined || protocol === undefined || protocol === 'modbus-tcp') continue;
    if (unitId >= 1 && unitId <= 247) continue;
    const message = `the device "${id}" has unit id ${unitId} on the serial line "${device.bus}"`;
    problems.error(placeOfValue(tree, 'unit-id'), message, 'on a serial line a device has a unit id from 1 to 247');
  }
};

const oneDevicePerUnit: CrossCheck = ({ buses, devices }, problems) => {
  const first = new Map<string, string>();
  for (const { id, device, tree } of plantDevices(devices)) {
    // Two equipments of one BACnet device may well be two devices of the site.
    if (device.unitId === undefined || !buses.built.has(device.bus)) continue;
    const unit = `${device.bus} ${device.unitId}`;
    const other = first.get(unit);
    if (other === undefined) first.set(unit, id);
    else {
      const message = `the devices "${other}" and "${id}" are both unit ${device.unitId} of the bus "${device.bus}"`;
      problems.warn(placeOfValue(tree, 'unit-id'), message, 'is one of the unit ids wrong?');
    }
  }
};

const limitsCanBeMet: CrossCheck = ({ rules }, problems) => {
  for (const { rule, point, tree } of rules) {
    const range = point && rangeOf(point);
    if (rule.kind !== 'limit' || !range) continue;
    const fault = findDeadLimit(rule, range);
    if (!fault) continue;
    const span = `${range[0]} to ${formatQuantity(range[1], point.unit)}`;
    const hint = `${point.key} goes from ${span}: check the limit, its unit and the scale of the point`;
    problems.error(placeOfValue(tree, fault.field), `the alarm "${rule.key}" ${fault.text}`, hint);
  }
};

function findDeadLimit(
  { level, limit, deadband }: LimitRule,
  [lowest, highest]: readonly [number, number],
): { field: string; text: string } | undefined {
  const isHigh = ranks[level] >= 2;
  if (isHigh ? limit >= highest : limit <= lowest) return { field: level, text: 'can never come' };
  if (isHigh ? limit < lowest : limit > highest) return { field: level, text: 'would always stand' };
  const isStuck = isHigh ? limit - deadband < lowest : limit + deadband > highest;
  return isStuck ? { field: 'deadband', text: 'could never return: its deadband is too wide' } : undefined;
}

const ranks: Readonly<Record<LimitLevel, number>> = { 'low-low': 0, low: 1, high: 2, 'high-high': 3 };

interface LimitDraft {
  readonly rule: LimitRule;
  readonly point: Point;
  readonly tree: Tree;
}

const limitsStandInOrder: CrossCheck = ({ rules }, problems) => {
  for (const limits of limitsByPoint(rules).values()) {
    for (const lower of limits) {
      // With many limits on one point only the nearest above matters; comparing all pairs would take for ever.
      const upper = nearestAbove(lower, limits);
      if (!upper || lower.rule.limit < upper.rule.limit) continue;
      const [first, second] = [lower, upper].sort((a, b) => a.tree.start - b.tree.start);
      if (!first || !second) continue;
      const at = placeOfValue(second.tree, second.rule.level);
      const message = `${describe(lower)} is not below ${describe(upper)}`;
      problems.error(at, message, 'the order is low-low < low < high < high-high');
    }
  }
};

const deadbandsFitBetweenLimits: CrossCheck = ({ rules }, problems) => {
  for (const limits of limitsByPoint(rules).values()) {
    const lows = limits.filter(({ rule }) => ranks[rule.level] < 2);
    const highs = limits.filter(({ rule }) => ranks[rule.level] >= 2);
    const lowestHigh = Math.min(...highs.map(({ rule }) => rule.limit));
    const highestLow = Math.max(...lows.map(({ rule }) => rule.limit));
    if (lowestHigh <= highestLow) continue;
    const hint = 'an alarm that returns only in the next alarm is of no use: make the deadband smaller';
    const complain = ({ rule, point, tree }: LimitDraft, other: string) => {
      const deadband = formatQuantity(rule.deadband, point.unit);
      problems.error(
        placeOfValue(tree, 'deadband'),
        `the deadband of ${deadband} reaches as far as the ${other} limit`,
        hint,
      );
    };
    for (const low of lows) if (low.rule.limit + low.rule.deadband >= lowestHigh) complain(low, 'high');
    for (const high of highs) if (high.rule.limit - high.rule.deadband <= highestLow) complain(high, 'low');
  }
};

/** Of a rule with a window its length, and where that is written. */
function windowOf(rule: Rule): { readonly ms: number; readonly path: readonly string[] } | undefined {
  switch (rule.kind) {
    case 'rate':
    case 'spread':
    case 'forecast':
      return { ms: rule.windowMs, path: [rule.kind, 'over'] };
    case 'crossings':
    case 'counter-rate':
      return { ms: rule.windowMs, path: [rule.kind, 'in'] };
    case 'frozen':
      return { ms: rule.forMs, path: ['frozen', 'for'] };
    default:
      return undefined;
  }
}

const windowsHoldEnough: CrossCheck = ({ rules, devices }, problems) => {
  const points = new Map(
    [...devices.built.values()].flatMap(({ device }) => device.points.map(one => [one.number, one] as const)),
  );
  for (const { rule, point, tree } of rules) {
    const window = windowOf(rule);
    if (!window) continue;
    const other = points.get(otherPointOf(rule) ?? -1);
    for (const one of [point, other]) if (one) checkWindow(window, one, tree, problems);
  }
};

const ratesCanBeSeen: CrossCheck = ({ rules }, problems) => {
  for (const { rule, point, tree } of rules) {
    if (rule.kind !== 'rate' || !point) continue;
    const change = rule.ratePerS * (rule.windowMs / 1_000);
    // Conversions leave dust in the last digits.
    if (rule.minChange <= change * (1 + 1e-9)) continue;
    const window = formatDuration(rule.windowMs);
    const message = `at this rate the value changes by ${formatQuantity(Number(change.toPrecision(4)), point.unit)} in ${window}, which min-change forbids`;
    problems.error(placeOfValue(tree, 'rate', 'min-change'), message, 'make min-change smaller, or the window longer');
  }
};

type Window = NonNullable<ReturnType<typeof windowOf>>;

function checkWindow({ ms, path }: Window, point: Point, tree: Tree, problems: Problems): void {
  if (ms >= fewestIntervals * point.intervalMs) return;
  const message = `${formatDuration(ms)} holds too few values of ${point.key}, which is read every ${formatDuration(point.intervalMs)}`;
  const hint = `write ${path.at(-1)}: ${formatDuration(fewestIntervals * point.intervalMs)} or longer`;
  problems.error(placeOfValue(tree, ...path), message, hint);
}

/** Between two reads there is no value, and that is no fault. */
const staleIsLongerThanTwoReads: CrossCheck = ({ rules }, problems) => {
  for (const { rule, point, tree } of rules) {
    if (rule.kind !== 'stale' || !point || rule.longestMs >= 2 * point.intervalMs) continue;
    const message = `${point.key} is read only every ${formatDuration(point.intervalMs)}`;
    const hint = `write stale: ${formatDuration(2 * point.intervalMs)} or longer`;
    problems.error(placeOfValue(tree, 'stale'), message, hint);
  }
};

const everyGroupIsThere: CrossCheck = ({ tree, devices, groups }, problems) => {
  if (groups.isIncomplete) return;
  const ids = [...groups.built.keys()];
  const named = [...plantDevices(devices).map(device => device.tree), ...itemsOf(tree, 'alarms')];
  for (const holder of named) {
    const id = readText(holder, 'group');
    if (id === undefined || groups.built.has(id)) continue;
    const otherwise = ids.length === 0 ? `add groups: [{id: ${id}, window: 3s}]` : `the groups are ${listWords(ids)}`;
    problems.error(placeOfValue(holder, 'group'), `no group is called "${id}"`, suggestOr(id, ids, otherwise));
  }
};

/** A group of one alarm, or of none, marks nothing. */
const everyGroupHasAlarms: CrossCheck = ({ devices, rules, groups }, problems) => {
  if (devices.broken.size > 0) return;
  for (const [id, tree] of groups.places) {
    if (rules.filter(({ rule }) => rule.life.group === id).length >= 2) continue;
    const message = `the group "${id}" has fewer than two alarms`;
    problems.warn(placeOfValue(tree, 'id'), message, `write group: ${id} at the alarms or devices that belong to it`);
  }
};

const staysWithinLimits: CrossCheck = ({ tree, devices, rules }, problems) => {
  const plant = plantDevices(devices);
  const points = plant.reduce((sum, { device }) => sum + device.points.length, 0);
  const refuse = (key: string, count: number, most: number, what: string) => {
    if (count <= most) return;
    const place: Place = placeOfKey(tree, key);
    problems.error(place, `${count} ${what}; one gateway takes ${most}`, 'divide the site among several gateways');
  };
  refuse('devices', plant.length, siteLimits.maxDevices, 'devices');
  refuse('devices', points, siteLimits.maxPoints, 'points');
  refuse('alarms', rules.length, siteLimits.maxRules, 'alarms');
  const bands = rules.filter(({ rule }) => rule.kind === 'band');
  refuse('alarms', bands.length, siteLimits.maxBands, 'alarms by time of day (band)');
};

/** Each looks at the whole site for one kind of mistake. */
export const crossChecks: readonly CrossCheck[] = [
  ...bacnetCrossChecks,
  everyDeviceHasItsBus,
  everyBusIsUsed,
  oneBusPerWire,
  serialUnitsAreLegal,
  oneDevicePerUnit,
  limitsCanBeMet,
  limitsStandInOrder,
  deadbandsFitBetweenLimits,
  windowsHoldEnough,
  ratesCanBeSeen,
  staleIsLongerThanTwoReads,
  everyGroupIsThere,
  everyGroupHasAlarms,
  staysWithinLimits,
];

function plantDevices(devices: DeviceDrafts): DeviceDraft[] {
  return [...devices.built.values()].filter(({ id }) => id !== selfId && id !== computedId);
}

function limitsByPoint(rules: readonly RuleDraft[]): Map<string, LimitDraft[]> {
  const byPoint = new Map<string, LimitDraft[]>();
  for (const { rule, point, tree } of rules) {
    if (rule.kind !== 'limit' || !point) continue;
    const limits = byPoint.get(point.key) ?? [];
    limits.push({ rule, point, tree });
    byPoint.set(point.key, limits);
  }
  return byPoint;
}

function nearestAbove(lower: LimitDraft, limits: readonly LimitDraft[]): LimitDraft | undefined {
  let nearest: LimitDraft | undefined;
  for (const candidate of limits) {
    if (ranks[candidate.rule.level] <= ranks[lower.rule.level]) continue;
    if (!nearest || candidate.rule.limit < nearest.rule.limit) nearest = candidate;
  }
  return nearest;
}

function describe({ rule, point }: LimitDraft): string {
  return `${rule.level} ${formatQuantity(rule.limit, point.unit)} of ${point.key}`;
}

/** The engineering values that a point can have at all; undefined where its type sets no practical bounds. */
function rangeOf({ address, scale, offset }: Point): readonly [number, number] | undefined {
  if (address.protocol !== 'modbus') return undefined;
  const raw = rawRange(address.type, address.bitCount);
  if (!raw) return undefined;
  const ends = raw.map(value => Number((value * scale + offset).toPrecision(12)));
  return [Math.min(...ends), Math.max(...ends)];
}

function rawRange(type: string, bitCount: number): readonly [number, number] | undefined {
  if (type === 'bits') return [0, 2 ** bitCount - 1];
  const [, sign, width] = /^([us])(16|32|64)$/.exec(type) ?? [];
  if (sign === undefined) return undefined;
  const span = 2 ** Number(width);
  return sign === 'u' ? [0, span - 1] : [-span / 2, span / 2 - 1];
}
