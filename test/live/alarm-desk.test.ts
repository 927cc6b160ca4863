import { expect, test } from 'vitest';
import { createAlarmDesk } from '../../src/live/alarm-desk.ts';
import {
  type AlarmLife,
  type Happening,
  type LimitRule,
  normalLife,
  plainLife,
  type Rule,
  type TransitionKind,
} from '../../src/model/alarm.ts';
import { plainEvent } from '../fakes/alarm-parts.ts';
import { deviceWith } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const device = deviceWith('booster', [1_000]);
const point = device.points[0];
if (!point) throw new Error('deviceWith makes a point for each interval');

const rule: LimitRule = {
  kind: 'limit',
  key: 'booster/pressure-low',
  device: device.number,
  point: point.number,
  level: 'low',
  limit: 4.5,
  deadband: 0.1,
  priority: 'urgent',
  message: 'Outlet pressure low',
  onDelayMs: 0,
  offDelayMs: 0,
  life: plainLife,
};

const stands: AlarmLife = { ...normalLife, phase: 'unacknowledged', isActive: true, isUnacknowledged: true };
const returned: AlarmLife = { ...normalLife, phase: 'returned', isUnacknowledged: true };

function happening(kind: TransitionKind, parts: Partial<Happening> = {}): Happening {
  const isRaised = kind === 'raised';
  return {
    kind,
    alarm: rule.key,
    rule,
    life: isRaised ? stands : normalLife,
    isFirst: isRaised,
    value: undefined,
    by: undefined,
    reason: undefined,
    until: undefined,
    firstAlarm: undefined,
    overdue: undefined,
    sampledAt: 5_000,
    sampledAtMono: 50,
    ...parts,
  };
}

function desk(states: Parameters<typeof createAlarmDesk>[0]['states'] = [], lastEventNumber = 0) {
  return createAlarmDesk({
    storeId: 'store',
    lastEventNumber,
    states,
    clock: new VirtualClock(6_000),
    stampAt: () => ({ clock: 'synchronised', bootId: 'boot', bootMs: 1_000 }),
    language: () => 'en',
    device: number => (number === device.number ? device : undefined),
    point: number => (number === point?.number ? point : undefined),
  });
}

test('an alarm event says all that a duty engineer needs without asking anything back', () => {
  const { events } = desk().record([happening('raised', { value: 4.2 })]);
  expect(events).toEqual([
    {
      number: 1,
      id: 'store-1',
      kind: 'raised',
      alarm: 'booster/pressure-low',
      occurrence: 'store-1',
      phase: 'unacknowledged',
      rule: 'limit',
      priority: 'urgent',
      message: 'Outlet pressure low',
      device: 'booster',
      deviceName: 'booster',
      point: 'booster/p0',
      pointName: 'Point 0',
      value: 4.2,
      state: undefined,
      unit: 'bar',
      limit: 4.5,
      ...plainEvent,
      sampledAt: 5_000,
      detectedAt: 6_000,
      stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
    },
  ]);
});

test('all events of one occurrence carry the id of the event that raised it, also over a restart', () => {
  const first = desk();
  const raised = first.record([happening('raised', { value: 4.2 })]);
  const second = desk(first.states(), 1);
  const gone = second.record([happening('returned', { value: 4.7, life: returned })]);
  expect(gone.events[0]).toMatchObject({ number: 2, id: 'store-2', occurrence: raised.events[0]?.id, value: 4.7 });
  expect(second.states()).toMatchObject([{ occurrence: 'store-1', phase: 'returned', value: 4.2, raisedAt: 6_000 }]);
  const by = { who: 'Li Wei', from: 'cli' };
  const acknowledged = second.record([happening('acknowledged', { by })]);
  expect(acknowledged.events[0]).toMatchObject({ occurrence: 'store-1', phase: 'normal', by, value: undefined });
  expect(acknowledged.states).toEqual([{ kind: 'clear', alarm: rule.key }]);
  expect(second.states()).toEqual([]);
});

const terms = { onDelayMs: 0, offDelayMs: 0, device: device.number, point: point.number, priority: 'high' } as const;
const common = { ...terms, key: 'booster/x', message: '', life: plainLife };
const constant = { kind: 'constant', value: 4 } as const;

test.each<[Rule, number | undefined, string]>([
  [{ ...common, kind: 'rate', direction: 'rise', ratePerS: 0.2, windowMs: 5_000, minChange: 0 }, 0.2, 'bar/s'],
  [{ ...common, kind: 'spread', measure: 'deviation', limit: 0.3, deadband: 0, windowMs: 5_000 }, 0.3, 'bar'],
  [{ ...common, kind: 'deviation', from: constant, direction: 'both', limit: 0.4, deadband: 0 }, 0.4, 'bar'],
  [{ ...common, kind: 'crossings', of: constant, most: 6, windowMs: 5_000, band: 0 }, 6, ''],
  [{ ...common, kind: 'frozen', forMs: 5_000, span: 0, companion: undefined }, undefined, 'bar'],
  [{ ...common, kind: 'stale', longestMs: 5_000 }, undefined, 'bar'],
])('an event tells what its value was compared with, in the unit of that: %o', (one, limit, unit) => {
  const { events } = desk().record([happening('raised', { value: 1, rule: one })]);
  expect(events).toMatchObject([{ rule: one.kind, value: 1, limit, unit }]);
});

test('event numbers go on from the last one of the store, without gaps', () => {
  const all = [happening('raised'), happening('returned'), happening('raised')];
  expect(
    desk([], 41)
      .record(all)
      .events.map(({ number }) => number),
  ).toEqual([42, 43, 44]);
});

test('an alarm whose rule left the site file while the gateway was down is told of by what was kept', () => {
  const first = desk();
  first.record([happening('raised', { value: 4.2 })]);
  const second = desk(first.states(), 1);
  expect(second.record([happening('removed', { rule: undefined })])).toMatchObject({
    events: [
      { kind: 'removed', alarm: rule.key, occurrence: 'store-1', rule: 'limit', device: 'booster', priority: 'urgent' },
    ],
    states: [{ kind: 'clear', alarm: rule.key }],
  });
  expect(second.states()).toEqual([]);
});

test('what is raised behind a mask tells the value that it was raised with', () => {
  const one = desk();
  one.record([happening('hidden-raised', { value: 4.2, isFirst: true, life: { ...stands, phase: 'shelved' } })]);
  const { events } = one.record([happening('unshelved', { life: stands }), happening('raised', { isFirst: false })]);
  expect(events.map(({ kind, value, occurrence }) => [kind, value, occurrence])).toEqual([
    ['unshelved', undefined, 'store-1'],
    ['raised', 4.2, 'store-1'],
  ]);
});

test('a corrected time does not undo what people have done meanwhile', () => {
  const one = desk();
  one.record([happening('raised')]);
  const before = one.states();
  one.record([happening('acknowledged', { life: { ...normalLife, phase: 'acknowledged', isActive: true } })]);
  one.correct(before.map(state => ({ ...state, raisedAt: 9_000 })));
  expect(one.states()).toMatchObject([{ phase: 'acknowledged', raisedAt: 9_000 }]);
});

test('a report on an alarm that is normal again belongs to its last occurrence', () => {
  const one = desk();
  const { events } = one.record([happening('raised'), happening('returned'), happening('closed')]);
  expect(events.map(({ occurrence }) => occurrence)).toEqual(['store-1', 'store-1', 'store-1']);
  expect(one.states()).toEqual([]);
});

test('a secondary names the event of its first, also of one that is over, and is corrected without an event', () => {
  const one = desk();
  const second = { ...rule, key: 'booster/second' };
  const { events } = one.record([
    happening('raised'),
    happening('returned'),
    happening('raised', { alarm: second.key, rule: second, firstAlarm: rule.key }),
  ]);
  expect(events[2]?.firstOut).toBe('store-1');
  one.record([happening('raised')]);
  const { events: none, states } = one.record(
    [],
    [{ alarm: second.key, life: stands, firstAlarm: rule.key, priority: 'urgent' }],
  );
  expect(none).toEqual([]);
  expect(states).toMatchObject([
    { kind: 'set', state: { alarm: second.key, firstOut: 'store-4', occurrence: 'store-3', priority: 'urgent' } },
  ]);
  const [kept] = one.record(
    [],
    [{ alarm: second.key, life: stands, firstAlarm: undefined, priority: undefined }],
  ).states;
  expect(kept).toMatchObject({ state: { firstOut: 'store-4', priority: 'urgent' } });
});

test('what another alarm has changed is kept in the same commit as what happened to that one', () => {
  const one = desk();
  const second = { ...rule, key: 'booster/second' };
  one.record([happening('raised', { alarm: second.key, rule: second })]);
  const { events, states } = one.record(
    [happening('raised')],
    [
      { alarm: second.key, life: stands, firstAlarm: rule.key, priority: undefined },
      { alarm: 'booster/over', life: stands, firstAlarm: rule.key, priority: undefined },
    ],
  );
  expect(events).toHaveLength(1);
  expect(states).toMatchObject([
    { kind: 'set', state: { alarm: rule.key, firstOut: undefined } },
    { kind: 'set', state: { alarm: second.key, firstOut: 'store-2' } },
  ]);
});

test('an overdue event says by how much, and a flood is of the site as a whole', () => {
  const flood = { alarm: 'site/flood', rule: undefined, isFirst: true, value: 11 };
  const { events } = desk().record([
    happening('raised'),
    happening('overdue', { overdue: 'acknowledge', overdueMs: 4_000 }),
    happening('flood-began', flood),
  ]);
  expect(events[1]).toMatchObject({ overdue: 'acknowledge', overdueMs: 4_000, occurrence: 'store-1' });
  expect(events[2]).toMatchObject({ rule: 'flood', priority: 'medium', device: 'site', value: 11 });
  expect(events[2]?.message).not.toBe('');
});
