import type { Clock } from '../base/clock.ts';
import type { AlarmEvent, AlarmLife, AlarmState, Happening, Priority, Rule } from '../model/alarm.ts';
import type { Device } from '../model/device.ts';
import type { Point } from '../model/point.ts';
import { type Language, say } from '../model/texts.ts';
import type { TimeStamp } from '../model/time.ts';
import type { AlarmStateChange } from '../store/store.ts';

/**
 * Turns what happened to alarms into the events that are recorded and sent: numbers them, names them and keeps the list
 * of the alarms that are not normal. Everything it makes is plain data; the gateway commits it.
 */
export interface AlarmDesk {
  /**
   * Events and state changes for one commit, in order.
   *
   * @param renewals lives that have changed by it, or by time, without an event of their own
   */
  record(happenings: readonly Happening[], renewals?: readonly Renewal[]): AlarmRecord;
  /** Every alarm that is not normal, hidden ones included. */
  states(): readonly AlarmState[];
  /** The last occurrence of an alarm, also where it is normal again; undefined where the gateway has not seen one. */
  occurrenceOf(alarm: string): string | undefined;
  /** The times of these alarms were corrected; those that have gone meanwhile stay gone. */
  correct(states: readonly AlarmState[]): void;
}

export interface Renewal {
  readonly alarm: string;
  readonly life: AlarmLife;
  /** Key of the alarm that was the first of its first-out group; undefined: it stays as it was. */
  readonly firstAlarm: string | undefined;
  /** Undefined: it stays as it was. */
  readonly priority: Priority | undefined;
}

export interface AlarmRecord {
  readonly events: readonly AlarmEvent[];
  readonly states: readonly AlarmStateChange[];
}

export interface AlarmDeskOptions {
  readonly storeId: string;
  readonly lastEventNumber: number;
  readonly states: readonly AlarmState[];
  readonly clock: Clock;
  /** For an event that was detected at this monotonic time. */
  readonly stampAt: (mono: number) => TimeStamp;
  /** Of what it says itself. */
  readonly language: () => Language;
  /** By number; looked up when an event is made, so that names are those of the site at that time. */
  readonly device: (deviceNumber: number) => Device | undefined;
  readonly point: (pointNumber: number) => Point | undefined;
}

export function createAlarmDesk(options: AlarmDeskOptions): AlarmDesk {
  const { storeId, clock } = options;
  const states = new Map(options.states.map(state => [state.alarm, state]));
  /** By alarm, also of those that are normal again: what follows them, or is reported of them late, names their last one. */
  const lastOccurrence = new Map(options.states.map(({ alarm, occurrence }) => [alarm, occurrence]));
  let lastNumber = options.lastEventNumber;

  function recordOne(happening: Happening): [AlarmEvent, AlarmStateChange] {
    const { kind, alarm, life } = happening;
    lastNumber += 1;
    const id = `${storeId}-${lastNumber}`;
    const state = states.get(alarm);
    const value = happening.value ?? (kind === 'raised' && !happening.isFirst ? state?.value : undefined);
    const occurrence = happening.isFirst ? id : (lastOccurrence.get(alarm) ?? id);
    lastOccurrence.set(alarm, occurrence);
    const event: AlarmEvent = {
      number: lastNumber,
      id,
      kind,
      alarm,
      occurrence,
      phase: life.phase,
      ...describe(happening, value, state),
      value,
      by: happening.by,
      reason: happening.reason,
      until: happening.until,
      firstOut: firstOutOf(happening, state),
      overdue: happening.overdue,
      overdueMs: happening.overdueMs,
      sampledAt: happening.sampledAt,
      detectedAt: clock.wallMs(),
      stamp: options.stampAt(clock.monoMs()),
    };
    return [event, settle(event, happening)];
  }

  function firstOutOf({ firstAlarm, isFirst }: Happening, state: AlarmState | undefined): string | undefined {
    if (firstAlarm === null) return undefined;
    if (firstAlarm !== undefined) return lastOccurrence.get(firstAlarm);
    return isFirst ? undefined : state?.firstOut;
  }

  /** What the alarm is after the event. Its value is the one that it was raised with. */
  function settle(event: AlarmEvent, { life, isFirst }: Happening): AlarmStateChange {
    const { alarm, occurrence, rule, priority, message, firstOut, value, state, unit, detectedAt, stamp } = event;
    if (event.kind === 'removed') lastOccurrence.delete(alarm);
    if (life.phase === 'normal') {
      states.delete(alarm);
      return { kind: 'clear', alarm };
    }
    const begun = { value, state, unit, raisedAt: detectedAt, stamp };
    const known = isFirst ? undefined : states.get(alarm);
    const kept = known && {
      value: known.value,
      state: known.state,
      unit: known.unit,
      raisedAt: known.raisedAt,
      stamp: known.stamp,
    };
    const next: AlarmState = { ...life, alarm, occurrence, rule, priority, message, ...(kept ?? begun), firstOut };
    states.set(alarm, next);
    return { kind: 'set', state: next };
  }

  /** Of a rule; of an alarm without one what was kept of it. */
  function describe({ rule, alarm, suppression }: Happening, value: number | undefined, state: AlarmState | undefined) {
    // The alarm of a bus has no device; that of a rule that was just removed may have been removed with it.
    const place = alarm.slice(0, Math.max(0, alarm.indexOf('/'))) || alarm;
    const device = rule && 'device' in rule ? options.device(rule.device) : undefined;
    const point = rule && 'point' in rule ? options.point(rule.point) : undefined;
    return {
      rule: rule?.kind ?? state?.rule ?? (suppression === undefined ? 'flood' : 'suppression'),
      priority: rule?.priority ?? state?.priority ?? (suppression === undefined ? 'medium' : 'low'),
      message: rule?.message ?? suppression ?? state?.message ?? say(options.language(), 'flood', {}),
      device: device?.id ?? place,
      deviceName: device?.name ?? place,
      point: point?.key,
      pointName: point?.name,
      state: value === undefined || rule?.kind === 'counter-rate' ? undefined : point?.states?.get(value),
      unit: rule ? unitOf(rule, point) : (state?.unit ?? ''),
      limit: rule && limitOf(rule),
    } as const;
  }

  /** Nothing of an alarm that has become normal meanwhile. */
  function renew({ alarm, life, firstAlarm, priority }: Renewal): readonly AlarmStateChange[] {
    const before = states.get(alarm);
    if (!before) return [];
    const firstOut = firstAlarm === undefined ? before.firstOut : lastOccurrence.get(firstAlarm);
    const state = { ...before, ...life, firstOut, priority: priority ?? before.priority };
    states.set(alarm, state);
    return [{ kind: 'set', state }];
  }

  return {
    record(happenings, renewals = []) {
      const pairs = happenings.map(recordOne);
      const changes = [...pairs.map(([, state]) => state), ...renewals.flatMap(renew)];
      return { events: pairs.map(([event]) => event), states: changes };
    },
    occurrenceOf: alarm => lastOccurrence.get(alarm),
    states: () => [...states.values()],
    correct(corrected) {
      for (const { alarm, occurrence, raisedAt } of corrected) {
        const state = states.get(alarm);
        // Only its time: what people have done with it meanwhile is newer here.
        if (state?.occurrence === occurrence) states.set(alarm, { ...state, raisedAt });
      }
    },
  };
}

/** Of the value that an event of this rule tells. */
function unitOf(rule: Rule, point: Point | undefined): string {
  // Crossings are counted; everything else is measured as the point is.
  if (point === undefined || rule.kind === 'crossings') return '';
  return rule.kind === 'rate' ? `${point.unit}/s` : point.unit;
}

function limitOf(rule: Rule): number | undefined {
  switch (rule.kind) {
    case 'limit':
    case 'counter-rate':
    case 'forecast':
      return rule.limit;
    case 'rate':
      return rule.ratePerS;
    case 'spread':
    case 'deviation':
      return rule.limit;
    case 'crossings':
      return rule.most;
    case 'state':
    case 'stale':
    case 'mismatch':
    case 'frozen':
    case 'duration':
    case 'missing':
    case 'band':
    case 'communication':
    case 'bus-communication':
      return undefined;
  }
}
