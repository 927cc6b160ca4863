import {
  bacnetObjectTypes,
  bacnetProperties,
  mostBacnetInstance,
  objectTypeOf,
  propertyOf,
} from '../model/bacnet-names.ts';
import type { BacnetAddress, BacnetPart } from '../model/point.ts';
import type { Finding } from './finding.ts';
import type { RawPoint } from './schema.ts';
import { suggestOr } from './suggestion.ts';

/** What the device says for its BACnet points. */
export interface BacnetDefaults {
  /** Of its Device object, which points may name without a number. */
  readonly instance: number;
  /** Whether its present values are told by itself unless a point says otherwise. */
  readonly isTold: boolean;
}

const presentValue = propertyOf('present-value') ?? 85;

const objectHint = 'write its type and number: analog-input 3, or 130 3 for a proprietary type';

function checkObject({ object }: RawPoint): Finding | undefined {
  if (object === undefined) return { field: 'id', message: 'it has no object', hint: `add object: ${objectHint}` };
  const [type = '', instance] = object.split(' ');
  if (objectTypeOf(type) === undefined) {
    const hint = suggestOr(
      type,
      bacnetObjectTypes,
      'write it as the standard does, or as the number of a proprietary type',
    );
    return { field: 'object', message: `"${type}" is no type of object`, hint };
  }
  if (instance === undefined && type !== 'device') {
    return { field: 'object', message: `"${object}" does not say which ${type}`, hint: objectHint };
  }
  if (Number(instance ?? 0) <= mostBacnetInstance) return undefined;
  return {
    field: 'object',
    message: `no object has the number ${instance}`,
    hint: `they go up to ${mostBacnetInstance}`,
  };
}

function checkProperty({ property }: RawPoint): Finding | undefined {
  if (property === undefined || propertyOf(String(property)) !== undefined) return undefined;
  const otherwise = 'write it as the standard does, or as the number of a proprietary property';
  const hint = suggestOr(String(property), bacnetProperties, otherwise);
  return { field: 'property', message: `"${property}" is no property`, hint };
}

/** Keys that say what of a property is the value. */
function partsOf(raw: RawPoint): string[] {
  const given = { bit: raw.bit !== undefined, contains: raw.contains !== undefined, count: isYes(raw.count) };
  return [...Object.entries({ ...given, type: raw.type !== undefined })].flatMap(([key, isGiven]) =>
    isGiven ? [key] : [],
  );
}

function checkPart(raw: RawPoint): Finding | undefined {
  const parts = partsOf(raw);
  if (parts.length < 2) return undefined;
  const message = `"${parts[0]}" and "${parts[1]}" cannot both say what the value is`;
  return { field: parts[1] ?? '', message, hint: 'keep one of them' };
}

/** Only a whole number moves by an increment. */
function checkIncrement(raw: RawPoint): Finding | undefined {
  const [part] = partsOf(raw);
  if (incrementOf(raw) === undefined || part === undefined) return undefined;
  const hint = 'write cov: yes, which tells every change';
  return { field: 'cov', message: `with "${part}" the value has no increment`, hint };
}

/** What a point of a profile no longer is, where the site file names another property of it. */
export function replacedParts({ property }: RawPoint): readonly ('index' | 'contains' | 'count')[] {
  return property === undefined ? [] : ['index', 'contains', 'count'];
}

/** In this order: each check may rely on those before it. */
export const bacnetChecks = [checkObject, checkProperty, checkPart, checkIncrement] as const;

/** Of a point that passed the checks. */
export function buildBacnetAddress(raw: RawPoint, defaults: BacnetDefaults): BacnetAddress {
  const [type = '', instance] = (raw.object ?? '').split(' ');
  const property = propertyOf(String(raw.property ?? presentValue)) ?? presentValue;
  const isTold = raw.cov === undefined ? defaults.isTold && property === presentValue : isYes(raw.cov);
  const isAsked = isTold || typeof raw.cov === 'object';
  return {
    protocol: 'bacnet',
    objectType: objectTypeOf(type) ?? 0,
    instance: instance === undefined ? defaults.instance : Number(instance),
    property,
    index: raw.index,
    part: partOf(raw),
    cov: isAsked ? { increment: incrementOf(raw) } : undefined,
  };
}

function partOf(raw: RawPoint): BacnetPart {
  if (raw.bit !== undefined) return { kind: 'bit', bit: raw.bit };
  if (raw.contains !== undefined) return { kind: 'contains', value: raw.contains };
  if (isYes(raw.count)) return { kind: 'count' };
  return { kind: raw.type === 'text' ? 'text' : 'whole' };
}

function incrementOf({ cov }: RawPoint): number | undefined {
  return typeof cov === 'object' ? cov.increment : undefined;
}

export function isYes(written: unknown): boolean {
  return written === true || written === 'yes';
}

/** The object of a profile's point, moved for the second or third equipment of one device; its Device object stays. */
export function moveObject(raw: RawPoint, offset: number): RawPoint {
  const instance = movableInstance(raw);
  if (offset === 0 || instance === undefined) return raw;
  return { ...raw, object: `${raw.object?.split(' ')[0]} ${instance + offset}` };
}

/** The most that the objects of these points can be moved. */
export function mostOffset(points: readonly RawPoint[]): number {
  return mostBacnetInstance - Math.max(0, ...points.map(raw => movableInstance(raw) ?? 0));
}

function movableInstance({ object }: RawPoint): number | undefined {
  const [type, instance] = (object ?? '').split(' ');
  return instance === undefined || type === 'device' ? undefined : Number(instance);
}
