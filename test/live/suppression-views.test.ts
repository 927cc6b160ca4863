import { expect, test } from 'vitest';
import { suppressionViews } from '../../src/live/suppression-views.ts';
import { hiddenAlarms } from '../../src/live/views.ts';
import { noMasks } from '../../src/model/alarm.ts';
import { sampleAlarm, sampleWallMs } from '../api/sample-gateway.ts';

const by = { who: 'gateway', from: 'gateway' };
const hiddenBy = (reason: string) => ({ ...noMasks, suppressed: { by, reason, expiry: undefined } });

const pumpOff = sampleAlarm({
  ...{ alarm: 'site/suppression:pump-off', rule: 'suppression', phase: 'suppressed', isActive: false, value: 12 },
  ...{ message: 'The pump is off', masks: hiddenBy('pump-off'), raisedAt: sampleWallMs },
});
const feederDead = sampleAlarm({ ...pumpOff, masks: hiddenBy('dead'), value: undefined, raisedAt: sampleWallMs + 1 });

test('a suppression that holds tells since when, how many it hides, and how many conditions stand behind it', () => {
  const flow = sampleAlarm({ alarm: 'pump/flow', phase: 'suppressed', masks: hiddenBy('dead, pump-off') });
  const gone = sampleAlarm({ alarm: 'pump/head', phase: 'suppressed', isActive: false, masks: hiddenBy('pump-off') });
  const states = [pumpOff, feederDead, flow, gone, sampleAlarm()];
  expect(suppressionViews(states)).toEqual([
    { id: 'dead', name: 'The pump is off', since: sampleWallMs + 1, hides: 0, standing: 1 },
    { id: 'pump-off', name: 'The pump is off', since: sampleWallMs, hides: 12, standing: 1 },
  ]);
  expect(hiddenAlarms(states)).toEqual([flow, gone]);
});
