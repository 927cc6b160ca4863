import { describe, expect, test } from 'vitest';
import { Deadline } from '../../../drivers/modbus/deadline.ts';
import type { Clock } from '../../../src/base/clock.ts';

/** A clock whose timers fire when the test says so, however late. */
function createLateClock() {
  let mono = 0;
  let armed: (() => void)[] = [];
  const clock: Clock = {
    monoMs: () => mono,
    bootMs: () => mono,
    wallMs: () => 0,
    at(_atMono, callback) {
      armed.push(callback);
      return {
        cancel: () => {
          armed = armed.filter(other => other !== callback);
        },
      };
    },
    sleep: () => Promise.resolve(),
  };
  return {
    clock,
    wakeAt(atMono: number) {
      mono = atMono;
      const due = armed;
      armed = [];
      for (const callback of due) callback();
    },
  };
}

function rig() {
  const { clock, wakeAt } = createLateClock();
  let passed = 0;
  const deadline = new Deadline(clock, () => {
    passed += 1;
  });
  return { deadline, wakeAt, passed: () => passed };
}

describe('a deadline', () => {
  test('passes at once when its timer is as late as timers are', () => {
    const { deadline, wakeAt, passed } = rig();
    deadline.set(100);
    wakeAt(102);
    expect(passed()).toBe(1);
  });

  test('that is seen to have passed late gives what came meanwhile one turn to be read, and no more', () => {
    const { deadline, wakeAt, passed } = rig();
    deadline.set(100);
    wakeAt(180);
    expect(passed()).toBe(0);
    wakeAt(300);
    expect(passed()).toBe(1);
  });

  test('is not passed when the answer was found in that turn, and the next one is as any', () => {
    const { deadline, wakeAt, passed } = rig();
    deadline.set(100);
    wakeAt(180);
    deadline.clear();
    wakeAt(181);
    expect(passed()).toBe(0);
    deadline.set(200);
    wakeAt(280);
    expect(passed()).toBe(0);
    wakeAt(281);
    expect(passed()).toBe(1);
  });
});
