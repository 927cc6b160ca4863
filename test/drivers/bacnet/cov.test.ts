import { describe, expect, test } from 'vitest';
import {
  type Cov,
  type CovInput,
  createCov,
  dueMonoOf,
  isToBeAsked,
  lifetimeMs,
  stepCov,
} from '../../../drivers/bacnet/cov.ts';

function stepped(cov: Cov, ...steps: readonly (readonly [atMono: number, input: CovInput['kind']])[]): Cov {
  return steps.reduce(
    (now, [atMono, kind]) => stepCov(now, kind === 'failed' ? { kind, why: 'error' } : { kind }, atMono),
    cov,
  );
}

const on = stepped(createCov(0), [0, 'asked'], [10, 'accepted']);

describe('a subscription', () => {
  test('is asked for at once, and renewed at half of its life', () => {
    expect(isToBeAsked(createCov(0), 0)).toBe(true);
    expect(isToBeAsked(on, 10 + lifetimeMs / 2 - 1)).toBe(false);
    expect(isToBeAsked(on, 10 + lifetimeMs / 2)).toBe(true);
    expect(dueMonoOf(on)).toBe(10 + lifetimeMs / 2);
  });

  test('that is refused is asked for again, ever more seldom up to once an hour', () => {
    let cov = createCov(0);
    const waits: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      const nowMono = dueMonoOf(cov);
      cov = stepped(cov, [nowMono, 'asked'], [nowMono, 'failed']);
      waits.push((dueMonoOf(cov) - nowMono) / 1_000);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    expect(stepped(cov, [1e9, 'asked'], [1e9, 'accepted']).kind).toBe('on');
  });

  test('is given up, and tried again, when its renewal fails', () => {
    const nowMono = dueMonoOf(on);
    const failed = stepped(on, [nowMono, 'asked'], [nowMono + 5, 'failed']);
    expect(failed).toMatchObject({ kind: 'off', dueMono: nowMono + 5 + 30_000, tries: 1 });
  });

  test('that tells nothing for two lives, although it is renewed, is one no longer', () => {
    let cov = on;
    for (let nowMono = dueMonoOf(cov); nowMono < 10 + 2 * lifetimeMs; nowMono = dueMonoOf(cov)) {
      cov = stepped(cov, [nowMono, 'tick'], [nowMono, 'asked'], [nowMono, 'accepted']);
    }
    expect(cov.kind).toBe('on');
    expect(stepped(cov, [10 + 2 * lifetimeMs, 'tick'])).toMatchObject({ kind: 'off', tries: 1 });
    const told = stepped(cov, [lifetimeMs, 'notified']);
    expect(stepped(told, [10 + 2 * lifetimeMs, 'tick']).kind).toBe('on');
  });

  test('is asked for anew when the device may have forgotten it', () => {
    expect(isToBeAsked(stepped(on, [500, 'doubted']), 500)).toBe(true);
    const refused = stepped(createCov(0), [0, 'asked'], [0, 'failed']);
    expect(isToBeAsked(stepped(refused, [500, 'doubted']), 500)).toBe(true);
    const asking = stepped(on, [500, 'asked']);
    expect(stepped(asking, [500, 'doubted'])).toEqual(asking);
  });

  test('hears what comes while it is renewed', () => {
    const heard = stepped(on, [100, 'asked'], [150, 'notified'], [200, 'accepted']);
    expect(heard).toMatchObject({ kind: 'on', heardMono: 150 });
  });
});
