import { expect, test } from 'vitest';
import type { AlarmMask, AlarmState } from '../../src/model/alarm.ts';
import { noMasks } from '../../src/model/alarm.ts';
import { type Claim, standingAlarm } from '../../src/output/standing-alarm.ts';
import { sampleAlarm } from '../api/sample-gateway.ts';

const nothing: Claim = { overdue: [], isCovered: false };
const mask: AlarmMask = { by: { who: 'lin', from: 'cli' }, reason: undefined, expiry: undefined };

test.each<[string, Partial<AlarmState>, string[]]>([
  ['stands and nobody has answered', { isActive: true, isUnacknowledged: true }, ['unacknowledged', 'active']],
  ['stands, acknowledged', { phase: 'acknowledged', isActive: true, isUnacknowledged: false }, ['active']],
  ['has returned unseen', { phase: 'returned', isActive: false, isUnacknowledged: true }, ['unacknowledged']],
  [
    'is latched and waits for its reset',
    { phase: 'latched-acknowledged', isActive: false, isUnacknowledged: false },
    [],
  ],
])('an alarm that %s', (_, changes, reasons) => {
  expect(standingAlarm(sampleAlarm(changes), nothing)).toMatchObject({ reasons, isQuiet: false });
});

test.each(['shelved', 'suppressed', 'outOfService'] as const)('an alarm that is %s calls nobody', name => {
  expect(standingAlarm(sampleAlarm({ masks: { ...noMasks, [name]: mask } }), nothing).isQuiet).toBe(true);
});

test('an alarm that is announced again calls anew, one that was only acknowledged does not', () => {
  const callOf = (changes: Partial<AlarmState>) => standingAlarm(sampleAlarm(changes), nothing).call;
  expect(callOf({ reAlarms: 1 })).not.toBe(callOf({ reAlarms: 0 }));
  expect(callOf({ isUnacknowledged: false })).toBe(callOf({}));
});

test('of an alarm that comes back within its occurrence it is known how often', () => {
  expect(standingAlarm(sampleAlarm({ comebacks: 3 }), nothing).comebacks).toBe(3);
});

test('an alarm with a deadline that has passed is overdue', () => {
  expect(standingAlarm(sampleAlarm(), { ...nothing, overdue: ['arrive'] }).reasons).toContain('overdue');
});

test('an alarm whose cause calls people in its place calls nobody', () => {
  expect(standingAlarm(sampleAlarm(), { overdue: [], isCovered: true }).isQuiet).toBe(true);
});
