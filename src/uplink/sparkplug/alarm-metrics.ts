import type { AlarmEvent, AlarmPhase, AlarmState, Priority, RuleKind } from '../../model/alarm.ts';
import type { Site } from '../../model/site.ts';
import type { Owner } from './ledger.ts';
import type { NamedMetric, Properties, Typed } from './payload.ts';

/*
 * An alarm is the boolean metric `Alarms/<rule id>` of its device: true while it stands. That a device or a bus is not
 * heard is the node's to say, since of a device that is lost nothing may be told: `Alarms/<device id>/<rule id>` there.
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
  const ruled = site.rules
    .filter(({ key, kind }) => ownerOf(kind, key) === owner)
    .map(rule => birthOf(rule.key, rule, states.get(rule.key), nowAt));
  const keys = new Set(site.rules.map(({ key }) => key));
  // Between a reload and the event that closes it, an alarm can stand whose rule is gone.
  const orphans = standing
    .filter(({ alarm, rule }) => !keys.has(alarm) && ownerOf(rule, alarm) === owner)
    .map(state => birthOf(state.alarm, { kind: state.rule, ...state }, state, nowAt));
  return [...ruled, ...orphans];
}

function birthOf(
  key: string,
  rule: { readonly kind: RuleKind; readonly priority: Priority; readonly message: string },
  state: AlarmState | undefined,
  nowAt: number,
): NamedMetric {
  return {
    name: nameOf(rule.kind, key),
    type: 'boolean',
    value: state !== undefined && isStanding(state.phase),
    at: state?.raisedAt ?? nowAt,
    properties: {
      priority: text(rule.priority),
      message: text(rule.message),
      phase: text(state?.phase ?? 'normal'),
      ...(state && { occurrence: text(state.occurrence) }),
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
    value: isStanding(event.phase),
    at: event.sampledAt,
    properties,
  };
  return { owner: ownerOf(event.rule, event.alarm), metric };
}

/** The condition stands, and nothing hides the alarm. */
function isStanding(phase: AlarmPhase): boolean {
  return phase === 'unacknowledged' || phase === 'acknowledged';
}

function ownerOf(rule: RuleKind, key: string): Owner {
  return isLoss({ rule }) ? undefined : partsOf(key).device;
}

function nameOf(rule: RuleKind, key: string): string {
  return `Alarms/${isLoss({ rule }) ? key : partsOf(key).id}`;
}

/** `device/id`, of which neither has a slash. */
function partsOf(key: string): { readonly device: string; readonly id: string } {
  const slash = key.indexOf('/');
  return { device: key.slice(0, slash), id: key.slice(slash + 1) };
}

function text(value: string): Typed {
  return { type: 'string', value };
}
