import type { Rule } from '../model/alarm.ts';
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
  switch (rule.kind) {
    case 'communication':
      return doubtOfDevices([rule.device], grounds);
    case 'bus-communication':
      return doubtOfDevices(rule.devices, grounds);
    default:
      return 'point' in rule ? doubtOfPoint(rule.point, grounds) : 'needs-more';
  }
}

/** 0 to 1: how much of the time is known of what the rule looks at. */
export function knownShareOf(rule: Rule, { points, known }: Grounds): number | undefined {
  const point = 'point' in rule ? points.find(({ number }) => number === rule.point) : undefined;
  return point && known.get(point.key);
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

/** The points that some rules look at; those of whole devices where it matters whether they were heard. */
export function pointsNeeded(rules: readonly Rule[], points: readonly Point[]): readonly Point[] {
  const wanted = new Set(rules.flatMap(rule => ('point' in rule ? [rule.point] : [])));
  const devices = new Set(rules.flatMap(devicesOf));
  return points.filter(({ number, device }) => wanted.has(number) || devices.has(device));
}

function devicesOf(rule: Rule): readonly number[] {
  if (rule.kind === 'bus-communication') return rule.devices;
  return 'point' in rule ? [] : [rule.device];
}
