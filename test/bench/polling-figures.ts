import type { StatusView } from '../../src/model/view.ts';
import { percentile } from './figures.ts';

/** What a slave of slave.ts saw of its master. */
export interface Seen {
  readonly requests: number;
  readonly scans: number;
  readonly firstMono: number;
  readonly lastMono: number;
}

/** How far the interval between scans, as the slaves see it, is from the one asked for, in ppm; the median device. */
export function driftPpm(seen: readonly Seen[], intervalMs: number): number {
  const perDevice = seen
    .filter(({ scans }) => scans > 2)
    .map(({ firstMono, lastMono, scans }) => (lastMono - firstMono) / (scans - 1) / intervalMs - 1);
  return Math.abs(percentile(perDevice, 50)) * 1e6;
}

export interface ReadCounts {
  readonly due: number;
  readonly done: number;
  readonly lost: number;
}

export function countReads({ buses }: StatusView): ReadCounts {
  const sum = (pick: (bus: StatusView['buses'][number]) => number) =>
    buses.reduce((total, bus) => total + pick(bus), 0);
  return {
    due: sum(bus => bus.readsDue),
    done: sum(bus => bus.readsDone),
    lost: sum(bus => bus.readsFailed + bus.readsMissed),
  };
}
