import { type Deadline, deadlines, type ProgressStep } from '../../model/alarm.ts';
import type { PriorityPolicy } from '../../model/deadline.ts';

/*
 * Until when people have to have acknowledged an alarm, be there, and have restored what it tells of. Each deadline that
 * passes is told once. Nothing here knows what time it is or who listens: also a gateway that is cut off tells.
 *
 * - Who has done a later thing has done the earlier ones: nobody is chased to acknowledge an alarm at which somebody
 *   works. Being dispatched is only a promise: it settles the acknowledgement, nothing else.
 * - A condition that is gone wants nobody to come and nothing restored; but it wants to be known of.
 * - Nothing is due of an alarm that is masked, closed, or secondary to one that calls people in its place.
 */

/** An occurrence of an alarm as its deadlines see it. */
export interface Owed {
  /** Monotonic ms from which `arrive` and `restore` count: the raise, or when what kept it quiet was over. */
  readonly sinceMono: number;
  /** From which `acknowledge` counts: the same, or when it was announced again. */
  readonly announcedMono: number;
  /** Whether its condition stands. */
  readonly isActive: boolean;
  readonly isAcknowledged: boolean;
  readonly isQuiet: boolean;
  readonly progress: Readonly<Partial<Record<ProgressStep, unknown>>>;
  /** The deadlines that have passed and were told. */
  readonly overdue: readonly Deadline[];
}

export interface DueDeadline {
  readonly deadline: Deadline;
  readonly dueMono: number;
}

/** What is still owed, told or not, in the order of `deadlines`. Pure. */
export function openDeadlines(owed: Owed, policy: PriorityPolicy): readonly DueDeadline[] {
  if (owed.isQuiet || owed.progress.closed !== undefined) return [];
  return deadlines.flatMap(deadline => {
    const afterMs = policy[deadline];
    if (afterMs === undefined || isSettled(deadline, owed)) return [];
    return [{ deadline, dueMono: beginOf(deadline, owed) + afterMs }];
  });
}

/** What has passed by now and was not told yet. */
export function passedDeadlines(
  owed: Owed,
  policy: PriorityPolicy,
  mono: number,
): readonly { readonly deadline: Deadline; readonly overdueMs: number }[] {
  return untold(owed, policy)
    .filter(({ dueMono }) => dueMono <= mono)
    .map(({ deadline, dueMono }) => ({ deadline, overdueMs: mono - dueMono }));
}

/** When `passedDeadlines` will have something to tell if nothing happens; undefined when it never will. */
export function nextDeadlineMono(owed: Owed, policy: PriorityPolicy): number | undefined {
  const times = untold(owed, policy).map(({ dueMono }) => dueMono);
  return times.length === 0 ? undefined : Math.min(...times);
}

function untold(owed: Owed, policy: PriorityPolicy): readonly DueDeadline[] {
  return openDeadlines(owed, policy).filter(({ deadline }) => !owed.overdue.includes(deadline));
}

function beginOf(deadline: Deadline, { sinceMono, announcedMono }: Owed): number {
  return deadline === 'acknowledge' ? announcedMono : sinceMono;
}

function isSettled(deadline: Deadline, { isActive, isAcknowledged, progress }: Owed): boolean {
  const { dispatched, arrived, restored } = progress;
  switch (deadline) {
    case 'acknowledge':
      return isAcknowledged || [dispatched, arrived, restored].some(step => step !== undefined);
    case 'arrive':
      return !isActive || arrived !== undefined || restored !== undefined;
    case 'restore':
      return !isActive || restored !== undefined;
  }
}
