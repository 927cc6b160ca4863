import { expect, test } from 'vitest';
import { normalLife } from '../../src/model/alarm.ts';
import { readEvent, readState } from '../../src/store/alarm-rows.ts';

const body = {
  alarm: 'booster/outlet-low',
  occurrence: 'store-1',
  rule: 'limit',
  priority: 'urgent',
  message: 'Outlet pressure is low',
  raisedAt: 1_795_428_900_001,
  value: 4.2,
  unit: 'bar',
};

test('an alarm that was stored before alarms had a life stands, and nobody has acknowledged it', () => {
  expect(readState(JSON.stringify(body))).toEqual({
    ...normalLife,
    ...body,
    phase: 'unacknowledged',
    isActive: true,
    isUnacknowledged: true,
    stamp: { clock: 'unsynchronised', bootId: '', bootMs: 0 },
  });
});

test('an event that was stored before alarms had a life tells the phase that follows from it', () => {
  const event = {
    ...body,
    number: 1,
    id: 'store-1',
    kind: 'raised',
    stamp: { clock: 'synchronised', bootId: 'b', bootMs: 1 },
  };
  expect(readEvent(JSON.stringify(event)).phase).toBe('unacknowledged');
  expect(readEvent(JSON.stringify({ ...event, kind: 'returned' })).phase).toBe('normal');
});

test('what hides an alarm is read back whole, although JSON leaves out what is undefined', () => {
  const shelved = { by: { who: 'Li Wei', from: 'cli' }, reason: 'sticks' };
  const state = readState(JSON.stringify({ ...body, ...normalLife, phase: 'shelved', masks: { shelved } }));
  expect(state.masks).toEqual({ shelved, suppressed: undefined, outOfService: undefined });
});
