import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Flood,
  type FloodEvent,
  floodBeginsAbove,
  floodEndsBelow,
  floodEndsMono,
  floodWindowMs,
  noFlood,
  resumeFlood,
  stepFlood,
} from '../../../src/detect/life/flood.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';

interface Input {
  readonly kind: 'raised' | 'time';
  readonly mono: number;
}

function run(inputs: readonly Input[], start = noFlood): { told: (FloodEvent & { mono: number })[]; flood: Flood } {
  let flood = start;
  const told: (FloodEvent & { mono: number })[] = [];
  for (const input of inputs) {
    const step = stepFlood(flood, input);
    flood = step.flood;
    if (step.event) told.push({ ...step.event, mono: input.mono });
  }
  return { told, flood };
}

const raised = (...monos: number[]): Input[] => monos.map(mono => ({ kind: 'raised', mono }));
const every = (ms: number, count: number): number[] => Array.from({ length: count }, (_, index) => index * ms);

describe('a flood', () => {
  test('begins with the eleventh raise in ten minutes, and not with the tenth', () => {
    expect(run(raised(...every(1_000, 10))).told).toEqual([]);
    expect(run(raised(...every(1_000, 11))).told).toEqual([{ kind: 'flood-began', raises: 11, mono: 10_000 }]);
  });

  test('does not begin when the eleven take ten minutes', () => {
    expect(run(raised(...every(60_000, 30))).told).toEqual([]);
    expect(run(raised(...every(59_999, 11))).told).toHaveLength(1);
  });

  test('ends when fewer than five came in ten minutes, and says how many it had', () => {
    const { flood } = run(raised(...every(1_000, 20)));
    const endsMono = 15_000 + floodWindowMs;
    expect(floodEndsMono(flood)).toBe(endsMono);
    expect(run([{ kind: 'time', mono: endsMono - 1 }], flood).told).toEqual([]);
    expect(run([{ kind: 'time', mono: endsMono }], flood).told).toEqual([
      { kind: 'flood-ended', raises: 20, mono: endsMono },
    ]);
  });

  test('is ended by the raise that comes after the calm nobody told of, without being part of it', () => {
    const { told, flood } = run(raised(...every(1_000, 12), 5_000_000));
    expect(told.map(({ kind, raises }) => [kind, raises])).toEqual([
      ['flood-began', 11],
      ['flood-ended', 12],
    ]);
    expect(flood.raisedMono.at(-1)).toBe(5_000_000);
  });

  test('is not there when nothing happens', () => {
    expect(floodEndsMono(noFlood)).toBeUndefined();
    expect(run([{ kind: 'time', mono: 1e9 }])).toEqual({ told: [], flood: noFlood });
  });

  test('that stood before a restart is not told anew and ends one window after it', () => {
    const flood = resumeFlood(7_000, 40);
    const { told } = run(
      [
        { kind: 'raised', mono: 8_000 },
        { kind: 'time', mono: 7_000 + floodWindowMs },
      ],
      flood,
    );
    expect(told).toEqual([{ kind: 'flood-ended', raises: 41, mono: 7_000 + floodWindowMs }]);
  });

  test('takes a sample of an earlier time as one of now', () => {
    expect(run(raised(9e6, ...every(1_000, 10))).told).toHaveLength(1);
  });
});

test('as a model that remembers every raise says, and with no more than eleven of them in memory', () => {
  const step = fc.record({
    kind: fc.constantFrom<Input['kind']>('raised', 'raised', 'raised', 'time'),
    afterMs: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.constantFrom(60_000, 120_000, 300_000, floodWindowMs)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      let mono = 0;
      const inputs = steps.map(({ kind, afterMs }): Input => {
        mono += afterMs;
        return { kind, mono };
      });
      const told: unknown[] = [];
      const all: number[] = [];
      let count: number | undefined;
      for (const input of inputs) {
        const recent = () => all.filter(one => input.mono - one < floodWindowMs).length;
        if (count !== undefined && recent() < floodEndsBelow) {
          told.push({ kind: 'flood-ended', raises: count, mono: input.mono });
          count = undefined;
        }
        if (input.kind === 'time') continue;
        all.push(input.mono);
        if (count !== undefined) count += 1;
        else if (recent() > floodBeginsAbove) {
          count = recent();
          told.push({ kind: 'flood-began', raises: count, mono: input.mono });
        }
      }
      const run1 = run(inputs);
      expect(run1.told).toEqual(told);
      expect(run1.flood.raisedMono.length).toBeLessThanOrEqual(floodBeginsAbove + 1);
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('remembers eleven raises and no more, and does not turn time back for a sample that comes late', () => {
  let flood: Flood = noFlood;
  for (let raise = 0; raise < 20; raise += 1) {
    flood = stepFlood(flood, { kind: 'raised', mono: raise * floodWindowMs }).flood;
  }
  expect(flood.raisedMono).toEqual(Array.from({ length: 11 }, (_, at) => (at + 9) * floodWindowMs));
  const late = stepFlood(flood, { kind: 'raised', mono: 3 * floodWindowMs }).flood;
  expect(late.raisedMono.at(-1)).toBe(19 * floodWindowMs);
});
