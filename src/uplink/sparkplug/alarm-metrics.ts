import {
  type AlarmEvent,
  type AlarmPhase,
  type AlarmState,
  deadlines,
  floodAlarm,
  type Priority,
  type RuleKind,
  suppressionAlarm,
} from '../../model/alarm.ts';
import type { PriorityPolicy } from '../../model/deadline.ts';
import type { Site } from '../../model/site.ts';
import type { Owner } from './ledger.ts';
import type { NamedMetric, Properties, Typed } from './payload.ts';

/*
 * An alarm is the boolean metric `Alarms/<rule id>` of its device: true while it stands. That a device or a bus is not
 * heard is the node's to say, since of a device that is lost nothing may be told: `Alarms/<device id>/<rule id>` there. So is
 * what concerns the site as a whole: `Alarms/site/flood`, and `Alarms/site/suppression:<id>`, which is true while it holds.
 */

type Loss = Pick<AlarmState, 'rule' | 'alarm'>;

export function isLoss({ rule }: { readonly rule: RuleKind }): boolean {
  return rule === 'communication' || rule === 'bus-communication';
}

/** The devices that are not heard while this alarm stands. */
export function devicesLostBy({ rule, alarm }: Loss, site: Site): readonly string[] {
  const { device: place } = partsOf(alarm);
  if (rule === 'communication') return [place];
  if (rule !== 'bus-communication') return [];
  return site.devices.filter(({ bus }) => place === `bus:${bus}`).map(({ id }) => id);
}

/** What a birth certificate says of the alarms of a device, or of those that are the node's to tell. */
export function birthOfAlarms(
  owner: Owner,
  site: Site,
  standing: readonly AlarmState[],
  nowAt: number,
): readonly NamedMetric[] {
  const states = new Map(standing.map(state => [state.alarm, state]));
  const ruled = termsOf(site)
    .filter(({ key, kind }) => ownerOf(kind, key) === owner)
    .map(terms => birthOf(terms.key, terms, site, states.get(terms.key), nowAt));
  const keys = new Set(termsOf(site).map(({ key }) => key));
  // Between a reload and the event that closes it, an alarm can stand whose rule is gone.
  const orphans = standing
    .filter(({ alarm, rule }) => !keys.has(alarm) && ownerOf(rule, alarm) === owner)
    .map(state => birthOf(state.alarm, { kind: state.rule, ...state }, site, state, nowAt));
  return [...ruled, ...orphans];
}

interface AlarmTerms {
  readonly kind: RuleKind;
  readonly priority: Priority;
  readonly message: string;
}

/** Of all alarms that a site can have, those that are about the site itself included. */
function termsOf({ rules, suppressions }: Site): readonly (AlarmTerms & { readonly key: string })[] {
  const flood = { key: floodAlarm, kind: 'flood', priority: 'medium', message: 'flood of alarms' } as const;
  const suppressing = suppressions.map(({ id, name }) => {
    return { key: suppressionAlarm(id), kind: 'suppression', priority: 'low', message: name } as const;
  });
  return [...rules, flood, ...suppressing];
}

function birthOf(
  key: string,
  rule: AlarmTerms,
  { policies }: Site,
  state: AlarmState | undefined,
  nowAt: number,
): NamedMetric {
  return {
    name: nameOf(rule.kind, key),
    type: 'boolean',
    value: state !== undefined && isTrue(rule.kind, state.phase),
    at: state?.raisedAt ?? nowAt,
    properties: {
      priority: text(rule.priority),
      message: text(rule.message),
      phase: text(state?.phase ?? 'normal'),
      ...withinOf(policies[rule.priority]),
      ...(state && { occurrence: text(state.occurrence) }),
      ...(state?.firstOut !== undefined && { firstOut: text(state.firstOut) }),
      ...(state?.duty && state.duty.overdue.length > 0 && { overdue: text(state.duty.overdue.join(', ')) }),
    },
  };
}

/** Whose the event is, and what it says. Its id is the same however often it is sent. */
export function metricOfEvent(event: AlarmEvent): { readonly owner: Owner; readonly metric: NamedMetric } {
  const properties: Properties = {
    eventId: text(event.id),
    eventNumber: { type: 'uint64', value: event.number },
    kind: text(event.kind),
    phase: text(event.phase),
    ...(event.by && { by: text(event.by.who) }),
    ...(event.reason !== undefined && { reason: text(event.reason) }),
    ...(event.until !== undefined && { until: { type: 'dateTime', value: event.until } as const }),
    occurrence: text(event.occurrence),
    ...(event.firstOut !== undefined && { firstOut: text(event.firstOut) }),
    ...(event.overdue !== undefined && { overdue: text(event.overdue) }),
    ...(event.overdueMs !== undefined && { overdueMs: whole(event.overdueMs) }),
    priority: text(event.priority),
    message: text(event.message),
    ...(event.point !== undefined && { point: text(event.point) }),
    ...(event.value !== undefined && { value: { type: 'double', value: event.value } as const }),
    ...(event.state !== undefined && { state: text(event.state) }),
    ...(event.limit !== undefined && { limit: { type: 'double', value: event.limit } as const }),
    ...(event.unit !== '' && { engUnit: text(event.unit) }),
    detectedAt: { type: 'dateTime', value: event.detectedAt },
    clock: text(event.stamp.clock),
  };
  const metric: NamedMetric = {
    name: nameOf(event.rule, event.alarm),
    type: 'boolean',
    value: isTrue(event.rule, event.phase),
    at: event.sampledAt,
    properties,
  };
  return { owner: ownerOf(event.rule, event.alarm), metric };
}

/** The times that the priority gives people, ms from the raise. */
function withinOf(policy: PriorityPolicy): Properties {
  return Object.fromEntries(
    deadlines.flatMap(deadline => {
      const ms = policy[deadline];
      return ms === undefined ? [] : [[`${deadline}WithinMs`, whole(ms)]];
    }),
  );
}

/** The condition stands, and nothing hides the alarm; a suppression holds. */
function isTrue(rule: RuleKind, phase: AlarmPhase): boolean {
  if (rule === 'suppression') return phase !== 'normal';
  return phase === 'unacknowledged' || phase === 'acknowledged';
}

/** What no device of the site can tell is the node's. */
function isOfNode(rule: RuleKind): boolean {
  return isLoss({ rule }) || rule === 'flood' || rule === 'suppression';
}

function ownerOf(rule: RuleKind, key: string): Owner {
  return isOfNode(rule) ? undefined : partsOf(key).device;
}

function nameOf(rule: RuleKind, key: string): string {
  return `Alarms/${isOfNode(rule) ? key : partsOf(key).id}`;
}

/** `device/id`, of which neither has a slash. */
function partsOf(key: string): { readonly device: string; readonly id: string } {
  const slash = key.indexOf('/');
  return { device: key.slice(0, slash), id: key.slice(slash + 1) };
}

function whole(value: number): Typed {
  return { type: 'uint64', value: Math.round(value) };
}

function text(value: string): Typed {
  return { type: 'string', value };
}
