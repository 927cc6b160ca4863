import { expect, test } from 'vitest';
import { createDueTimer } from '../../src/live/due-timer.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

test('somebody is woken up at the time that was armed last, once', async () => {
  const clock = new VirtualClock();
  const woken: number[] = [];
  const timer = createDueTimer(clock, () => woken.push(clock.monoMs()));
  timer.arm(5_000);
  timer.arm(2_000);
  timer.arm(2_000);
  await clock.advance(10_000);
  expect(woken).toEqual([2_000]);
  timer.arm(12_000);
  timer.arm(undefined);
  await clock.advance(10_000);
  expect(woken).toEqual([2_000]);
});

test('a timer that comes a little early waits for the rest', () => {
  let mono = 0;
  let fire = () => {};
  const clock = new VirtualClock();
  const early = {
    ...clock,
    monoMs: () => mono,
    at: (_atMono: number, callback: () => void) => {
      fire = callback;
      return { cancel: () => {} };
    },
  } as unknown as VirtualClock;
  let woken = 0;
  const timer = createDueTimer(early, () => {
    woken += 1;
  });
  timer.arm(2_000);
  mono = 1_999.2;
  fire();
  expect(woken).toBe(0);
  mono = 2_000.5;
  fire();
  expect(woken).toBe(1);
  timer.stop();
});
