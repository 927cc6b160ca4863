import { otherPointOf, type Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';

/** Why the record cannot tell whether an alarm would have come. */
export type Doubt =
  /** Nothing of the point was ever recorded under this key. */
  | 'not-recorded'
  /** It was, but not in the time that is replayed. */
  | 'no-record-then'
  /** It was recorded in a unit that does not convert. */
  | 'other-unit'
  /** No point of the device was recorded, so nobody knows whether it was heard. */
  | 'device-not-recorded'
  /** The rule needs what no record has. */
  | 'needs-more';

export interface Grounds {
  readonly points: readonly Point[];
  /** Keys of all points that the record ever had. */
  readonly recorded: ReadonlySet<string>;
  /** Keys of points whose unit does not convert. */
  readonly otherUnit: ReadonlySet<string>;
  /** 0 to 1 by key: how much of the time is known. */
  readonly known: ReadonlyMap<string, number>;
}

/** Why the record says nothing about a rule; undefined where it does. */
export function doubtOf(rule: Rule, grounds: Grounds): Doubt | undefined {
  const devices = devicesOf(rule);
  if (devices.length > 0) return doubtOfDevices(devices, grounds);
  return pointsOf(rule)
    .map(point => doubtOfPoint(point, grounds))
    .find(doubt => doubt !== undefined);
}

/** 0 to 1: how much of the time is known of what the rule looks at; undefined where that is a device. */
export function knownShareOf(rule: Rule, { points, known }: Grounds): number | undefined {
  const shares = points.filter(({ number }) => pointsOf(rule).includes(number)).map(({ key }) => known.get(key) ?? 0);
  return shares.length === 0 ? undefined : Math.min(...shares);
}

/** The points that some rules look at; those of whole devices where it matters whether they were heard. */
export function pointsNeeded(rules: readonly Rule[], points: readonly Point[]): readonly Point[] {
  const wanted = new Set(rules.flatMap(pointsOf));
  const devices = new Set(rules.flatMap(devicesOf));
  return points.filter(({ number, device }) => wanted.has(number) || devices.has(device));
}

/** Numbers of the points whose values a rule judges. */
function pointsOf(rule: Rule): readonly number[] {
  if (!('point' in rule)) return [];
  const other = otherPointOf(rule);
  return other === undefined ? [rule.point] : [rule.point, other];
}

/** Numbers of the devices of which a rule asks whether they are heard. */
function devicesOf(rule: Rule): readonly number[] {
  if (rule.kind === 'communication') return [rule.device];
  return rule.kind === 'bus-communication' ? rule.devices : [];
}

function doubtOfPoint(number: number, { points, recorded, otherUnit, known }: Grounds): Doubt | undefined {
  const point = points.find(one => one.number === number);
  if (!point) return 'needs-more';
  if (otherUnit.has(point.key)) return 'other-unit';
  if (!recorded.has(point.key)) return 'not-recorded';
  return (known.get(point.key) ?? 0) > 0 ? undefined : 'no-record-then';
}

/** A device is known to be silent by the reasons that its recorded points carry. */
function doubtOfDevices(devices: readonly number[], { points, recorded }: Grounds): Doubt | undefined {
  const isRecorded = (device: number) => points.some(point => point.device === device && recorded.has(point.key));
  return devices.every(isRecorded) ? undefined : 'device-not-recorded';
}
