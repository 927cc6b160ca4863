import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FirstOutMark, isCoveredBy, type Lead, leadOf, stepFirstOut } from '../../../src/detect/life/first-out.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';

const windowMs = 3_000;

function report(raises: readonly Lead[], start?: Lead): { lead: Lead | undefined; marks: FirstOutMark[] } {
  let lead = start;
  const marks = raises.map(raise => {
    const step = stepFirstOut(lead, raise, windowMs);
    lead = step.lead;
    return step.mark;
  });
  return { lead, marks };
}

const at = (name: string, sampledAtMono: number): Lead => ({ name, sampledAtMono });

describe('the first alarm of a group', () => {
  test('is the cause of all that come within the window, whatever they are', () => {
    const { marks } = report([at('mains', 1_000), at('pump-1', 1_000), at('pump-2', 2_500), at('pressure', 4_000)]);
    expect(marks).toEqual([
      { kind: 'first' },
      { kind: 'secondary', of: 'mains' },
      { kind: 'secondary', of: 'mains' },
      { kind: 'secondary', of: 'mains' },
    ]);
  });

  test('does not explain what comes after the window: that is a new cause', () => {
    const { marks, lead } = report([at('mains', 1_000), at('pump-1', 4_000.1), at('pump-2', 5_000)]);
    expect(marks).toEqual([{ kind: 'first' }, { kind: 'first' }, { kind: 'secondary', of: 'pump-1' }]);
    expect(lead?.name).toBe('pump-1');
  });

  test('is known by its sample: a slow bus that reports the cause last gives it the lead all the same', () => {
    const { marks, lead } = report([at('pump-1', 2_000), at('pump-2', 2_100), at('mains', 1_900), at('pump-3', 2_200)]);
    expect(marks).toEqual([
      { kind: 'first' },
      { kind: 'secondary', of: 'pump-1' },
      { kind: 'takes-over', from: 'pump-1' },
      { kind: 'secondary', of: 'mains' },
    ]);
    expect(lead?.name).toBe('mains');
  });

  test('keeps its window from its own sample after it has taken over', () => {
    expect(report([at('pump', 2_000), at('mains', 0), at('lift', 3_000)]).marks[2]).toEqual({
      kind: 'secondary',
      of: 'mains',
    });
    expect(report([at('pump', 2_000), at('mains', 0), at('lift', 3_001)]).marks[2]).toEqual({ kind: 'first' });
  });

  test('has nothing to do with a report that is older than the window', () => {
    const { marks, lead } = report([at('mains', 9_000), at('old', 5_999), at('edge', 6_000)]);
    expect(marks.map(({ kind }) => kind)).toEqual(['first', 'alone', 'takes-over']);
    expect(lead?.name).toBe('edge');
  });
});

describe('after a restart', () => {
  test('the lead is the newest alarm that is marked with nothing', () => {
    const standing = [
      { ...at('old', 100), firstOut: undefined },
      { ...at('mains', 1_000), firstOut: undefined },
      { ...at('older', 500), firstOut: undefined },
      { ...at('pump', 1_500), firstOut: 'mains' },
    ];
    expect(leadOf(standing)).toEqual(at('mains', 1_000));
  });

  test('a group of which nothing stands has no lead', () => {
    expect(leadOf([])).toBeUndefined();
    expect(leadOf([{ ...at('pump', 1_500), firstOut: 'mains' }])).toBeUndefined();
  });
});

test.each([
  ['one as urgent that stands', { priority: 'high', isActive: true, isMasked: false }, 'high', true],
  ['a more urgent one', { priority: 'urgent', isActive: true, isMasked: false }, 'high', true],
  ['a less urgent one', { priority: 'medium', isActive: true, isMasked: false }, 'high', false],
  ['one that has returned', { priority: 'high', isActive: false, isMasked: false }, 'high', false],
  ['one that is hidden', { priority: 'high', isActive: true, isMasked: true }, 'high', false],
  ['none', undefined, 'low', false],
] as const)('an alarm is covered by its first: %s', (_, first, priority, isCovered) => {
  expect(isCoveredBy(first, priority)).toBe(isCovered);
});

const raises = fc
  .array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 })
  .map(times => times.map((time, index) => at(`alarm-${index}`, time * 500)));

/** Reports in the order of the samples: who leads is found by looking at all of them. */
function naiveMarks(sorted: readonly Lead[]): (string | undefined)[] {
  const leads: Lead[] = [];
  return sorted.map(raise => {
    const lead = leads.find(one => raise.sampledAtMono - one.sampledAtMono <= windowMs);
    if (!lead) leads.push(raise);
    return lead?.name;
  });
}

test('reported in order, each alarm has the earliest lead whose window it is in', () => {
  fc.assert(
    fc.property(raises, list => {
      const sorted = [...list].sort((a, b) => a.sampledAtMono - b.sampledAtMono);
      const { marks } = report(sorted);
      expect(marks.map(mark => (mark.kind === 'secondary' ? mark.of : undefined))).toEqual(naiveMarks(sorted));
    }),
    { numRuns: propertyRuns(100) },
  );
});

test('alarms of one cause end up under the same first one, in whatever order they are reported', () => {
  const together = fc.uniqueArray(fc.integer({ min: 0, max: windowMs }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(together, times => {
      const list = times.map((time, index) => at(`alarm-${index}`, time));
      const under = new Map<string, string>();
      let lead: Lead | undefined;
      for (const raise of list) {
        const step = stepFirstOut(lead, raise, windowMs);
        lead = step.lead;
        if (step.mark.kind === 'secondary') under.set(raise.name, step.mark.of);
        if (step.mark.kind !== 'takes-over') continue;
        const { from } = step.mark;
        for (const [name, first] of under) if (first === from) under.set(name, raise.name);
        under.set(from, raise.name);
      }
      const cause = list.reduce((first, one) => (one.sampledAtMono < first.sampledAtMono ? one : first));
      expect(lead).toEqual(cause);
      expect(under.has(cause.name)).toBe(false);
      for (const { name } of list) if (name !== cause.name) expect(under.get(name)).toBe(cause.name);
    }),
    { numRuns: propertyRuns(100) },
  );
});
