import { expect, test } from 'vitest';
import { createSuppressing } from '../../../src/detect/life/suppression.ts';
import { type AlarmState, normalLife } from '../../../src/model/alarm.ts';
import { reasonOf } from '../../../src/model/suppressed.ts';

function hiddenBy(suppressions: readonly string[]): AlarmState {
  const mask = { by: { who: 'gateway', from: 'gateway' }, reason: reasonOf(suppressions), expiry: undefined };
  return { ...normalLife, masks: { ...normalLife.masks, suppressed: mask } } as AlarmState;
}

const named = (...ids: string[]) => ids.map(id => ({ id, name: id }));

test('a gateway that starts finds the suppressions that held in the alarms that they hide, if it still knows them', () => {
  const states = [hiddenBy(['pump-off', 'feeder-dead']), hiddenBy(['pump-off']), { ...normalLife } as AlarmState];
  const all = ['pump-off', 'feeder-dead', 'lift-off'];
  expect(createSuppressing(states, named(...all)).reasonOf(all)).toBe('pump-off, feeder-dead');
  expect(createSuppressing(states, named('feeder-dead')).reasonOf(all)).toBe('feeder-dead');
  expect(createSuppressing([hiddenBy([])], named('pump-off')).reasonOf(all)).toBeUndefined();
});
