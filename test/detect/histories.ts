import fc from 'fast-check';
import type { SampleBatch } from '../../src/model/point.ts';
import type { Event } from './naive-detector.ts';
import { point, sample, type Value, wallAt } from './plant.ts';

/** What two devices at random tell. Point 0 and 1 are on device 0, point 2 and 3 on device 1. */

const pointsOf = [
  [0, 1],
  [2, 3],
] as const;

export const quarter = fc.integer({ min: 0, max: 32 }).map(number => number / 4);
export const delayMs = fc.constantFrom(0, 0, 250, 1_000, 2_500, 6_000);
export const number = fc.integer({ min: 0, max: 3 });

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 20, arbitrary: quarter },
  { weight: 1, arbitrary: fc.constantFrom<Value>('refused', 'invalid-value', 'not-a-number', Number.NaN) },
);

const failure = fc.constantFrom<Value>('timeout', 'no-connection', 'bad-reply', 'offline', 'overrun');

const read = fc.record({
  device: fc.constantFrom(0, 1),
  outcome: fc.oneof(
    { weight: 5, arbitrary: fc.record({ values: fc.tuple(value, value) }) },
    { weight: 1, arbitrary: fc.record({ failure }) },
  ),
  /** Which of the device's points are in the read. */
  mask: fc.constantFrom([true, true], [true, true], [true, false], [false, true], [false, false]),
});

export function history(afterMs: fc.Arbitrary<number>): fc.Arbitrary<Event[]> {
  return fc.array(fc.tuple(read, afterMs), { minLength: 10, maxLength: 100, size: 'max' }).map(steps => {
    let mono = 60_000;
    return steps.map(([{ device, outcome, mask }, stepMs]): Event => {
      mono += stepMs;
      const values = pointsOf[device === 0 ? 0 : 1]
        .map((at, index): [number, Value] => [
          at,
          'failure' in outcome ? outcome.failure : (outcome.values[index] ?? 0),
        ])
        .filter((_, index) => mask[index]);
      return { device, mono, wall: wallAt(mono), isAnswered: 'values' in outcome, values };
    });
  });
}

export const onward = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 250, 250, 250, 500, 750) },
  { weight: 1, arbitrary: fc.constantFrom(2_000, 5_000) },
);
/** Time that sometimes stands still or goes back. */
export const unsteady = fc.oneof(
  { weight: 8, arbitrary: onward },
  { weight: 1, arbitrary: fc.constantFrom(-250, -1_000, -9_000) },
);

export function batchOf({ device, mono, wall, isAnswered, values }: Event): SampleBatch {
  const samples = values.map(([at, one]) => sample(point(at), one));
  return { device, samples, isAnswered, sampledAtMono: mono, sampledAt: wall };
}

/** One batch for each sample; a read without points stays as it is. */
export function splitBatches(event: Event): SampleBatch[] {
  if (event.values.length === 0) return [batchOf(event)];
  return event.values.map(one => batchOf({ ...event, values: [one] }));
}

export function placeOf(number: number): { point: number; device: number } {
  return { point: number, device: number < 2 ? 0 : 1 };
}
