import { describe, expect, test } from 'vitest';
import { beginDuty, type DutyInput, stepDuty } from '../../../src/detect/life/duty.ts';
import { alarmPhases, eventKinds, progressSteps } from '../../../src/model/alarm.ts';

const input: DutyInput = {
  kind: 'raised',
  isFirst: false,
  life: { phase: 'unacknowledged', progress: {}, isUnacknowledged: true },
  overdue: undefined,
  mono: 9_000,
};
const old = { ...beginDuty(1_000, true), overdue: ['acknowledge', 'arrive'] as const };

describe('the duty of an alarm', () => {
  test.each(alarmPhases)('is there or not by its phase: %s', phase => {
    const duty = stepDuty(undefined, { ...input, life: { phase, progress: {}, isUnacknowledged: true } });
    const isCalm = ['normal', 'shelved', 'suppressed', 'out-of-service'].includes(phase);
    expect(duty).toEqual(isCalm ? undefined : beginDuty(9_000, true));
    expect(stepDuty(old, { ...input, life: { phase, progress: {}, isUnacknowledged: true } }) === undefined).toBe(
      isCalm,
    );
  });

  test('is over when it is closed', () => {
    const closed = { by: { who: 'Li', from: 'cli' }, at: 0 };
    const life = { phase: 'returned', progress: { closed }, isUnacknowledged: true } as const;
    expect(stepDuty(old, { ...input, kind: 'closed', life })).toBeUndefined();
  });

  test('begins anew with a new occurrence', () => {
    expect(stepDuty(old, { ...input, isFirst: true })).toEqual(beginDuty(9_000, true));
  });

  test('of one that comes back begins anew, but for the time to acknowledge while nobody has', () => {
    const back = { ...beginDuty(9_000, true), announcedMono: 1_000, overdue: ['acknowledge'] };
    expect(stepDuty(old, input)).toEqual(back);
    expect(stepDuty({ ...old, isUnacknowledged: false }, input)).toEqual(beginDuty(9_000, true));
  });

  test('knows whether somebody has acknowledged', () => {
    const life = { ...input.life, isUnacknowledged: false };
    expect(stepDuty(old, { ...input, kind: 'acknowledged', life })?.isUnacknowledged).toBe(false);
    expect(stepDuty(undefined, { ...input, life })?.isUnacknowledged).toBe(false);
  });

  test.each(eventKinds.filter(kind => kind !== 'raised'))('after %s', kind => {
    const duty = stepDuty(old, { ...input, kind, overdue: kind === 'overdue' ? 'restore' : undefined });
    const isDeed = ['acknowledged', ...progressSteps.slice(0, 3)].includes(kind);
    if (isDeed) expect(duty).toEqual({ ...old, attendedMono: 9_000 });
    else if (kind === 're-alarmed')
      expect(duty).toEqual({ ...old, announcedMono: 9_000, attendedMono: 9_000, overdue: ['arrive'] });
    else if (kind === 'overdue') expect(duty).toEqual({ ...old, overdue: ['acknowledge', 'arrive', 'restore'] });
    else expect(duty).toEqual(old);
  });

  test('is not changed by an overdue event that names no deadline', () => {
    expect(stepDuty(old, { ...input, kind: 'overdue' })).toEqual(old);
  });
});
