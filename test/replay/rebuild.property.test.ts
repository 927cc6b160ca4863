import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrame, type Frame } from '../../src/history/frame.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import { createJudge, type JudgedSite } from '../../src/judge/judge.ts';
import { type Happening, plainLife, type Rule, type RuleLife, weekdays } from '../../src/model/alarm.ts';
import type { Expression, ExpressionInput } from '../../src/model/expression.ts';
import type { Point, Sample, SampleBatch } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';
import { createMinuteBuffer } from '../../src/replay/minutes.ts';
import { createRebuilder } from '../../src/replay/rebuild.ts';
import { codeOfQuality } from '../../src/replay/records.ts';
import { createRecordedJudge } from '../../src/replay/replay.ts';
import { communicationRule, limitRule, rateRule, stateRule } from '../detect/plant.ts';
import { noon, point as recordedPoint } from '../history/samples.ts';

/*
 * A plant of two devices with two points each, polled on a grid, through the real recorder with a deadband of 0, and out of
 * its frames again. Whatever was polled comes back, so the judge that runs live and the one that replays say the same.
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

/** A computed mean on a point of its own, and the hidden point of an alarm with an expression that asks for another alarm. */
const computed = (number: number, key: string): Point => ({
  ...recordedPoint(number, { key }),
  address: { protocol: 'computed' },
});
const mean = computed(4, 'a/mean');
const both = computed(5, 'a/both');
const value = (name: string, number: number): ExpressionInput => ({
  kind: 'value',
  name,
  point: number,
  isText: false,
  conversion: undefined,
});
/** As CEL writes a double. */
const literal = (number: number) => number.toFixed(2);
const expressions = fc.record({ level: quarter, off: quarter }).map(({ level, off }): Expression[] => [
  {
    target: { kind: 'point', point: mean },
    inputs: [value('p', 0), { kind: 'mean', name: 'm', point: 3, overMs: 10_000, conversion: undefined }],
    text: 'p + m',
  },
  {
    target: { kind: 'alarm', point: both },
    inputs: [
      value('mean', 4),
      { kind: 'alarm', name: 'first', alarm: 'rule/0', points: [0, 1, 2, 3], devices: [0, 1] },
    ],
    text: `first && mean > ${literal(level)}`,
  },
  { target: { kind: 'suppression', id: 'off' }, inputs: [value('p', 1)], text: `p < ${literal(off)}` },
]);
const life: fc.Arbitrary<RuleLife> = fc.record({
  isLatching: fc.boolean(),
  needsAcknowledge: fc.boolean(),
  reAlarmMs: fc.constantFrom(undefined, 20_000),
  group: fc.constantFrom(undefined, 'supply'),
  suppressedBy: fc.constantFrom([], [], ['off'], ['night']),
  schedule: fc.constant(undefined),
});
const fast = { acknowledge: 15_000, arrive: 30_000, restore: undefined, canShelve: true, needsAcknowledge: true };
const sites: fc.Arbitrary<JudgedSite> = fc
  .record({ rules, expressions, lives: fc.array(life, { minLength: 8, maxLength: 8 }), delay: delayMs })
  .map(({ rules: own, lives: ways, delay, ...rest }) => {
    const high = limitRule({ key: 'a/mean-high', point: 4, level: 'high', limit: 3, deadband: 0.25, onDelayMs: delay });
    const expressed = stateRule({ key: 'a/both', point: 5, states: [1], onDelayMs: delay });
    return {
      ...rest,
      rules: [...own, high, expressed].map((one, index) => ({ ...one, life: ways[index] ?? plainLife })),
      suppressions: [
        { id: 'off', name: 'Off', outside: undefined },
        // Noon is the second minute of the recording's day: it begins to hide within it.
        { id: 'night', name: 'Night', outside: { days: weekdays, fromMinute: 12 * 60 + 1, toMinute: 12 * 60 + 2 } },
      ],
      policies: { urgent: fast, high: fast, medium: fast, low: fast },
      groups: [{ id: 'supply', windowMs: 3_000 }],
      gateway: { timeZone: 'UTC' },
    };
  });

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

/** What a gateway makes of batches as they come: a clock of its own, a timer for what is due, and the judge between. */
function judgeLive(site: JudgedSite, batches: readonly SampleBatch[], untilMs: number): Happening[] {
  let mono = 0;
  const stampAt = (bootMs: number) => ({ clock: 'synchronised' as const, bootId: 'boot', bootMs });
  const judge = createJudge({
    ...{ site, states: [], lastSign: undefined, stampAt, pointNow: () => undefined, isClockInDoubt: () => false },
    now: () => ({ mono, wall: mono, stamp: stampAt(mono) }),
  });
  const said: Happening[] = [];
  const sleepUntil = (until: number) => {
    for (let due = judge.nextDueMono(); due !== undefined && due <= until; due = judge.nextDueMono()) {
      mono = due;
      said.push(...judge.expire().happenings);
    }
    mono = until;
  };
  for (const batch of batches) {
    sleepUntil(batch.sampledAtMono);
    said.push(...(judge.step(batch)?.happenings ?? []));
  }
  sleepUntil(untilMs);
  return said;
}

/** Without what names the boot. */
const tell = ({ life, ...rest }: Happening) => ({ ...rest, phase: life.phase, isActive: life.isActive });

test('a replay of a record with a deadband of 0 says what the live judge said, with expressions, suppressions and causes', () => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(sites, lives, (site, [one, other]) => {
      const polled = [...pollDevice(0, one), ...pollDevice(1, other)].sort((a, b) => a.sampledAt - b.sampledAt);
      const lastAt = polled.at(-1)?.sampledAt ?? 0;
      const said = judgeLive(site, polled, lastAt);
      for (const { kind } of said) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const replayed: Happening[] = [];
      const judge = createRecordedJudge(site, ({ happenings }) => replayed.push(...happenings));
      // What stands at the end goes on for a while in the replay: nobody has said that it ended.
      rebuild(record(polled), endMs, batch => {
        if (batch.sampledAt <= lastAt) judge.step(batch);
      });
      judge.wait(lastAt);
      expect(replayed.map(tell)).toEqual(said.map(tell));
    }),
    { numRuns: 200 },
  );
  // All of it took part.
  const expected = ['raised', 'returned', 'suppressed', 'released', 'hidden-raised', 'hidden-returned', 'overdue'];
  for (const kind of [...expected, 're-alarmed', 'chattering', 'flood-began'])
    expect([kind, kinds.get(kind) ?? 0]).toEqual([kind, expect.toSatisfy((count: number) => count > 5)]);
});
