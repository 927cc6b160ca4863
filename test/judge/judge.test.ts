import { expect, test } from 'vitest';
import { createJudge, type Judge, type JudgedSite, type Verdict } from '../../src/judge/judge.ts';
import { plainLife, type Rule, weekdays } from '../../src/model/alarm.ts';
import { usualPolicies } from '../../src/model/deadline.ts';
import type { Expression } from '../../src/model/expression.ts';
import type { Point } from '../../src/model/point.ts';
import { limitRule, stateRule } from '../detect/plant.ts';
import { bad, batch, good, noon, point } from '../history/samples.ts';

/*
 * A booster pump: its run feedback (point 0), its flow (1) and its pressure (2). An alarm on low flow that a stopped pump
 * suppresses, a computed point and an alarm with an expression over both.
 */

const [run, flow, pressure] = [point(0), point(1), point(2)];
const computed = (number: number): Point => ({ ...point(number), address: { protocol: 'computed' } });
const [power, burst] = [computed(3), computed(4)];
const value = (name: string, number: number) =>
  ({ kind: 'value', name, point: number, isText: false, conversion: undefined }) as const;

const expressions: readonly Expression[] = [
  {
    target: { kind: 'point', point: power },
    inputs: [value('q', 1), value('p', 2)],
    text: 'q * p',
  },
  {
    target: { kind: 'alarm', point: burst },
    inputs: [value('power', 3), value('p', 2)],
    text: 'power > 50.0 && p < 2.0',
  },
  { target: { kind: 'suppression', id: 'pump-off' }, inputs: [value('run', 0)], text: 'run == 0.0' },
];
const low: Rule = limitRule({
  ...{ key: 'pump/flow-low', point: 1, level: 'low', limit: 5, deadband: 0, onDelayMs: 0 },
  life: { ...plainLife, suppressedBy: ['pump-off'] },
});
const pipe: Rule = stateRule({ key: 'pump/burst', point: 4, states: [1], onDelayMs: 0 });
const site: JudgedSite = {
  ...{ rules: [low, pipe], expressions, policies: usualPolicies, groups: [], gateway: { timeZone: 'UTC' } },
  suppressions: [{ id: 'pump-off', name: 'Pump off', outside: undefined }],
};

interface Rig {
  readonly judge: Judge;
  readonly seen: string[];
  read(second: number, values: readonly [number | undefined, number, number]): string[];
  wait(ms: number): void;
}

function judging(parts: Partial<JudgedSite> = {}, isClockInDoubt = () => false): Rig {
  let mono = 0;
  const stampAt = (bootMs: number) => ({ clock: 'synchronised' as const, bootId: 'boot', bootMs });
  const seen: string[] = [];
  const judge = createJudge({
    ...{ site: { ...site, ...parts }, states: [], lastSign: undefined, stampAt, isClockInDoubt },
    now: () => ({ mono, wall: noon + mono, stamp: stampAt(mono) }),
    pointNow: () => undefined,
    onJudged: ({ samples }, isHidden) =>
      seen.push(...samples.map(one => `${one.point.number}=${one.value}${isHidden ? ' hidden' : ''}`)),
  });
  return {
    judge,
    seen,
    wait: ms => {
      mono += ms;
    },
    read(second, [running, litres, bar]) {
      mono = second * 1_000;
      const first = running === undefined ? bad(run) : good(run, running);
      return told(judge.step(batch(mono, [first, good(flow, litres), good(pressure, bar)])));
    },
  };
}

function told(verdict: Verdict | undefined): string[] {
  return verdict?.happenings.map(({ kind, alarm }) => `${kind} ${alarm}`) ?? [];
}

test('a read that changes nothing has no verdict', () => {
  const { judge } = judging();
  judge.step(batch(0, [good(run, 1), good(flow, 8), good(pressure, 4)]));
  expect(judge.step(batch(1_000, [good(run, 1), good(flow, 8), good(pressure, 4)]))).toBeUndefined();
});

test('a pump that stops hides its low flow before it is raised, and one that starts shows it after it is over', () => {
  const { read } = judging();
  read(0, [1, 8, 4]);
  expect(read(1, [0, 0, 4])).toEqual(['suppression-began site/suppression:pump-off', 'hidden-raised pump/flow-low']);
  expect(read(2, [1, 8, 4])).toEqual([
    'hidden-returned pump/flow-low',
    'suppression-ended site/suppression:pump-off',
    'released pump/flow-low',
  ]);
});

test('a pump that is not heard leaves its suppression as it was', () => {
  const { read } = judging();
  read(0, [0, 8, 4]);
  expect(read(1, [undefined, 0, 4])).toEqual(['hidden-raised pump/flow-low']);
});

test('an alarm of an expression over a computed point is raised by the read that makes it true', () => {
  const { read, seen } = judging();
  read(0, [1, 8, 4]);
  seen.length = 0;
  expect(read(1, [1, 60, 1.5])).toEqual(['raised pump/burst']);
  // The read first, then what follows from it, in order of dependency; what is there for a rule only is marked.
  expect(seen).toEqual(['0=1', '1=60', '2=1.5', '3=90', '4=1 hidden']);
});

test('a schedule hides from its first look on, and stays as it was while the clock is in doubt', () => {
  const outside = { days: weekdays, fromMinute: 22 * 60, toMinute: 6 * 60 };
  const suppressions = [{ id: 'pump-off', name: 'Nights', outside }];
  const parts = { suppressions, expressions: expressions.slice(0, 2) };
  expect(judging(parts).read(0, [1, 0, 4])).toEqual([
    'suppression-began site/suppression:pump-off',
    'hidden-raised pump/flow-low',
  ]);
  expect(judging(parts, () => true).read(0, [1, 0, 4])).toEqual(['raised pump/flow-low']);
});

test('what people do goes through the same book, and what ends by itself is due when it says', () => {
  const { judge, read, wait } = judging();
  const by = { who: 'Li', from: 'cli' };
  const shelved = judge.act({ kind: 'shelve', alarms: ['pump/burst'], by, reason: 'work', lastsMs: 60_000 });
  expect([shelved.reply.kind, ...told(shelved)]).toEqual(['done', 'shelved pump/burst']);
  expect(judge.nextDueMono()).toBe(60_000);
  expect(read(1, [1, 60, 1.5])).toEqual(['hidden-raised pump/burst']);
  expect(judge.activeOn(4)).toEqual(['pump/burst']);
  wait(59_000);
  expect(told(judge.expire())).toEqual(['unshelved pump/burst', 'raised pump/burst']);
  expect(judge.lifeOf('pump/burst').phase).toBe('unacknowledged');
});

test('another site removes the alarms it does not have, and goes on with the others', () => {
  const { judge, read } = judging();
  read(0, [1, 0, 1.5]);
  read(1, [1, 60, 1.5]);
  expect(told(judge.replace({ ...site, rules: [low] }))).toEqual(['removed pump/burst']);
  expect(read(2, [0, 0, 1.5])).toEqual([
    'suppression-began site/suppression:pump-off',
    'suppressed pump/flow-low',
    'hidden-raised pump/flow-low',
  ]);
});
