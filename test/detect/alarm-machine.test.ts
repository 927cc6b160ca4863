import { expect, test } from 'vitest';
import { type AlarmInput, type AlarmPhase, stepAlarm } from '../../src/detect/alarm-machine.ts';
import type { TransitionKind } from '../../src/model/alarm.ts';

test.each<[AlarmPhase, AlarmInput, AlarmPhase, TransitionKind | undefined]>([
  ['normal', 'condition-met', 'active', 'raised'],
  ['normal', 'condition-gone', 'normal', undefined],
  ['normal', 'rule-removed', 'normal', undefined],
  ['active', 'condition-met', 'active', undefined],
  ['active', 'condition-gone', 'normal', 'returned'],
  ['active', 'rule-removed', 'normal', 'removed'],
])('an alarm that is %s: %s makes it %s and records %s', (from, input, phase, transition) => {
  expect(stepAlarm(from, input)).toEqual({ phase, transition });
});
