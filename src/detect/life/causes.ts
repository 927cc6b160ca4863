import { type FirstOutMark, type Lead, stepFirstOut } from './first-out.ts';

/** Which alarm is secondary to which, by their keys. Changed in place; never more than the alarms that stand. */
export interface Causes {
  /** By group. */
  readonly leads: Map<string, Lead>;
  /** By the key of an alarm: that of the first one. */
  readonly firstOf: Map<string, string>;
  /** The other way round. */
  readonly secondariesOf: Map<string, Set<string>>;
}

export function createCauses(): Causes {
  return { leads: new Map(), firstOf: new Map(), secondariesOf: new Map() };
}

/**
 * An alarm of a group is raised, or comes back.
 * @returns keys of the other alarms that are marked otherwise from now on.
 */
export function enterGroup(causes: Causes, group: string, raise: Lead, windowMs: number): readonly string[] {
  const before = causes.leads.get(group);
  // An alarm that comes again is no cause of itself: it leads anew.
  const { lead, mark } = stepFirstOut(before?.name === raise.name ? undefined : before, raise, windowMs);
  causes.leads.set(group, lead);
  return settleMark(causes, raise.name, mark);
}

function settleMark(causes: Causes, alarm: string, mark: FirstOutMark): readonly string[] {
  if (mark.kind === 'secondary') markSecondary(causes, alarm, mark.of);
  if (mark.kind !== 'takes-over') return [];
  const followers = [mark.from, ...(causes.secondariesOf.get(mark.from) ?? [])];
  for (const one of followers) markSecondary(causes, one, alarm);
  return followers;
}

/** Kept marks are taken over as they were. */
export function markSecondary(causes: Causes, alarm: string, first: string): void {
  leaveCause(causes, alarm);
  causes.firstOf.set(alarm, first);
  const secondaries = causes.secondariesOf.get(first) ?? new Set();
  causes.secondariesOf.set(first, secondaries.add(alarm));
}

/** What was secondary to it is so no more. */
export function leaveSecondaries(causes: Causes, first: string): void {
  for (const alarm of causes.secondariesOf.get(first) ?? []) leaveCause(causes, alarm);
}

/** The alarm is over, or its cause is no longer that occurrence. */
export function leaveCause(causes: Causes, alarm: string): void {
  const first = causes.firstOf.get(alarm);
  if (first === undefined) return;
  causes.firstOf.delete(alarm);
  const secondaries = causes.secondariesOf.get(first);
  secondaries?.delete(alarm);
  if (secondaries?.size === 0) causes.secondariesOf.delete(first);
}
