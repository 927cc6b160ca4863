import { formatAge } from '../../base/duration.ts';
import { type CliContext, styleFor, widthOf } from '../context.ts';
import { eraseLine, renderProgress } from './progress.ts';

/** A bar on standard error for something long; nothing where that is no terminal. */
export interface ProgressBar {
  /** `done` of `total`, in whatever unit. May be called as often as one likes. */
  show(label: string, done: number, total: number): void;
  clear(): void;
}

/** Faster than this nobody reads. */
const drawEveryMs = 100;

/** An estimate from less is a guess. */
const leastShareForEstimate = 0.02;

export function createProgressBar(context: CliContext): ProgressBar {
  const { clock, err } = context;
  if (err.isTTY !== true) return { show() {}, clear() {} };
  let label = '';
  let startedMono = 0;
  let drawnMono = Number.NEGATIVE_INFINITY;
  return {
    show(nowLabel, done, total) {
      const nowMono = clock.monoMs();
      if (nowLabel !== label) {
        [label, startedMono, drawnMono] = [nowLabel, nowMono, Number.NEGATIVE_INFINITY];
      }
      if (nowMono - drawnMono < drawEveryMs) return;
      drawnMono = nowMono;
      const share = total === 0 ? 1 : done / total;
      const leftMs = ((nowMono - startedMono) / share) * (1 - share);
      const words = share < leastShareForEstimate ? label : `${label} · about ${formatAge(leftMs)} left`;
      err.write(eraseLine + renderProgress({ done, total, words }, widthOf(err) ?? 80, styleFor(err, context.env)));
    },
    clear: () => void err.write(eraseLine),
  };
}
