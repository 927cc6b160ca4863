import type { BacnetAddress, Point } from '../../model/point.ts';
import { isText } from '../../model/point.ts';
import { objectTypes, propertyIds, units } from './ids.ts';
import { array, createObject, healthy, list, objectKey, one, type SimObject, type SimProperty } from './object.ts';
import { bits, boolean, enumerated, real, type SimValue, text, unsigned } from './value.ts';

/** Objects for points of a site file: each has what its points read, in the type that the standard gives it. */

type Addressed = Point & { readonly address: BacnetAddress };

export function isBacnetPoint(point: Point): point is Addressed {
  return point.address.protocol === 'bacnet';
}

/** One object for all points that read it, named like the first of them. */
export function createPointObjects(points: readonly Point[]): SimObject[] {
  const objects = new Map<string, SimObject>();
  for (const point of points.filter(isBacnetPoint)) {
    const { objectType, instance } = point.address;
    const key = objectKey(objectType, instance);
    if (objectType === objectTypes.device || objects.has(key)) continue;
    const unit = unitNumbers[point.unit] ?? units['no-units'];
    const table = objectType <= 2 ? { ...healthy, units: one(enumerated(unit)) } : healthy;
    objects.set(key, createObject(objectType, instance, point.id, table));
  }
  return [...objects.values()];
}

/** Puts a raw value, as it goes over the wire, where the point reads it. */
export function putRaw(object: SimObject, point: Point, raw: number | string): void {
  const { address } = point;
  if (address.protocol !== 'bacnet') return;
  const before = object.properties.get(address.property);
  object.properties.set(address.property, changed(before, address, isText(point) ? String(raw) : raw));
}

function changed(before: SimProperty | undefined, address: BacnetAddress, raw: number | string): SimProperty {
  const { part, index } = address;
  const number = Number(raw);
  switch (part.kind) {
    case 'contains':
      return list(...without(before, part.value), ...(number >= 0.5 ? [enumerated(part.value)] : []));
    case 'count':
      return list(...Array.from({ length: Math.max(0, Math.round(number)) }, (_, at) => enumerated(at)));
    case 'bit':
      return withElement(before, index, bitSet(elementOf(before, index), part.bit, number >= 0.5));
    case 'text':
    case 'whole':
      if (index === 0) return array(...Array.from({ length: Math.max(0, Math.round(number)) }, () => unsigned(0)));
      return withElement(before, index, primitiveOf(address, raw));
  }
}

/** What a list has beside a number. */
function without(before: SimProperty | undefined, value: number): SimValue[] {
  if (before === undefined || before.kind === 'one') return [];
  return before.values.filter(other => other.kind !== 'enumerated' || Number(other.value) !== value);
}

function elementOf(before: SimProperty | undefined, index: number | undefined): SimValue | undefined {
  if (before?.kind === 'one') return index === undefined ? before.value : undefined;
  return index === undefined ? undefined : before?.values[index - 1];
}

/** Elements before it that nothing was said of are like it. */
function withElement(before: SimProperty | undefined, index: number | undefined, value: SimValue): SimProperty {
  if (index === undefined) return one(value);
  const values = before?.kind === 'array' ? [...before.values] : [];
  while (values.length < index) values.push(value);
  values[index - 1] = value;
  return array(...values);
}

function bitSet(before: SimValue | undefined, bit: number, isOn: boolean): SimValue {
  const flags = before?.kind === 'bits' ? [...before.bits] : [];
  while (flags.length < Math.max(4, bit + 1)) flags.push(false);
  flags[bit] = isOn;
  return bits(...flags);
}

/** Present values that are neither REAL nor Unsigned, by object type: bit string, text, integer, double. */
const presentValues: Readonly<Record<number, (raw: number) => SimValue>> = {
  ...both([0, 1, 2], real),
  ...both([3, 4, 5], raw => enumerated(raw >= 0.5 ? 1 : 0)),
  45: raw => ({ kind: 'signed', value: Math.round(raw) }),
  46: raw => ({ kind: 'double', value: raw }),
};

function both(types: readonly number[], make: (raw: number) => SimValue): Record<number, (raw: number) => SimValue> {
  return Object.fromEntries(types.map(type => [type, make]));
}

const booleans = idsOf('out-of-service', 'car-door-zone', 'passenger-alarm', 'power-mode');
const reals = idsOf('car-load', 'energy-meter', 'cov-increment');
const enumerations = new Set<number>([
  ...idsOf('car-door-status', 'car-moving-direction', 'car-assigned-direction', 'car-door-command', 'event-state'),
  ...idsOf('car-mode', 'car-drive-status', 'car-load-units', 'escalator-mode', 'operation-direction', 'reliability'),
  ...idsOf('group-mode', 'units', 'polarity', 'system-status'),
]);

function idsOf(...names: readonly (keyof typeof propertyIds)[]): ReadonlySet<number> {
  return new Set(names.map(name => propertyIds[name]));
}

function primitiveOf({ objectType, property }: BacnetAddress, raw: number | string): SimValue {
  if (typeof raw === 'string') return text(raw);
  if (property === propertyIds['present-value']) return (presentValues[objectType] ?? count)(raw);
  if (booleans.has(property)) return boolean(raw >= 0.5);
  if (enumerations.has(property)) return enumerated(Math.max(0, Math.round(raw)));
  return reals.has(property) || !Number.isInteger(raw) ? real(raw) : count(raw);
}

function count(raw: number): SimValue {
  return unsigned(Math.max(0, Math.round(raw)));
}

/** What points usually have, as numbers of BACnetEngineeringUnits. */
const unitNumbers: Readonly<Record<string, number>> = {
  A: units.amperes,
  V: units.volts,
  kW: units.kilowatts,
  kWh: units['kilowatt-hours'],
  '°C': units['degrees-celsius'],
  kPa: units.kilopascals,
  kg: units.kilograms,
  Hz: units.hertz,
  '%': units.percent,
  'm3/h': units['cubic-meters-per-hour'],
};
