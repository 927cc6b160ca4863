import { describe, expect, test } from 'vitest';
import { type LifeOccasion, liveOn } from '../../../src/detect/life/life-step.ts';
import { type AlarmLife, type AlarmMask, normalLife, plainLife } from '../../../src/model/alarm.ts';

const li = { who: 'Li', from: 'cli' };
const mask = (reason: string): AlarmMask => ({ by: li, reason, expiry: undefined });
const hidings: readonly string[] = ['shelve', 'suppress', 'take-out'];
const latching = { ...plainLife, isLatching: true };

type Step = LifeOccasion['input'] | Pick<LifeOccasion, 'input' | 'by'>;

/** Leads an alarm through what happens to it; tells what is new in it, as `kind` or `kind!` where an occurrence begins. */
function lead(steps: readonly Step[], terms = plainLife): { life: AlarmLife; told: string[] } {
  let life: AlarmLife = normalLife;
  const told: string[] = [];
  for (const [at, step] of steps.entries()) {
    const { input, by } = typeof step === 'string' ? { input: step, by: undefined } : step;
    const occasion = { input, by, at, ...(hidings.includes(input) && { mask: mask(input) }) };
    const change = liveOn(life, occasion, terms);
    life = change.life;
    told.push(...change.happenings.map(({ kind, isFirst }) => (isFirst ? `${kind}!` : kind)));
  }
  return { life, told };
}

describe('an occurrence begins', () => {
  test.each<[string, Step[], string[]]>([
    ['with a raise', ['met'], ['raised!']],
    [
      'not with one that comes back before it was acknowledged',
      ['met', 'gone', 'met'],
      ['raised!', 'returned', 'raised'],
    ],
    [
      'again when it was over and acknowledged',
      ['met', 'gone', 'acknowledge', 'met'],
      ['raised!', 'returned', 'acknowledged', 'raised!'],
    ],
    ['with what hides a normal alarm, once', ['shelve', 'shelve', 'suppress'], ['shelved!', 'shelved', 'suppressed']],
    ['not with what hides one that stands', ['met', 'shelve'], ['raised!', 'shelved']],
    [
      'with each condition that comes under what hides it',
      ['shelve', 'met', 'gone', 'met'],
      ['shelved!', 'hidden-raised!', 'hidden-returned', 'hidden-raised!'],
    ],
    [
      'not with what is shown again and still stands',
      ['met', 'shelve', 'unshelve'],
      ['raised!', 'shelved', 'unshelved', 'raised'],
    ],
  ])('%s', (_name, steps, told) => {
    expect(lead(steps).told).toEqual(told);
  });

  test('not with a condition that comes back under its latch', () => {
    expect(lead(['met', 'shelve', 'gone', 'met'], latching).told).toEqual([
      'raised!',
      'shelved',
      'hidden-returned',
      'hidden-raised',
    ]);
  });
});

describe('what is remembered', () => {
  test('of comebacks is how often the condition came back, whatever people did', () => {
    const steps: Step[] = ['met', { input: 'acknowledge', by: li }, 're-alarm', 'shelve', 'unshelve'];
    expect(lead(steps).life).toMatchObject({ comebacks: 0, reAlarms: 1 });
    expect(lead(['met', 'gone', 'met', 'gone', 'met']).life).toMatchObject({ comebacks: 2, reAlarms: 0 });
  });

  test('of who has acknowledged it is that person, and nobody who has only hidden it', () => {
    expect(lead(['met', { input: 'acknowledge', by: li }]).life.acknowledged).toEqual({ by: li, at: 1 });
    expect(lead(['met', { input: 'shelve', by: li }]).life.acknowledged).toBeUndefined();
    expect(lead(['met', 'acknowledge']).life.acknowledged).toBeUndefined();
  });

  test('of what hides it is each for itself', () => {
    const all = { shelved: mask('shelve'), suppressed: mask('suppress'), outOfService: mask('take-out') };
    expect(lead(['shelve', 'suppress', 'take-out']).life.masks).toEqual(all);
    expect(lead(['take-out', 'suppress', 'shelve']).life.masks).toEqual(all);
  });
});
