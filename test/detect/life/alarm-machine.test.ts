import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type LifeInput,
  lifeInputs,
  normalStance,
  phaseOf,
  type Stance,
  stepLife,
} from '../../../src/detect/life/alarm-machine.ts';
import { type AlarmPhase, alarmPhases } from '../../../src/model/alarm.ts';
import { drawTables, everyTerms, stances } from './draw-table.ts';

const person = { needsAcknowledge: true, isLatching: false };
const auto = { needsAcknowledge: false, isLatching: false };
const latching = { needsAcknowledge: true, isLatching: true };

const stanceIn: Record<AlarmPhase, Stance> = {
  normal: normalStance,
  unacknowledged: { ...normalStance, isActive: true, isUnacknowledged: true },
  acknowledged: { ...normalStance, isActive: true },
  returned: { ...normalStance, isUnacknowledged: true },
  'latched-unacknowledged': { ...normalStance, isLatched: true, isUnacknowledged: true },
  'latched-acknowledged': { ...normalStance, isLatched: true },
  shelved: { ...normalStance, isShelved: true },
  suppressed: { ...normalStance, isSuppressed: true },
  'out-of-service': { ...normalStance, isOutOfService: true },
};

/** Written by hand: in the order of lifeInputs, what is recorded and the phase after it. `·`: nothing; `!`: refused. */
const expected: Record<AlarmPhase, readonly string[]> = {
  // met, gone, removed, acknowledge, reset, re-alarm, shelve, unshelve, suppress, release, take-out, put-back
  normal: [
    'raised unacknowledged',
    '·',
    '·',
    '·',
    '·',
    '·',
    'shelved shelved',
    '·',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  unacknowledged: [
    '·',
    'returned returned',
    'removed normal',
    'acknowledged acknowledged',
    '!acknowledge-first',
    're-alarmed unacknowledged',
    'shelved shelved',
    '·',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  acknowledged: [
    '·',
    'returned normal',
    'removed normal',
    '·',
    '!still-active',
    're-alarmed unacknowledged',
    'shelved shelved',
    '·',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  returned: [
    'raised unacknowledged',
    '·',
    'removed normal',
    'acknowledged normal',
    '!acknowledge-first',
    '·',
    'shelved shelved',
    '·',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  'latched-unacknowledged': [
    'raised unacknowledged',
    '·',
    'removed normal',
    'acknowledged latched-acknowledged',
    '!acknowledge-first',
    '·',
    'shelved shelved',
    '·',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  'latched-acknowledged': [
    'raised unacknowledged',
    '·',
    'removed normal',
    '·',
    'reset normal',
    '·',
    'shelved shelved',
    '·',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  shelved: [
    'hidden-raised shelved',
    '·',
    'removed normal',
    '·',
    '·',
    '·',
    'shelved shelved',
    'unshelved normal',
    'suppressed suppressed',
    '·',
    'out-of-service out-of-service',
    '·',
  ],
  suppressed: [
    'hidden-raised suppressed',
    '·',
    'removed normal',
    '·',
    '·',
    '·',
    'shelved suppressed',
    '·',
    'suppressed suppressed',
    'released normal',
    'out-of-service out-of-service',
    '·',
  ],
  'out-of-service': [
    'hidden-raised out-of-service',
    '·',
    'removed normal',
    '·',
    '·',
    '·',
    'shelved out-of-service',
    '·',
    'suppressed out-of-service',
    '·',
    'out-of-service out-of-service',
    'in-service normal',
  ],
};

const pairs = alarmPhases.flatMap(phase =>
  lifeInputs.map((input, index) => [phase, input, expected[phase][index] ?? 'missing'] as const),
);

test.each(pairs)('an alarm that is %s: %s gives "%s"', (phase, input, wanted) => {
  const { stance, happenings, refusal } = stepLife(stanceIn[phase], input, person);
  const said = refusal ? `!${refusal}` : happenings.length === 0 ? '·' : `${happenings.join(',')} ${phaseOf(stance)}`;
  expect(said).toBe(wanted);
});

function walk(inputs: readonly LifeInput[], terms = person) {
  let stance = normalStance;
  return inputs.map(input => {
    const step = stepLife(stance, input, terms);
    stance = step.stance;
    return step.refusal ? `!${step.refusal}` : `${step.happenings.join(',')} ${phaseOf(stance)}`.trim();
  });
}

describe('a life', () => {
  test('of an alarm that nobody has to acknowledge ends with its condition', () => {
    expect(walk(['met', 'gone'], auto)).toEqual(['raised acknowledged', 'returned normal']);
  });

  test('a latched alarm stays when its condition is gone, until it is acknowledged and then reset', () => {
    expect(walk(['met', 'gone', 'reset', 'acknowledge', 'reset'], latching)).toEqual([
      'raised unacknowledged',
      'returned latched-unacknowledged',
      '!acknowledge-first',
      'acknowledged latched-acknowledged',
      'reset normal',
    ]);
  });

  test('an acknowledged alarm that latches cannot be reset while its condition stands', () => {
    expect(walk(['met', 'acknowledge', 'reset', 'gone', 'reset'], latching).slice(2)).toEqual([
      '!still-active',
      'returned latched-acknowledged',
      'reset normal',
    ]);
  });

  test('a condition that comes while the alarm is hidden is raised when nothing hides it any more', () => {
    expect(walk(['suppress', 'met', 'shelve', 'take-out', 'release', 'put-back', 'unshelve'])).toEqual([
      'suppressed suppressed',
      'hidden-raised suppressed',
      'shelved suppressed',
      'out-of-service out-of-service',
      'released out-of-service',
      'in-service shelved',
      'unshelved,raised unacknowledged',
    ]);
  });

  test('a condition that goes while the alarm is hidden leaves it normal', () => {
    expect(walk(['met', 'shelve', 'gone', 'unshelve'])).toEqual([
      'raised unacknowledged',
      'shelved shelved',
      'hidden-returned shelved',
      'unshelved normal',
    ]);
  });

  test('a latch is not lost by hiding it: it can be acknowledged and reset meanwhile, or afterwards', () => {
    expect(walk(['met', 'gone', 'suppress', 'reset', 'release'], latching).slice(2)).toEqual([
      'suppressed suppressed',
      '!acknowledge-first',
      'released latched-unacknowledged',
    ]);
    const meanwhile = walk(['met', 'suppress', 'acknowledge', 'reset', 'gone', 'reset', 'release'], latching);
    expect(meanwhile.slice(2)).toEqual([
      'acknowledged suppressed',
      '!still-active',
      'hidden-returned suppressed',
      'reset suppressed',
      'released normal',
    ]);
  });
});

describe('in every stance', () => {
  const all = stances.flatMap(stance => everyTerms.map(terms => ({ stance, terms })));
  const repeatable: readonly LifeInput[] = [
    'met',
    'gone',
    'removed',
    'acknowledge',
    'reset',
    'unshelve',
    'release',
    'put-back',
  ];

  test.each(repeatable)('a second %s changes nothing', input => {
    for (const { stance, terms } of all) {
      const once = stepLife(stance, input, terms);
      const twice = stepLife(once.stance, input, terms);
      expect(twice).toEqual({ stance: once.stance, happenings: [], refusal: once.refusal });
    }
  });

  test('nothing is raised or returned behind a mask, and a condition that stands is raised behind the last one', () => {
    for (const { stance, terms } of all) {
      for (const input of lifeInputs) {
        const { stance: after, happenings } = stepLife(stance, input, terms);
        const isHidden = ['shelved', 'suppressed', 'out-of-service'].includes(phaseOf(after));
        if (isHidden) expect(happenings).not.toContain('raised');
        if (isHidden) expect(happenings).not.toContain('returned');
        const wasHidden = ['shelved', 'suppressed', 'out-of-service'].includes(phaseOf(stance));
        if (wasHidden && !isHidden && after.isActive) expect(happenings.at(-1)).toBe('raised');
      }
    }
  });
});

test('the tables in docs/alarms.md are those of the code', () => {
  const path = 'docs/alarms.md';
  const page = readFileSync(path, 'utf8');
  const [before = '', rest = ''] = page.split('<!-- table: begin -->');
  const after = rest.split('<!-- table: end -->')[1] ?? '';
  const drawn = `${before}<!-- table: begin -->\n\n${drawTables()}\n\n<!-- table: end -->${after}`;
  if (process.env.UPDATE_GOLDEN) writeFileSync(path, drawn);
  else expect(page, 'UPDATE_GOLDEN=1 npx vitest run test/detect/life draws it anew').toBe(drawn);
});
