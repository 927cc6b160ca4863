import type { ProgressStep } from '../../model/alarm.ts';

/*
 * What people report of their work on one occurrence. Steps may be left out: who stands beside the pump was not
 * dispatched, and what comes back by itself is restored without anybody there. Somebody may still be sent, and arrive, to
 * look at what was restored.
 */

/** Who reported each step, and when: whatever the caller keeps of that. */
export type Progress<Note> = Readonly<Partial<Record<ProgressStep, Note>>>;

export type ProgressVerdict<Note> =
  | { readonly kind: 'taken'; readonly progress: Progress<Note> }
  /** It was reported before: nothing changes, and the first report is the one that counts. */
  | { readonly kind: 'known'; readonly first: Note }
  | { readonly kind: 'refused'; readonly why: ProgressRefusal };

export type ProgressRefusal = 'closed-before' | 'arrived-before' | 'not-over';

/** A report. Pure. `isActive`: whether the condition of the alarm stands. */
export function stepProgress<Note>(
  progress: Progress<Note>,
  report: { readonly step: ProgressStep; readonly note: Note; readonly isActive: boolean },
): ProgressVerdict<Note> {
  const { step, note, isActive } = report;
  const first = progress[step];
  if (first !== undefined) return { kind: 'known', first };
  if (progress.closed !== undefined) return { kind: 'refused', why: 'closed-before' };
  if (step === 'dispatched' && progress.arrived !== undefined) {
    return { kind: 'refused', why: 'arrived-before' };
  }
  if (step === 'closed' && isActive) return { kind: 'refused', why: 'not-over' };
  return { kind: 'taken', progress: { ...progress, [step]: note } };
}

/**
 * The condition is back within the same occurrence: it is not restored, after all. Where it was closed everybody has left,
 * and all begins anew.
 */
export function reopenProgress<Note>(progress: Progress<Note>): Progress<Note> {
  if (progress.closed !== undefined) return {};
  const { restored: _, ...rest } = progress;
  return rest;
}
