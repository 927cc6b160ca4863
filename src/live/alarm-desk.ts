import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { type AlarmEvent, type AlarmState, type Change, normalLife, type Rule } from '../model/alarm.ts';
import type { Device } from '../model/device.ts';
import type { Point } from '../model/point.ts';
import type { TimeStamp } from '../model/time.ts';
import type { AlarmStateChange } from '../store/store.ts';

/**
 * Turns the detector's transitions into the events that are recorded and sent: numbers them, names them and keeps the
 * list of the alarms that stand. Everything it makes is plain data; the gateway commits it.
 */
export interface AlarmDesk {
  /** Events and state changes for one commit, in order. */
  record(changes: readonly Change[]): AlarmRecord;
  /** Alarms that stand although the site has no rule for them any more: closed as `removed`. */
  closeOrphans(hasRule: (alarm: string) => boolean): AlarmRecord;
  standing(): readonly AlarmState[];
  /** The times of these alarms were corrected; those that have gone meanwhile stay gone. */
  correct(states: readonly AlarmState[]): void;
}

export interface AlarmRecord {
  readonly events: readonly AlarmEvent[];
  readonly states: readonly AlarmStateChange[];
}

export interface AlarmDeskOptions {
  readonly storeId: string;
  readonly lastEventNumber: number;
  readonly standing: readonly AlarmState[];
  readonly clock: Clock;
  /** For an event that was detected at this monotonic time. */
  readonly stampAt: (mono: number) => TimeStamp;
  /** By number; looked up when an event is made, so that names are those of the site at that time. */
  readonly device: (deviceNumber: number) => Device | undefined;
  readonly point: (pointNumber: number) => Point | undefined;
}

export function createAlarmDesk(options: AlarmDeskOptions): AlarmDesk {
  const { storeId, clock } = options;
  const standing = new Map(options.standing.map(state => [state.alarm, state]));
  let lastNumber = options.lastEventNumber;

  function recordChange(change: Change): [AlarmEvent, AlarmStateChange] {
    const { rule } = change;
    const kind = eventKinds[change.kind];
    lastNumber += 1;
    const id = `${storeId}-${lastNumber}`;
    const occurrence = kind === 'raised' ? id : (standing.get(rule.key)?.occurrence ?? id);
    const event: AlarmEvent = {
      number: lastNumber,
      id,
      kind,
      alarm: rule.key,
      occurrence,
      phase: kind === 'raised' ? 'unacknowledged' : 'normal',
      rule: rule.kind,
      priority: rule.priority,
      message: rule.message,
      ...describeSource(rule, change.value),
      value: change.value,
      limit: limitOf(rule),
      ...nothingElse,
      sampledAt: change.sampledAt,
      detectedAt: clock.wallMs(),
      stamp: options.stampAt(clock.monoMs()),
    };
    return [event, settleState(event)];
  }

  function settleState(event: AlarmEvent): AlarmStateChange {
    if (event.kind !== 'raised') {
      standing.delete(event.alarm);
      return { kind: 'clear', alarm: event.alarm };
    }
    const { alarm, occurrence, rule, priority, message, value, unit } = event;
    const raised = { alarm, occurrence, rule, priority, message, raisedAt: event.detectedAt, value, unit };
    const life = { ...normalLife, phase: event.phase, isActive: true, isUnacknowledged: true };
    const state: AlarmState = { ...life, ...raised, state: event.state, stamp: event.stamp, firstOut: undefined };
    standing.set(alarm, state);
    return { kind: 'set', state };
  }

  function describeSource(rule: Rule, value: number | undefined) {
    const device = 'device' in rule ? options.device(rule.device) : undefined;
    const point = 'point' in rule ? options.point(rule.point) : undefined;
    // The alarm of a bus has no device; that of a rule that was just removed may have been removed with it.
    const deviceId = device?.id ?? rule.key.slice(0, rule.key.indexOf('/'));
    return {
      device: deviceId,
      deviceName: device?.name ?? deviceId,
      point: point?.key,
      pointName: point?.name,
      state: value === undefined ? undefined : point?.states?.get(value),
      unit: rule.kind === 'rate' && point ? `${point.unit}/s` : (point?.unit ?? ''),
    };
  }

  return {
    record(changes) {
      const pairs = changes.map(recordChange);
      return { events: pairs.map(([event]) => event), states: pairs.map(([, state]) => state) };
    },
    closeOrphans(hasRule) {
      const events: AlarmEvent[] = [];
      const states: AlarmStateChange[] = [];
      for (const state of [...standing.values()].filter(({ alarm }) => !hasRule(alarm))) {
        lastNumber += 1;
        const identity = { number: lastNumber, id: `${storeId}-${lastNumber}` };
        const event = orphanEvent(state, identity, clock.wallMs(), options.stampAt(clock.monoMs()));
        events.push(event);
        states.push(settleState(event));
      }
      return { events, states };
    },
    standing: () => [...standing.values()],
    correct(states) {
      for (const state of states) {
        if (standing.get(state.alarm)?.occurrence === state.occurrence) standing.set(state.alarm, state);
      }
    },
  };
}

const eventKinds = { met: 'raised', gone: 'returned', removed: 'removed' } as const;

const nothingElse = { by: undefined, reason: undefined, until: undefined, firstOut: undefined, overdue: undefined };

function limitOf(rule: Rule): number | undefined {
  switch (rule.kind) {
    case 'limit':
      return rule.limit;
    case 'rate':
      return rule.ratePerS;
    case 'state':
    case 'communication':
    case 'bus-communication':
      return undefined;
  }
}

function orphanEvent(
  state: AlarmState,
  identity: Pick<AlarmEvent, 'number' | 'id'>,
  nowAt: number,
  stamp: TimeStamp,
): AlarmEvent {
  const slash = state.alarm.indexOf('/');
  assert(slash > 0, `alarm key ${state.alarm} names no device`);
  const device = state.alarm.slice(0, slash);
  return {
    ...identity,
    kind: 'removed',
    alarm: state.alarm,
    occurrence: state.occurrence,
    phase: 'normal',
    rule: state.rule,
    priority: state.priority,
    message: state.message,
    device,
    deviceName: device,
    point: undefined,
    pointName: undefined,
    value: undefined,
    state: undefined,
    unit: state.unit,
    limit: undefined,
    ...nothingElse,
    sampledAt: nowAt,
    detectedAt: nowAt,
    stamp,
  };
}
