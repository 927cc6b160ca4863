import { createDetector, type Detector } from '../../src/detect/detector.ts';
import { type LimitRule, plainLife } from '../../src/model/alarm.ts';
import type { Sample, SampleBatch } from '../../src/model/point.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { createCelDetector, createEngineLimits } from './rule-peers.ts';

/*
 * 10,000 limit rules with deadband, on-delay and off-delay on 10,000 points, every point changed in every round. The
 * floor is the same logic as one loop over bare typed arrays, which nobody would want to maintain; the peers are libraries
 * that evaluate what people wrote. Writing the samples is part of what is measured.
 */

const points = 10_000;
const pointsPerRead = 50;
const engineRules = 200;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = isQuick ? 50 : 400;
  const repeats = isQuick ? 3 : 7;
  const values = Array.from({ length: rounds }, (_, round) => 50 + 60 * Math.sin(round / 7));
  const floorNs: number[] = [];
  const detectorNs: number[] = [];
  const celNs: number[] = [];
  const engineNs: number[] = [];
  let growthMb = 0;
  const celDetector = createCelDetector(points);
  const engineLimits = createEngineLimits(engineRules);
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    say(`repeat ${repeat + 1} of ${repeats}`);
    floorNs.push(await timePerEvaluation(rounds, points, floorRound(values)));
    const detector = createLimitDetector();
    const ours = plantRound(values, batch => detector.step(batch).length);
    const before = heapMb();
    detectorNs.push(await timePerEvaluation(rounds, points, ours.run));
    growthMb = heapMb() - before;
    const theirs = plantRound(values, celDetector);
    celNs.push(await timePerEvaluation(rounds / 4, points, theirs.run));
    for (const { changes } of [ours, theirs])
      if (changes() === 0) throw new Error('nothing was raised: this measures something else');
    engineNs.push(await timePerEvaluation(rounds / 10, engineRules, round => engineLimits(values[round] ?? 0)));
  }
  const [floor, own, cel, engine] = [floorNs, detectorNs, celNs, engineNs].map(list => percentile(list, 50));
  return [
    figure('bare typed arrays', 1_000 / (floor ?? 0), 'M evaluations/s'),
    figure('the detector', 1_000 / (own ?? 0), 'M evaluations/s', '>= 50'),
    figure('CEL, @marcbachmann/cel-js', 1_000 / (cel ?? 0), 'M evaluations/s'),
    figure('json-rules-engine', 1_000 / (engine ?? 0), 'M evaluations/s'),
    figure('the detector / bare typed arrays', (own ?? 0) / (floor ?? 0), '× the time', '<= 6'),
    figure('the detector / CEL', (cel ?? 0) / (own ?? 0), '× as fast', '>= 5'),
    figure('the detector / json-rules-engine', (engine ?? 0) / (own ?? 0), '× as fast', '>= 500'),
    figure('10,000 points through their rules', ((own ?? 0) * points) / 1_000, 'µs'),
    figure('heap growth', growthMb / ((rounds * points) / 1e6), 'MB per million', '<= 1'),
  ];
}

/** CPU nanoseconds of one evaluation. */
async function timePerEvaluation(
  rounds: number,
  evaluations: number,
  run: (round: number) => unknown,
): Promise<number> {
  for (let round = 0; round < rounds / 4; round += 1) await run(round);
  const start = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    const pending = run(round);
    // Only the engine is not done when it returns.
    if (pending instanceof Promise) await pending;
  }
  return (process.cpuUsage(start).user * 1_000) / (rounds * evaluations);
}

function createLimitDetector(): Detector {
  const rules = Array.from(
    { length: points },
    (_, index): LimitRule => ({
      kind: 'limit',
      key: `d/p${index}`,
      device: Math.floor(index / pointsPerRead),
      point: index,
      level: 'high',
      limit: 100,
      deadband: 5,
      priority: 'medium',
      message: '',
      onDelayMs: 3_000,
      offDelayMs: 2_000,
      life: plainLife,
    }),
  );
  return createDetector(rules, []);
}

/** One read of every point, with new values; what comes of it is counted. */
function plantRound(values: readonly number[], step: (batch: SampleBatch) => number) {
  const batches = Array.from({ length: points / pointsPerRead }, (_, device) => createBatch(device));
  let mono = 0;
  let changes = 0;
  return {
    changes: () => changes,
    run(round: number) {
      mono += 1_000;
      const value = values[round % values.length] ?? 0;
      for (const batch of batches) {
        batch.sampledAtMono = mono;
        for (const sample of batch.samples) sample.value = value + (sample.point.number & 3);
        changes += step(batch);
      }
    },
  };
}

function createBatch(device: number): SampleBatch {
  const samples = Array.from({ length: pointsPerRead }, (_, index): Sample => {
    const number = device * pointsPerRead + index;
    const address = { protocol: 'self', measure: 'uptime' } as const;
    const named = { number, key: `d/p${number}`, id: `p${number}`, name: '', device, unit: '' };
    const point = {
      ...named,
      intervalMs: 1_000,
      address,
      scale: 1,
      offset: 0,
      invalidValues: [],
      states: undefined,
      isCounter: false,
      recording: undefined,
    };
    return { point, value: 0, text: undefined, quality: 'good' };
  });
  return { device, samples, isAnswered: true, sampledAtMono: 0, sampledAt: 0 };
}

function floorRound(values: readonly number[]): (round: number) => void {
  const value = new Float64Array(points);
  const limit = new Float64Array(points).fill(100);
  const clear = new Float64Array(points).fill(95);
  const since = new Float64Array(points).fill(-1);
  const isActive = new Uint8Array(points);
  let mono = 0;
  let transitions = 0;
  return round => {
    mono += 1_000;
    value.fill(values[round % values.length] ?? 0);
    for (let index = 0; index < points; index += 1) {
      const now = (value[index] as number) + (index & 3);
      const active = isActive[index] === 1;
      const isMet = now > ((active ? clear[index] : limit[index]) as number);
      if (isMet === active) since[index] = -1;
      else if (since[index] === -1) since[index] = mono;
      else if (mono - (since[index] as number) >= (active ? 2_000 : 3_000)) {
        isActive[index] = active ? 0 : 1;
        since[index] = -1;
        transitions += 1;
      }
    }
    if (transitions < 0) throw new Error('never: keeps the loop from being optimised away');
  };
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
