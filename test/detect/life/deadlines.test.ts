import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDeadlineMono, type Owed, openDeadlines, passedDeadlines } from '../../../src/detect/life/deadlines.ts';
import { reAlarmMono } from '../../../src/detect/life/re-alarm.ts';
import { type Deadline, deadlines } from '../../../src/model/alarm.ts';
import { type PriorityPolicy, usualPolicies } from '../../../src/model/deadline.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';

const { urgent, high, medium } = usualPolicies;

/** Raised at 1,000 ms; nobody has done anything. */
const raised: Owed = {
  sinceMono: 1_000,
  announcedMono: 1_000,
  isActive: true,
  isAcknowledged: false,
  isQuiet: false,
  progress: {},
  overdue: [],
};

const openOf = (changes: Partial<Owed>, policy: PriorityPolicy = urgent) =>
  openDeadlines({ ...raised, ...changes }, policy).map(({ deadline }) => deadline);

describe('an urgent alarm', () => {
  test('is to be acknowledged in 3 minutes, somebody there in 15, and restored in an hour', () => {
    expect(openDeadlines(raised, urgent)).toEqual([
      { deadline: 'acknowledge', dueMono: 181_000 },
      { deadline: 'arrive', dueMono: 901_000 },
      { deadline: 'restore', dueMono: 3_601_000 },
    ]);
  });

  const cases: readonly [string, Partial<Owed>, readonly Deadline[]][] = [
    ['acknowledged', { isAcknowledged: true }, ['arrive', 'restore']],
    ['somebody is on the way', { progress: { dispatched: 1 } }, ['arrive', 'restore']],
    ['somebody is there', { progress: { arrived: 1 } }, ['restore']],
    ['restored', { progress: { restored: 1 } }, []],
    ['closed', { progress: { closed: 1 } }, []],
    ['the condition is gone', { isActive: false }, ['acknowledge']],
    ['gone and acknowledged', { isActive: false, isAcknowledged: true }, []],
    ['masked or secondary', { isQuiet: true }, []],
  ];
  test.each(cases)('owes less when it is so: %s', (_, changes, open) => {
    expect(openOf(changes)).toEqual(open);
  });

  test('that is announced again is to be acknowledged again, from then on', () => {
    expect(openDeadlines({ ...raised, announcedMono: 2_000_000 }, urgent)[0]).toEqual({
      deadline: 'acknowledge',
      dueMono: 2_180_000,
    });
  });
});

test('a medium alarm owes nothing', () => {
  expect(openOf({}, medium)).toEqual([]);
  expect(nextDeadlineMono(raised, medium)).toBeUndefined();
});

test('a deadline passes at its time, is told once with how late it is, and then the next is waited for', () => {
  expect(nextDeadlineMono(raised, urgent)).toBe(181_000);
  expect(passedDeadlines(raised, urgent, 180_999)).toEqual([]);
  expect(passedDeadlines(raised, urgent, 181_000)).toEqual([{ deadline: 'acknowledge', overdueMs: 0 }]);
  const told: Owed = { ...raised, overdue: ['acknowledge'] };
  expect(passedDeadlines(told, urgent, 900_000)).toEqual([]);
  expect(nextDeadlineMono(told, urgent)).toBe(901_000);
});

test('after a long time in which nobody looked all are told at once, each as late as it is', () => {
  expect(passedDeadlines(raised, urgent, 4_000_000)).toEqual([
    { deadline: 'acknowledge', overdueMs: 3_819_000 },
    { deadline: 'arrive', overdueMs: 3_099_000 },
    { deadline: 'restore', overdueMs: 399_000 },
  ]);
});

const owed: fc.Arbitrary<Owed> = fc.record({
  sinceMono: fc.integer({ min: 0, max: 100 }),
  announcedMono: fc.integer({ min: 0, max: 100 }),
  isActive: fc.boolean(),
  isAcknowledged: fc.boolean(),
  isQuiet: fc.boolean(),
  progress: fc.dictionary(fc.constantFrom('dispatched', 'arrived', 'restored', 'closed'), fc.constant(1)),
  overdue: fc.subarray([...deadlines]),
});
const afterMs = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
const policy: fc.Arbitrary<PriorityPolicy> = fc.record({
  acknowledge: afterMs,
  arrive: afterMs,
  restore: afterMs,
  canShelve: fc.boolean(),
  needsAcknowledge: fc.boolean(),
});

test('who is woken only when something is due tells the same as who looks every millisecond', () => {
  fc.assert(
    fc.property(owed, policy, (start, times) => {
      const looked: [number, Deadline][] = [];
      let state = start;
      for (let mono = 100; mono <= 250; mono += 1) {
        for (const { deadline, overdueMs } of passedDeadlines(state, times, mono)) {
          looked.push([mono - overdueMs, deadline]);
          state = { ...state, overdue: [...state.overdue, deadline] };
        }
      }
      const woken: [number, Deadline][] = [];
      state = start;
      for (let next = nextDeadlineMono(state, times); next !== undefined; next = nextDeadlineMono(state, times)) {
        const passed = passedDeadlines(state, times, Math.max(100, next));
        expect(passed.length).toBeGreaterThan(0);
        for (const { deadline, overdueMs } of passed) {
          woken.push([Math.max(100, next) - overdueMs, deadline]);
          state = { ...state, overdue: [...state.overdue, deadline] };
        }
      }
      expect(woken).toEqual(looked);
    }),
    { numRuns: propertyRuns(100) },
  );
});

test('what a person does never makes an alarm owe more', () => {
  fc.assert(
    fc.property(owed, policy, fc.constantFrom('dispatched', 'arrived', 'restored', 'closed'), (state, times, step) => {
      const before = openDeadlines(state, times);
      const deeds: Owed[] = [
        { ...state, isAcknowledged: true },
        { ...state, progress: { ...state.progress, [step]: 1 } },
        { ...state, isQuiet: true },
      ];
      for (const after of deeds) {
        for (const left of openDeadlines(after, times)) expect(before).toContainEqual(left);
      }
    }),
    { numRuns: propertyRuns(100) },
  );
});

describe('an alarm that nobody attends to', () => {
  const unattended = { attendedMono: 5_000, isActive: true, isQuiet: false, reAlarmMs: 1_800_000 };

  test('is announced again after its time', () => {
    expect(reAlarmMono(unattended)).toBe(1_805_000);
  });

  test.each([
    ['its condition is gone', { isActive: false }],
    ['it is masked or secondary', { isQuiet: true }],
    ['the site file does not ask for it', { reAlarmMs: undefined }],
  ])('is not announced again when %s', (_, changes) => {
    expect(reAlarmMono({ ...unattended, ...changes })).toBeUndefined();
  });
});

test('the usual policy forbids to shelve what is urgent, and asks nobody to acknowledge what is low', () => {
  expect(
    Object.entries(usualPolicies).map(([name, { canShelve, needsAcknowledge }]) => [name, canShelve, needsAcknowledge]),
  ).toEqual([
    ['urgent', false, true],
    ['high', true, true],
    ['medium', true, true],
    ['low', true, false],
  ]);
  expect(openOf({}, high)).toEqual(['acknowledge', 'arrive', 'restore']);
});
