import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { createRecentEvents } from '../../src/store/recent-events.ts';
import { alarmEvent } from './sample-store.ts';

describe('the newest alarm events, kept beside the disk', () => {
  test('before anything is known of the disk, everything is read from it', () => {
    const recent = createRecentEvents();
    expect(recent.read({ after: 0, limit: 10 })).toBeUndefined();
    recent.add([alarmEvent(1, 'store')]);
    expect(recent.read({ after: 0, limit: 10 })).toBeUndefined();
  });

  test('what was on the disk at the start is read from there, and what came since is not', () => {
    const recent = createRecentEvents();
    recent.begin(5);
    expect(recent.read({ after: 4, limit: 10 })).toBeUndefined();
    expect(recent.read({ after: 5, limit: 10 })).toEqual([]);
    recent.add([alarmEvent(6, 'store'), alarmEvent(7, 'store')]);
    expect(recent.read({ after: 5, limit: 1 })).toEqual([alarmEvent(6, 'store')]);
  });

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 40 }) }) },
    // The answer to a write was lost, and the write repeated.
    { weight: 2, arbitrary: fc.constant({ kind: 'add-again' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'begin' as const }) },
  );

  test('whatever is given from memory is what the disk would give', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(800), fc.integer({ min: 1, max: 60 }), compareWithDisk),
    );
  });
});

type Step =
  | { readonly kind: 'add'; readonly count: number }
  | { readonly kind: 'add-again' }
  | { readonly kind: 'begin' };

function compareWithDisk(steps: readonly Step[], after: number, limit: number): void {
  const recent = createRecentEvents();
  recent.begin(0);
  const onDisk: AlarmEvent[] = [];
  let latest: AlarmEvent[] = [];
  for (const one of steps) {
    if (one.kind === 'begin') recent.begin(onDisk.length);
    else {
      if (one.kind === 'add') {
        latest = Array.from({ length: one.count }, (_, index) => alarmEvent(onDisk.length + index + 1, 'store'));
        onDisk.push(...latest);
      }
      recent.add(latest);
    }
    const given = recent.read({ after, limit });
    if (given) expect(given).toEqual(onDisk.filter(({ number }) => number > after).slice(0, limit));
  }
  // The uplink that keeps up never asks the disk.
  expect(recent.read({ after: onDisk.length, limit })).toEqual([]);
}
