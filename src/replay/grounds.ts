import type { JudgedSite } from '../judge/judge.ts';
import type { Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { isComputed } from '../model/point.ts';
import type { SourceFinder, Sources } from './sources.ts';
import { createSourceFinder } from './sources.ts';

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
  /** What alarms are made of. */
  readonly finder: SourceFinder;
  /** Keys of all points that the record ever had. */
  readonly recorded: ReadonlySet<string>;
  /** Keys of points whose unit does not convert. */
  readonly otherUnit: ReadonlySet<string>;
  /** 0 to 1 by key: how much of the time is known. */
  readonly known: ReadonlyMap<string, number>;
}

/** Why the record says nothing about the condition of an alarm; undefined where it does. */
export function doubtOf(rule: Rule, grounds: Grounds): Doubt | undefined {
  return doubtOfSources(grounds.finder.ofRule(rule), grounds);
}

/** Ids of the suppressions of which the record cannot tell when they hid alarms. */
export function doubtfulSuppressions({ suppressions }: JudgedSite, grounds: Grounds): readonly string[] {
  const ids = suppressions.map(({ id }) => id);
  return ids.filter(id => doubtOfSources(grounds.finder.ofSuppression(id), grounds) !== undefined);
}

/** 0 to 1: how much of the time is known of what the rule looks at; undefined where that is a device. */
export function knownShareOf(rule: Rule, { points, known, finder }: Grounds): number | undefined {
  const sources = finder.ofRule(rule);
  const shares = points.filter(({ number }) => sources.points.has(number)).map(({ key }) => known.get(key) ?? 0);
  return shares.length === 0 ? undefined : Math.min(...shares);
}

/**
 * The points that are needed of the record: those that rules, expressions and suppressions look at, and those of whole
 * devices where it matters whether they were heard. What is computed is computed again.
 */
export function pointsNeeded(site: JudgedSite, points: readonly Point[]): readonly Point[] {
  const finder = createSourceFinder(site);
  const sources = [...site.rules.map(finder.ofRule), ...site.suppressions.map(({ id }) => finder.ofSuppression(id))];
  const wanted = new Set(sources.flatMap(one => [...one.points]));
  const devices = new Set(sources.flatMap(one => [...one.devices]));
  return points.filter(point => !isComputed(point) && (wanted.has(point.number) || devices.has(point.device)));
}

function doubtOfSources(sources: Sources, grounds: Grounds): Doubt | undefined {
  const ofDevices = doubtOfDevices([...sources.devices], grounds);
  return ofDevices ?? [...sources.points].map(point => doubtOfPoint(point, grounds)).find(doubt => doubt !== undefined);
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
