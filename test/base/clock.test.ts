import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

test('the system clock never fires a timer more than a millisecond before its due time', async () => {
  const early: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => {
      const due = systemClock.monoMs() + index / 7;
      return new Promise<void>(resolve => {
        systemClock.at(due, () => {
          if (systemClock.monoMs() < due - 1) early.push(due);
          resolve();
        });
      });
    }),
  );
  expect(early).toEqual([]);
});

test('a timer for a time that has passed fires, but never within the call that armed it', async () => {
  let hasFired = false;
  const fired = new Promise<void>(resolve => {
    systemClock.at(systemClock.monoMs() - 1_000, () => {
      hasFired = true;
      resolve();
    });
  });
  expect(hasFired).toBe(false);
  await fired;
});

test('a timer beyond the reach of setTimeout is not fired at once', async () => {
  let hasFired = false;
  const timer = systemClock.at(systemClock.monoMs() + 2 ** 31 + 10_000, () => {
    hasFired = true;
  });
  await new Promise(resolve => systemClock.at(systemClock.monoMs() + 5, () => resolve(undefined)));
  timer.cancel();
  expect(hasFired).toBe(false);
});

test('a sleep ends with the reason of the signal that cut it short, and leaves no timer behind', async () => {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const sleep = clock.sleep(60_000, abort.signal);
  abort.abort(new Error('stopping'));
  await expect(sleep).rejects.toThrow('stopping');
  await expect(clock.sleep(1, abort.signal)).rejects.toThrow('stopping');
  expect(clock.pending).toBe(0);
});
