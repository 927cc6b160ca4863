import type { AlarmLife, AlarmPhase, Deadline, TransitionKind } from '../../model/alarm.ts';

/*
 * From when the times of an alarm count that people are given. An alarm that people see has a duty; one that is normal,
 * hidden or closed has none, and when it calls people again all begins anew.
 */

/** Monotonic times of the process. */
export interface Duty {
  /** From which somebody has to be there, and to have restored it. */
  readonly sinceMono: number;
  /** From which it has to be acknowledged. */
  readonly announcedMono: number;
  /** When it was announced, or somebody did something about it, the last time. */
  readonly attendedMono: number;
  /** Deadlines that have passed and were told. */
  readonly overdue: readonly Deadline[];
  /** Whether a person still had to acknowledge it when something happened to it last. */
  readonly isUnacknowledged: boolean;
}

/** Something that happened to the alarm; `isFirst`: a new occurrence begins with it. */
export interface DutyInput {
  readonly kind: TransitionKind;
  readonly isFirst: boolean;
  /** After it. */
  readonly life: Pick<AlarmLife, 'phase' | 'progress' | 'isUnacknowledged'>;
  readonly overdue: Deadline | undefined;
  readonly mono: number;
}

/** Pure. Undefined: nobody owes the alarm anything. */
export function stepDuty(duty: Duty | undefined, input: DutyInput): Duty | undefined {
  const { life, kind, isFirst, mono } = input;
  if (!isSeen(life.phase) || life.progress.closed !== undefined) return undefined;
  const { isUnacknowledged } = life;
  if (duty === undefined || (kind === 'raised' && isFirst)) return beginDuty(mono, isUnacknowledged);
  return { ...goOn(duty, input), isUnacknowledged };
}

function goOn(duty: Duty, { kind, overdue, mono }: DutyInput): Duty {
  switch (kind) {
    case 'raised':
      return comeBack(duty, mono);
    case 'acknowledged':
    case 'dispatched':
    case 'arrived':
    case 'restored':
      return { ...duty, attendedMono: mono };
    case 're-alarmed':
      return {
        ...duty,
        announcedMono: mono,
        attendedMono: mono,
        overdue: duty.overdue.filter(deadline => deadline !== 'acknowledge'),
      };
    case 'overdue':
      return overdue === undefined ? duty : { ...duty, overdue: [...duty.overdue, overdue] };
    default:
      return duty;
  }
}

/**
 * Its condition is back within the same occurrence. While it was gone nobody had to come, so that time counts anew; but one
 * that nobody has acknowledged all the while gets no more time for that, however often it comes and goes.
 */
function comeBack(duty: Duty, mono: number): Duty {
  const anew = beginDuty(mono, true);
  if (!duty.isUnacknowledged) return anew;
  return {
    ...anew,
    announcedMono: duty.announcedMono,
    overdue: duty.overdue.filter(deadline => deadline === 'acknowledge'),
  };
}

export function beginDuty(mono: number, isUnacknowledged: boolean): Duty {
  return { sinceMono: mono, announcedMono: mono, attendedMono: mono, overdue: [], isUnacknowledged };
}

export function isMasked(phase: AlarmPhase): boolean {
  return phase === 'shelved' || phase === 'suppressed' || phase === 'out-of-service';
}

function isSeen(phase: AlarmPhase): boolean {
  return phase !== 'normal' && !isMasked(phase);
}
