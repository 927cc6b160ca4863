import type { Suppression, SuppressionChange } from '../model/expression.ts';
import type { SampleBatch } from '../model/point.ts';
import { createLocalClock, isWithin } from './schedule.ts';

/** Tells when alarms come out of their schedules and go into them. Looks at the time once a minute. */
export interface ScheduleWatch {
  /**
   * @param isClockInDoubt whether the wall clock may be wrong: then everything stays as it was told last, and what was
   * never told is not suppressed
   */
  step(batch: Pick<SampleBatch, 'sampledAt' | 'sampledAtMono'>, isClockInDoubt: boolean): readonly SuppressionChange[];
  replace(suppressions: readonly Suppression[], timeZone: string | undefined): void;
}

const minuteMs = 60_000;
const nothing: readonly never[] = Object.freeze([]);

export function createScheduleWatch(all: readonly Suppression[], zone: string | undefined): ScheduleWatch {
  let scheduled = all.filter(({ outside }) => outside);
  let localTime = createLocalClock(zone);
  /** What was told last, by id. */
  let told = new Map<string, boolean>();
  let lastMinute = Number.NaN;
  let lastMono = Number.NaN;

  return {
    step({ sampledAt, sampledAtMono }, isClockInDoubt) {
      if (scheduled.length === 0 || isClockInDoubt) return nothing;
      const minute = Math.floor(sampledAt / minuteMs);
      if (minute === lastMinute) return nothing;
      // An answer that was on its way a little longer, or a clock that is set back by a moment, ends no schedule just begun.
      if (minute === lastMinute - 1 && sampledAtMono - lastMono < minuteMs) return nothing;
      lastMinute = minute;
      lastMono = sampledAtMono;
      const shown = localTime(sampledAt);
      return scheduled.flatMap(({ id, outside }) => {
        const isOn = outside !== undefined && !isWithin(outside, shown);
        if (told.get(id) === isOn) return [];
        told.set(id, isOn);
        return { suppression: id, isOn, sampledAt, sampledAtMono };
      });
    },
    replace(suppressions, timeZone) {
      scheduled = suppressions.filter(({ outside }) => outside);
      localTime = createLocalClock(timeZone);
      const ids = new Set(scheduled.map(({ id }) => id));
      told = new Map([...told].filter(([id]) => ids.has(id)));
      lastMinute = Number.NaN;
    },
  };
}
