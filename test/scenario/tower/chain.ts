import { createJudge, type Verdict } from '../../../src/judge/judge.ts';
import type { Happening } from '../../../src/model/alarm.ts';
import type { Device } from '../../../src/model/device.ts';
import { isComputed, type Sample, type SampleBatch } from '../../../src/model/point.ts';
import type { Site } from '../../../src/model/site.ts';
import type { TimeStamp } from '../../../src/model/time.ts';

/* The judge of a site, as the gateway has it. Time comes with the reads. */

/** What a device says at one read; undefined when it is silent. */
export type Reading = Readonly<Record<string, number>> | undefined;

export interface Told extends Pick<Happening, 'kind' | 'alarm' | 'firstAlarm'> {
  readonly mono: number;
}

export interface Chain {
  read(device: Device, reading: Reading, mono: number, wall: number): void;
  /** The same with samples of any quality. */
  take(batch: SampleBatch): void;
  /** All that has happened so far. */
  readonly told: readonly Told[];
}

export function startChain(site: Site): Chain {
  const told: Told[] = [];
  const stampAt = (mono: number): TimeStamp => ({ clock: 'synchronised', bootId: 'boot', bootMs: mono });
  const latest = new Map<number, Sample>();
  let now = { mono: 0, wall: 0, stamp: stampAt(0) };
  const judge = createJudge({
    site,
    states: [],
    lastSign: undefined,
    stampAt,
    now: () => now,
    isClockInDoubt: () => false,
    pointNow: number => latest.get(number),
    onJudged: batch => {
      for (const sample of batch.samples) latest.set(sample.point.number, { ...sample });
    },
  });

  function keep(verdict: Verdict | undefined): void {
    for (const { kind, alarm, firstAlarm } of verdict?.happenings ?? [])
      told.push({ kind, alarm, firstAlarm, mono: now.mono });
  }

  function take(batch: SampleBatch): void {
    const mono = batch.sampledAtMono;
    now = { mono, wall: batch.sampledAt, stamp: stampAt(mono) };
    if ((judge.nextDueMono() ?? Number.POSITIVE_INFINITY) <= mono) keep(judge.expire());
    keep(judge.step(batch));
  }

  return { told, take, read: (device, reading, mono, wall) => take(batchOf(device, reading, mono, wall)) };
}

function batchOf(device: Device, reading: Reading, mono: number, wall: number): SampleBatch {
  const points = device.points.filter(point => !isComputed(point));
  const samples = points.map((point): Sample => {
    const value = reading?.[point.id];
    if (reading && value === undefined) throw new Error(`nobody simulates ${point.key}`);
    return value === undefined
      ? { point, value: Number.NaN, text: undefined, quality: 'timeout' }
      : { point, value, text: undefined, quality: 'good' };
  });
  return { device: device.number, samples, isAnswered: reading !== undefined, sampledAtMono: mono, sampledAt: wall };
}
