import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { decodeFrame, type Frame } from '../../src/history/frame.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import type { Rule } from '../../src/model/alarm.ts';
import type { Point, Sample, SampleBatch } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';
import { createMinuteBuffer } from '../../src/replay/minutes.ts';
import { createRebuilder } from '../../src/replay/rebuild.ts';
import { codeOfQuality } from '../../src/replay/records.ts';
import { detectorJudge } from '../../src/replay/replay.ts';
import { communicationRule, limitRule, rateRule, stateRule } from '../detect/plant.ts';
import { noon, point as recordedPoint } from '../history/samples.ts';

/*
 * A plant of two devices with two points each, polled on a grid, through the real recorder with a deadband of 0, and out of
 * its frames again. Whatever was polled comes back, so the detector that runs live and the one that replays say the same.
 */

const recording = { deadband: 0, longestGapMs: 20_000 };
const points: readonly Point[] = [
  recordedPoint(0, { key: 'a/p0', intervalMs: 1_000, scale: 0.25, recording }),
  recordedPoint(1, { key: 'a/p1', intervalMs: 1_000, scale: 0.25, recording }),
  recordedPoint(2, { key: 'b/p2', device: 1, intervalMs: 2_500, scale: 0.25, recording }),
  recordedPoint(3, { key: 'b/p3', device: 1, intervalMs: 2_500, scale: 0.25, recording }),
];

type Value = number | Exclude<Quality, 'good'>;

const quarter = fc.integer({ min: 0, max: 24 }).map(number => number / 4);
/** Mostly what it was, so that most samples are left out of the record. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Value | 'same'>('same') },
  { weight: 5, arbitrary: quarter },
  { weight: 1, arbitrary: fc.constantFrom<Value>('refused', 'invalid-value', 'overrun') },
);
const read = fc.oneof(
  { weight: 20, arbitrary: fc.record({ values: fc.tuple(step, step) }) },
  { weight: 1, arbitrary: fc.record({ failure: fc.constantFrom<Value>('timeout', 'no-connection', 'offline') }) },
);
type Read = { readonly values: readonly (Value | 'same')[] } | { readonly failure: Value };
const seconds = 150;
const lives = fc.tuple(
  fc.array(read, { minLength: seconds, maxLength: seconds, size: 'max' }),
  fc.array(read, { minLength: seconds / 2.5, maxLength: seconds / 2.5, size: 'max' }),
);

const delayMs = fc.constantFrom(0, 0, 1_000, 2_500, 6_000);
const place = fc.integer({ min: 0, max: 3 }).map(number => ({ point: number, device: number < 2 ? 0 : 1 }));
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc
    .record({
      place,
      level: fc.constantFrom('high', 'low', 'high-high', 'low-low'),
      limit: quarter,
      deadband: fc.constantFrom(0, 0.25, 1),
      onDelayMs: delayMs,
      offDelayMs: delayMs,
    })
    .map(({ place: at, ...parts }) => limitRule({ ...parts, ...at })),
  fc
    .record({
      place,
      direction: fc.constantFrom('rise', 'fall', 'both'),
      ratePerS: fc.constantFrom(0.1131, 0.3313),
      windowMs: fc.constantFrom(5_000, 30_000),
      onDelayMs: delayMs,
    })
    .map(({ place: at, ...parts }) => rateRule({ ...parts, ...at })),
  fc
    .record({ place, states: fc.array(quarter, { maxLength: 8 }), onDelayMs: delayMs })
    .map(({ place: at, ...parts }) => stateRule({ ...parts, ...at })),
  fc
    .record({ device: fc.constantFrom(0, 1), onDelayMs: delayMs, offDelayMs: delayMs })
    .map(parts => communicationRule(parts)),
);
const rules = fc
  .array(rule, { minLength: 3, maxLength: 6 })
  .map(list => list.map((one, index): Rule => ({ ...one, key: `rule/${index}` })));

/** A device's life on its grid, as batches. */
function pollDevice(device: 0 | 1, reads: readonly Read[]): SampleBatch[] {
  const own = points.filter(one => one.device === device);
  const intervalMs = own[0]?.intervalMs ?? 0;
  const now: Value[] = [1, 1];
  return reads.map((one, index): SampleBatch => {
    if ('values' in one) for (const [at, value] of one.values.entries()) if (value !== 'same') now[at] = value as Value;
    const samples = own.map((of, at): Sample => {
      const value = 'failure' in one ? one.failure : (now[at] ?? 0);
      return typeof value === 'number'
        ? { point: of, value, text: undefined, quality: 'good' }
        : { point: of, value: Number.NaN, text: undefined, quality: value };
    });
    const isOverrun = samples.every(({ quality }) => quality === 'overrun');
    const at = noon + 7 + device * 3 + index * intervalMs;
    return { device, samples, isAnswered: !('failure' in one) && !isOverrun, sampledAt: at, sampledAtMono: at };
  });
}

function record(batches: readonly SampleBatch[]): Frame[] {
  const recorder = createRecorder();
  const frames = batches.flatMap(batch => recorder.add(batch) ?? []);
  return [...frames, ...recorder.flush()];
}

/** All batches that the record gives back, each as a copy. */
function rebuild(frames: readonly Frame[], untilMs: number, visit: (batch: SampleBatch) => void): void {
  const buffer = createMinuteBuffer(noon);
  for (const { body, points: names } of frames)
    decodeFrame(body, names.length, (index, at, value, quality) => {
      const number = points.findIndex(({ key }) => key === names[index]?.point);
      expect(buffer.add(number, at, value, codeOfQuality(quality))).toBe(true);
    });
  const rebuilder = createRebuilder(points.map(one => ({ point: one, holdMs: recording.longestGapMs })));
  for (const minute of buffer.takeBefore(noon + untilMs)) rebuilder.play(minute, visit);
}

/** What happened, without what the record cannot give back: a NaN of a bad sample is one whatever it was. */
function lineOf(batch: SampleBatch): string {
  const samples = batch.samples.map(
    ({ point, value, quality }) => `${point.key}=${quality === 'good' ? value : quality}`,
  );
  return `${batch.sampledAt - noon} ${batch.isAnswered} ${samples.join(' ')}`;
}

const endMs = seconds * 1_000;

test('every sample that was polled comes back from a record with a deadband of 0, at its time and in its batch', () => {
  fc.assert(
    fc.property(lives, ([one, other]) => {
      const polled = [...pollDevice(0, one), ...pollDevice(1, other)].sort((a, b) => a.sampledAt - b.sampledAt);
      const back: string[] = [];
      rebuild(record(polled), endMs, batch => back.push(lineOf(batch)));
      expect(back.slice(0, polled.length)).toEqual(polled.map(lineOf));
    }),
    { numRuns: 100 },
  );
});

test('a replay of a record with a deadband of 0 says what the live detector said', () => {
  let turns = 0;
  fc.assert(
    fc.property(rules, lives, (list, [one, other]) => {
      const polled = [...pollDevice(0, one), ...pollDevice(1, other)].sort((a, b) => a.sampledAt - b.sampledAt);
      const live = createDetector(list, []);
      const lastAt = polled.at(-1)?.sampledAt ?? 0;
      const said = polled.flatMap(batch => live.step(batch));
      turns += said.length;
      const judge = detectorJudge(list);
      const replayed: unknown[] = [];
      // What stands at the end goes on for a while in the replay: nobody has said that it ended.
      rebuild(record(polled), endMs, batch => {
        if (batch.sampledAt <= lastAt) replayed.push(...judge(batch));
      });
      expect(replayed).toEqual(said);
    }),
    { numRuns: 200 },
  );
  expect(turns).toBeGreaterThan(500);
});
