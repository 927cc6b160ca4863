import { type Priority, priorities } from '../../model/alarm.ts';

/*
 * First-out: of the alarms of a group that come together the first one is the cause, the others are secondary to it.
 *
 * Order is that of the samples, not of the reports: buses are read in turns, so the cause may be reported after what it
 * has caused. What was reported cannot be taken back, and detection never waits; so an earlier sample that comes late takes
 * the lead over, and from then on the others are marked with it instead.
 *
 * - The window counts from the sample of the lead. An alarm raised later than that leads a new cause.
 * - Of two samples of the same time the one reported first leads.
 * - A lead that returns goes on to lead until its window is over: after a dip of the mains of one second the pumps that
 *   it has tripped are its secondaries all the same. Marks stay for as long as the occurrence.
 * - A raise earlier than the lead by more than the window has nothing to do with it: it is marked with nothing, and the
 *   lead, being the newer one, stays.
 * - After a restart the leads are found again among the alarms that stand (`leadOf`).
 */

/** The alarm that leads a group now. */
export interface Lead {
  /** Whatever names the occurrence to the caller: an event id, or the key of the alarm. */
  readonly name: string;
  readonly sampledAtMono: number;
}

export type FirstOutMark =
  /** Nothing near was before it: it leads from now on. */
  | { readonly kind: 'first' }
  | { readonly kind: 'secondary'; readonly of: string }
  /** It was before the lead: what is marked with the old one, and the old one itself, is secondary to it now. */
  | { readonly kind: 'takes-over'; readonly from: string }
  /** Long before the lead: it stands alone. */
  | { readonly kind: 'alone' };

export interface FirstOutStep {
  readonly lead: Lead;
  readonly mark: FirstOutMark;
}

/** A raise in a group. Pure; nothing is remembered of a group but its lead. */
export function stepFirstOut(lead: Lead | undefined, raise: Lead, windowMs: number): FirstOutStep {
  if (lead === undefined) return { lead: raise, mark: { kind: 'first' } };
  const afterMs = raise.sampledAtMono - lead.sampledAtMono;
  if (afterMs > windowMs) return { lead: raise, mark: { kind: 'first' } };
  if (afterMs >= 0) return { lead, mark: { kind: 'secondary', of: lead.name } };
  if (afterMs >= -windowMs) return { lead: raise, mark: { kind: 'takes-over', from: lead.name } };
  return { lead, mark: { kind: 'alone' } };
}

/**
 * The lead of a group as it was before a restart: the newest that is marked with nothing. Times are those of the process
 * that asks; of an alarm raised before a reboot that is long ago, so it leads nobody new.
 */
export function leadOf(standing: Iterable<Lead & { readonly firstOut: string | undefined }>): Lead | undefined {
  let lead: Lead | undefined;
  for (const { name, sampledAtMono, firstOut } of standing) {
    if (firstOut !== undefined) continue;
    if (lead === undefined || sampledAtMono > lead.sampledAtMono) lead = { name, sampledAtMono };
  }
  return lead;
}

/**
 * Whether people are called by the first alarm in place of this one: it must stand, be announced, and be at least as urgent.
 * What is more urgent than its cause, or outlives it, calls for itself.
 */
export function isCoveredBy(
  first: { readonly priority: Priority; readonly isActive: boolean; readonly isMasked: boolean } | undefined,
  priority: Priority,
): boolean {
  if (!first?.isActive || first.isMasked) return false;
  return priorities.indexOf(first.priority) >= priorities.indexOf(priority);
}
