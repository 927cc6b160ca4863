import { describe, expect, test } from 'vitest';
import {
  type Causes,
  createCauses,
  enterGroup,
  leaveCause,
  leaveSecondaries,
  markSecondary,
} from '../../../src/detect/life/causes.ts';

const windowMs = 10_000;

/** Alarms of the mains come in; tells which others are marked anew by each. */
function raise(causes: Causes, ...raises: readonly (readonly [name: string, sampledAtMono: number])[]) {
  return raises.map(([name, sampledAtMono]) => enterGroup(causes, 'mains', { name, sampledAtMono }, windowMs));
}

const firsts = ({ firstOf }: Causes) => Object.fromEntries(firstOf);
const secondaries = ({ secondariesOf }: Causes) =>
  Object.fromEntries([...secondariesOf].map(([first, names]) => [first, [...names]]));

describe('alarms of one group', () => {
  test('that come after the first are secondary to it; it is secondary to none', () => {
    const causes = createCauses();
    expect(raise(causes, ['dip', 0], ['pump', 1_000], ['lift', 2_000])).toEqual([[], [], []]);
    expect(firsts(causes)).toEqual({ pump: 'dip', lift: 'dip' });
    expect(secondaries(causes)).toEqual({ dip: ['pump', 'lift'] });
  });

  test('that were before the first take over it and all that was secondary to it', () => {
    const causes = createCauses();
    expect(raise(causes, ['pump', 1_000], ['lift', 2_000], ['dip', 0])[2]).toEqual(['pump', 'lift']);
    expect(firsts(causes)).toEqual({ pump: 'dip', lift: 'dip' });
    expect(secondaries(causes)).toEqual({ dip: ['pump', 'lift'] });
  });

  test('take over a first one that had none', () => {
    const causes = createCauses();
    expect(raise(causes, ['pump', 1_000], ['dip', 0])[1]).toEqual(['pump']);
    expect(firsts(causes)).toEqual({ pump: 'dip' });
  });

  test('of another time have another first one', () => {
    const causes = createCauses();
    raise(causes, ['dip', 0], ['pump', 1_000], ['outage', 60_000], ['lift', 61_000]);
    expect(firsts(causes)).toEqual({ pump: 'dip', lift: 'outage' });
  });

  test('stay secondary when their first one comes back, and are so no more when it is another occurrence', () => {
    const causes = createCauses();
    raise(causes, ['dip', 0], ['pump', 1_000], ['dip', 2_000]);
    expect(firsts(causes)).toEqual({ pump: 'dip' });
    leaveSecondaries(causes, 'dip');
    raise(causes, ['lift', 3_000]);
    expect(firsts(causes)).toEqual({ lift: 'dip' });
    expect(secondaries(causes)).toEqual({ dip: ['lift'] });
  });

  test('are forgotten when they are over', () => {
    const causes = createCauses();
    raise(causes, ['dip', 0], ['pump', 1_000], ['lift', 2_000]);
    leaveCause(causes, 'pump');
    expect(secondaries(causes)).toEqual({ dip: ['lift'] });
    leaveCause(causes, 'dip');
    leaveCause(causes, 'lift');
    expect(firsts(causes)).toEqual({});
    expect(secondaries(causes)).toEqual({});
  });

  test('are marked with one first alarm at a time', () => {
    const causes = createCauses();
    markSecondary(causes, 'pump', 'dip');
    markSecondary(causes, 'pump', 'outage');
    expect(firsts(causes)).toEqual({ pump: 'outage' });
    expect(secondaries(causes)).toEqual({ outage: ['pump'] });
  });
});
