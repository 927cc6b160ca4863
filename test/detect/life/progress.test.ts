import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Progress, reopenProgress, stepProgress } from '../../../src/detect/life/progress.ts';
import { progressSteps } from '../../../src/model/alarm.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';

const report = (progress: Progress<string>, step: (typeof progressSteps)[number], isActive = true) =>
  stepProgress(progress, { step, note: 'Li, 08:10', isActive });

describe('a report of progress', () => {
  test.each(progressSteps)('%s is taken as the first one, where the condition is gone', step => {
    expect(report({}, step, false)).toEqual({ kind: 'taken', progress: { [step]: 'Li, 08:10' } });
  });

  test('leaves what was reported before', () => {
    expect(report({ dispatched: 'Wang, 08:00' }, 'arrived')).toEqual({
      kind: 'taken',
      progress: { dispatched: 'Wang, 08:00', arrived: 'Li, 08:10' },
    });
  });

  test('that was made before is known, whoever makes it again', () => {
    expect(report({ arrived: 'Wang, 08:00' }, 'arrived')).toEqual({ kind: 'known', first: 'Wang, 08:00' });
    expect(report({ closed: 'Wang, 08:00' }, 'closed')).toEqual({ kind: 'known', first: 'Wang, 08:00' });
  });

  test('may send somebody to look at what is restored already', () => {
    expect(report({ restored: 'Wang' }, 'dispatched').kind).toBe('taken');
    expect(report({ restored: 'Wang' }, 'arrived').kind).toBe('taken');
  });

  test.each([
    ['dispatched after somebody has arrived', { arrived: 'x' }, 'dispatched', false, 'arrived-before'],
    ['anything after it was closed', { closed: 'x' }, 'arrived', false, 'closed-before'],
    ['closed while the condition stands', {}, 'closed', true, 'not-over'],
  ] as const)('is refused with a reason: %s', (_, progress, step, isActive, why) => {
    expect(report(progress, step, isActive)).toEqual({ kind: 'refused', why });
  });
});

describe('a condition that comes back in the same occurrence', () => {
  test('takes back that it was restored, and leaves people where they are', () => {
    expect(reopenProgress({ dispatched: 'a', arrived: 'b', restored: 'c' })).toEqual({ dispatched: 'a', arrived: 'b' });
  });

  test('begins anew where it was closed', () => {
    expect(reopenProgress({ dispatched: 'a', arrived: 'b', restored: 'c', closed: 'd' })).toEqual({});
  });
});

test('no history of reports loses or changes one that was taken', () => {
  const history = fc.array(fc.tuple(fc.constantFrom(...progressSteps), fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(history, reports => {
      let progress: Progress<number> = {};
      for (const [index, [step, isActive]] of reports.entries()) {
        const before = progress;
        const verdict = stepProgress(before, { step, note: index, isActive });
        if (verdict.kind === 'taken') progress = verdict.progress;
        expect(progress).toEqual({ ...progress, ...before });
        expect(before[step] !== undefined).toBe(verdict.kind === 'known');
        // Again at once, it is known or refused for the same reason.
        const again = stepProgress(progress, { step, note: -1, isActive });
        expect(again.kind).toBe(verdict.kind === 'refused' ? 'refused' : 'known');
      }
    }),
    { numRuns: propertyRuns(100) },
  );
});
