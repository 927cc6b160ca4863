import { expect, test } from 'vitest';
import { createSuppressing } from '../../../src/detect/life/suppression.ts';
import { type AlarmState, normalLife } from '../../../src/model/alarm.ts';
import { reasonOf } from '../../../src/model/suppressed.ts';
import { ruleOf } from './book-rig.ts';

const pumpOff = { id: 'pump-off', name: 'The pump is off' };
const feederDead = { id: 'feeder-dead', name: 'The feeder is dead' };
const times = { sampledAt: 2_000, sampledAtMono: 1_000 };
const rules = [ruleOf('pump/flow', { suppressedBy: ['pump-off', 'feeder-dead'] }), ruleOf('pump/head')];

function hiddenBy(suppressions: readonly string[]): AlarmState {
  const mask = { by: { who: 'gateway', from: 'gateway' }, reason: reasonOf(suppressions), expiry: undefined };
  return { ...normalLife, rule: 'limit', masks: { ...normalLife.masks, suppressed: mask } } as AlarmState;
}

test('a gateway that starts finds the suppressions that held in the alarms that they hide, if it still knows them', () => {
  const states = [hiddenBy(['pump-off', 'feeder-dead']), hiddenBy(['pump-off']), { ...normalLife } as AlarmState];
  const held = (suppressions: Parameters<typeof createSuppressing>[1]) =>
    createSuppressing(states, suppressions).reasonOf(['pump-off', 'lift-off', 'feeder-dead']);
  expect(held([pumpOff, feederDead])).toBe('pump-off, feeder-dead');
  expect(held([feederDead])).toBe('feeder-dead');
  expect(createSuppressing([hiddenBy([])], [pumpOff]).reasonOf(['pump-off'])).toBeUndefined();
});

test('what begins and ends is told once, with its name and how many alarms it hides', () => {
  const suppressing = createSuppressing([], [pumpOff, feederDead]);
  const tell = () =>
    suppressing.tell(rules, times).map(({ kind, suppression, value }) => `${kind}: ${suppression}, ${value}`);
  expect(tell()).toEqual([]);
  expect(suppressing.set('pump-off', true)).toBe(true);
  expect(suppressing.set('pump-off', true)).toBe(false);
  expect(suppressing.set('lift-off', true)).toBe(false);
  expect(tell()).toEqual(['suppression-began: The pump is off, 1']);
  expect(tell()).toEqual([]);
  suppressing.set('feeder-dead', true);
  suppressing.set('pump-off', false);
  expect(tell()).toEqual(['suppression-ended: The pump is off, 1', 'suppression-began: The feeder is dead, 1']);
  // The site file names it no more.
  suppressing.replace([pumpOff]);
  expect(tell()).toEqual(['suppression-ended: The feeder is dead, 1']);
  expect(suppressing.reasonOf(['feeder-dead'])).toBeUndefined();
});

test('one that no alarm names any more has ended for whoever is told', () => {
  const suppressing = createSuppressing([], [pumpOff]);
  suppressing.set('pump-off', true);
  expect(suppressing.tell([], times)).toEqual([]);
  expect(suppressing.tell(rules, times)).toHaveLength(1);
  expect(suppressing.tell([], times)).toMatchObject([{ kind: 'suppression-ended', value: undefined }]);
});
