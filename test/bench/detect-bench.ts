import { createDetector } from '../../src/detect/detector.ts';
import { type LimitRule, plainLife } from '../../src/model/alarm.ts';
import type { Sample, SampleBatch } from '../../src/model/point.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';

/*
 * 10,000 limit rules with deadband, on-delay and off-delay on 10,000 points, every point changed in every round. The
 * floor is the same logic as one loop over bare typed arrays, which nobody would want to maintain.
 */

const points = 10_000;
const pointsPerRead = 50;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = isQuick ? 50 : 400;
  const values = Array.from({ length: rounds }, (_, round) => 50 + 60 * Math.sin(round / 7));
  const floorNs: number[] = [];
  const detectorNs: number[] = [];
  let growthMb = 0;
  for (let repeat = 0; repeat < 7; repeat += 1) {
    say(`repeat ${repeat + 1} of 7`);
    floorNs.push(timePerEvaluation(rounds, floorRound(values)));
    const { run, transitions } = detectorRound(values);
    const before = heapMb();
    detectorNs.push(timePerEvaluation(rounds, run));
    growthMb = heapMb() - before;
    if (transitions() === 0) throw new Error('the detector raised nothing: this measures something else');
  }
  const floor = percentile(floorNs, 50);
  const own = percentile(detectorNs, 50);
  return [
    figure('bare typed arrays', 1_000 / floor, 'M evaluations/s'),
    figure('the detector', 1_000 / own, 'M evaluations/s', '>= 50'),
    figure('the detector / bare typed arrays', own / floor, '× the time', '<= 6'),
    figure('10,000 points through their rules', (own * points) / 1_000, 'µs'),
    figure('heap growth', growthMb / ((rounds * points) / 1e6), 'MB per million', '<= 1'),
  ];
}

/** CPU nanoseconds of one evaluation, of this thread alone. */
function timePerEvaluation(rounds: number, run: (round: number) => void): number {
  for (let round = 0; round < rounds / 4; round += 1) run(round);
  const start = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) run(round);
  return (process.cpuUsage(start).user * 1_000) / (rounds * points);
}

function detectorRound(values: readonly number[]) {
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
  const detector = createDetector(rules, []);
  const batches = Array.from({ length: points / pointsPerRead }, (_, device) => createBatch(device));
  let mono = 0;
  let transitions = 0;
  return {
    transitions: () => transitions,
    run(round: number) {
      mono += 1_000;
      const value = values[round % values.length] ?? 0;
      for (const batch of batches) {
        batch.sampledAtMono = mono;
        for (const sample of batch.samples) sample.value = value + (sample.point.number & 3);
        transitions += detector.step(batch).length;
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
