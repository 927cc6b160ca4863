import { createComputer } from '../../../src/compute/computer.ts';
import { createScheduleWatch } from '../../../src/compute/schedule-watch.ts';
import { createDetector } from '../../../src/detect/detector.ts';
import { createWatchedBook } from '../../../src/detect/life/watched-book.ts';
import type { Change, Happening } from '../../../src/model/alarm.ts';
import type { Device } from '../../../src/model/device.ts';
import type { Sample, SampleBatch } from '../../../src/model/point.ts';
import { isComputed } from '../../../src/model/point.ts';
import type { Site } from '../../../src/model/site.ts';
import type { TimeStamp } from '../../../src/model/time.ts';

/*
 * The pure part of a gateway: detector, computer and alarm book of a site, connected as src/gateway.ts connects them. Time
 * comes with the reads.
 */

/** What a device says at one read; undefined when it is silent. */
export type Reading = Readonly<Record<string, number>> | undefined;

export interface Told extends Pick<Happening, 'kind' | 'alarm' | 'firstAlarm'> {
  readonly mono: number;
}

export interface Chain {
  read(device: Device, reading: Reading, mono: number, wall: number): void;
  /** All that has happened so far. */
  readonly told: readonly Told[];
}

export function startChain(site: Site): Chain {
  const told: Told[] = [];
  const stampAt = (mono: number): TimeStamp => ({ clock: 'synchronised', bootId: 'boot', bootMs: mono });
  const detector = createDetector(site.rules, [], { timeOfDay: wall => wall % 86_400_000 });
  const latest = new Map<number, Sample>();
  const expressions = site.expressions;
  const computer = createComputer({ expressions, isActive: detector.isActive, pointNow: number => latest.get(number) });
  const schedules = createScheduleWatch(site.suppressions, site.gateway.timeZone);
  const { rules, policies, groups } = site;
  const suppressions = site.suppressions.map(({ id }) => id);
  const book = createWatchedBook({
    site: { rules, policies, groups, suppressions },
    states: [],
    lastSign: undefined,
    stampAt,
  });

  function keep(happenings: readonly Happening[], mono: number): void {
    for (const { kind, alarm, firstAlarm } of happenings) told.push({ kind, alarm, firstAlarm, mono });
  }

  return {
    told,
    read(device, reading, mono, wall) {
      const now = { mono, wall, stamp: stampAt(mono) };
      if ((book.nextDueMono() ?? Number.POSITIVE_INFINITY) <= mono) keep(book.expire(now), mono);
      const changes: Change[] = [];
      const take = (batch: SampleBatch) => {
        for (const sample of batch.samples) latest.set(sample.point.number, { ...sample });
        const made = detector.step(batch);
        changes.push(...made);
        return made.map(({ rule }) => rule.key);
      };
      const batch = batchOf(device, reading, mono, wall);
      const expressed = computer.step(batch, take(batch), take);
      const suppressed = [...expressed, ...schedules.step(batch, false)];
      const hide = (isOn: boolean) =>
        suppressed.filter(one => one.isOn === isOn).flatMap(one => book.suppress(one.suppression, isOn, now));
      keep([...hide(true), ...book.apply(changes), ...hide(false)], mono);
    },
  };
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
