import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRecorder } from '../../src/history/recorder.ts';
import type { Point, Sample } from '../../src/model/point.ts';
import { badReasons, type Quality } from '../../src/model/quality.ts';
import { type Kept, keptIn, minuteMs, noon, point, registerOf } from './samples.ts';

/* Whatever is sampled, the frames together are what a recorder keeps that only knows lists. */

const kinds: readonly Partial<Point>[] = [
  {},
  { scale: 0.1 },
  { scale: 0.001, offset: -40 },
  { address: registerOf('f32') },
  { address: registerOf('f64'), scale: Math.E },
  { address: registerOf('u64') },
  { recording: { deadband: 2.5, longestGapMs: 7_000 } },
  { recording: { deadband: 0, longestGapMs: 1_000 } },
  { recording: undefined },
];

const number = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: -200, max: 200 }).map(value => value / 10),
  fc.float({ noNaN: true }),
  fc.double({ noNaN: true }),
  fc.maxSafeInteger(),
  fc.double(),
);
const reading = fc.record({
  value: number,
  quality: fc.oneof({ weight: 4, arbitrary: fc.constant('good' as const) }, fc.constantFrom(...badReasons)),
});
const read = fc.record({
  device: fc.nat(2),
  /** The wall clock may go its own way. */
  wallStepMs: fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 0, max: 20_000, noNaN: true }) },
    fc.constantFrom(-3_600_000, 315_360_000_000, -315_360_000_000, -50),
  ),
  monoStepMs: fc.nat(9_000),
  readings: fc.array(reading, { minLength: kinds.length, maxLength: kinds.length }),
  isReloaded: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
});

interface NaiveKept {
  readonly value: number;
  readonly quality: Quality;
  readonly mono: number;
  readonly unit: string;
}

test('frames hold, to the bit, what report by exception keeps', () => {
  fc.assert(
    fc.property(fc.array(read, { maxLength: 40 }), reads => {
      const recorder = createRecorder();
      const found: Kept[] = [];
      const expected: Kept[] = [];
      const latest = new Map<number, NaiveKept>();
      let [wall, mono, unit] = [noon, 0, 'kW'];
      for (const { device, wallStepMs, monoStepMs, readings, isReloaded } of reads) {
        wall += wallStepMs;
        mono += monoStepMs;
        if (isReloaded) unit = unit === 'kW' ? 'MW' : 'kW';
        const samples = readings.map(({ value, quality }, kind): Sample => {
          const of = point(device * kinds.length + kind, { ...kinds[kind], device, unit });
          return { point: of, value, text: undefined, quality };
        });
        const frame = recorder.add({ device, samples, isAnswered: true, sampledAt: wall, sampledAtMono: mono });
        if (frame) found.push(...keptIn(frame));
        for (const sample of samples) {
          const kept = naivelyKeep(latest, sample, Math.round(wall), mono);
          if (kept) expected.push(kept);
        }
      }
      const rest = recorder.flush();
      for (const frame of rest) found.push(...keptIn(frame));
      expect(byPoint(found)).toEqual(byPoint(expected));
    }),
    { numRuns: 300 },
  );
});

test('a frame holds one device and one minute, and says what it holds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000), { maxLength: 40 }), steps => {
      const recorder = createRecorder();
      let wall = noon;
      const frames = steps.flatMap((step, index) => {
        wall += step;
        const sample: Sample = { point: point(0), value: index, text: undefined, quality: 'good' };
        return (
          recorder.add({ device: 0, samples: [sample], isAnswered: true, sampledAt: wall, sampledAtMono: wall }) ?? []
        );
      });
      for (const frame of [...frames, ...recorder.flush()]) {
        const kept = keptIn(frame);
        expect(kept).toHaveLength(frame.samples);
        expect([Math.min(...kept.map(({ at }) => at)), Math.max(...kept.map(({ at }) => at))]).toEqual([
          frame.from,
          frame.to,
        ]);
        expect(new Set(kept.map(({ at }) => Math.floor(at / minuteMs))).size).toBe(1);
      }
    }),
  );
});

function naivelyKeep(latest: Map<number, NaiveKept>, sample: Sample, at: number, mono: number): Kept | undefined {
  const { point: of, value } = sample;
  if (!of.recording) return undefined;
  const quality = sample.quality === 'good' && !Number.isFinite(value) ? 'not-a-number' : sample.quality;
  const before = latest.get(of.number);
  const isSame =
    before !== undefined &&
    before.unit === of.unit &&
    before.quality === quality &&
    mono - before.mono < of.recording.longestGapMs &&
    (quality !== 'good' || Math.abs(value - before.value) <= of.recording.deadband * (1 + 1e-9));
  if (isSame) return undefined;
  latest.set(of.number, { value, quality, mono, unit: of.unit });
  return { point: of.key, unit: of.unit, at, value: quality === 'good' ? value : Number.NaN, quality };
}

/** Frames of different devices may come in any order; those of one point may not. */
function byPoint(kept: readonly Kept[]): Map<string, Kept[]> {
  const sorted = Map.groupBy(kept, ({ point: key }) => key);
  return new Map([...sorted].sort(([a], [b]) => a.localeCompare(b)));
}
