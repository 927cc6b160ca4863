import { expect, test } from 'vitest';
import { createAlarmDesk } from '../../src/live/alarm-desk.ts';
import { type Change, type LimitRule, plainLife } from '../../src/model/alarm.ts';
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

function change(kind: Change['kind'], value: number): Change {
  return { kind, rule, value, sampledAt: 5_000, sampledAtMono: 50 };
}

function desk(standing: Parameters<typeof createAlarmDesk>[0]['standing'] = [], lastEventNumber = 0) {
  return createAlarmDesk({
    storeId: 'store',
    lastEventNumber,
    standing,
    clock: new VirtualClock(6_000),
    stampAt: () => ({ clock: 'synchronised', bootId: 'boot', bootMs: 1_000 }),
    device: number => (number === device.number ? device : undefined),
    point: number => (number === point?.number ? point : undefined),
  });
}

test('an alarm event says all that a duty engineer needs without asking anything back', () => {
  const { events } = desk().record([change('met', 4.2)]);
  expect(events).toEqual([
    {
      number: 1,
      id: 'store-1',
      kind: 'raised',
      alarm: 'booster/pressure-low',
      occurrence: 'store-1',
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
      phase: 'unacknowledged',
      sampledAt: 5_000,
      detectedAt: 6_000,
      stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
    },
  ]);
});

test('all events of one occurrence carry the id of the event that raised it, also over a restart', () => {
  const first = desk();
  const raised = first.record([change('met', 4.2)]);
  const second = desk(first.standing(), 1);
  const returned = second.record([change('gone', 4.7)]);
  expect(returned.events[0]).toMatchObject({ number: 2, id: 'store-2', occurrence: raised.events[0]?.id });
  expect(returned.states).toEqual([{ kind: 'clear', alarm: rule.key }]);
  expect(second.standing()).toEqual([]);
});

test('event numbers go on from the last one of the store, without gaps', () => {
  const { events } = desk([], 41).record([change('met', 4), change('gone', 5), change('met', 4)]);
  expect(events.map(({ number }) => number)).toEqual([42, 43, 44]);
});

test('an alarm whose rule left the site file while the gateway was down is closed, not forgotten', () => {
  const first = desk();
  first.record([change('met', 4.2)]);
  const second = desk(first.standing(), 1);
  expect(second.closeOrphans(key => key !== rule.key)).toMatchObject({
    events: [{ kind: 'removed', alarm: rule.key, occurrence: 'store-1', rule: 'limit', device: 'booster' }],
    states: [{ kind: 'clear', alarm: rule.key }],
  });
  expect(second.standing()).toEqual([]);
  expect(second.closeOrphans(() => false).events).toEqual([]);
});
