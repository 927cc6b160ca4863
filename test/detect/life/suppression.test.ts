import { expect, test } from 'vitest';
import { activeReasons, reasonsOf } from '../../../src/detect/life/suppression.ts';
import { type AlarmState, normalLife } from '../../../src/model/alarm.ts';

function hiddenBy(suppressions: readonly string[]): AlarmState {
  const mask = { by: { who: 'gateway', from: 'gateway' }, reason: reasonsOf(suppressions), expiry: undefined };
  return { ...normalLife, masks: { ...normalLife.masks, suppressed: mask } } as AlarmState;
}

test('a gateway that starts finds the suppressions that were active in the alarms that they hide, if it still knows them', () => {
  const states = [hiddenBy(['pump-off', 'feeder-dead']), hiddenBy(['pump-off']), { ...normalLife } as AlarmState];
  expect([...activeReasons(states, new Set(['pump-off', 'feeder-dead', 'lift-off']))]).toEqual([
    'pump-off',
    'feeder-dead',
  ]);
  expect([...activeReasons(states, new Set(['feeder-dead']))]).toEqual(['feeder-dead']);
  expect([...activeReasons([hiddenBy([])], new Set(['pump-off']))]).toEqual([]);
});
