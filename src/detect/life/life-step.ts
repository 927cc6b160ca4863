import {
  type Actor,
  type AlarmLife,
  type AlarmMask,
  normalLife,
  type RuleLife,
  type TransitionKind,
} from '../../model/alarm.ts';
import { type LifeInput, type LifeRefusal, phaseOf, type Stance, stepLife } from './alarm-machine.ts';
import { reopenProgress } from './progress.ts';

/** What happens to an alarm, with who did it and for how long. */
export interface LifeOccasion {
  readonly input: LifeInput;
  readonly by: Actor | undefined;
  /** Wall time. */
  readonly at: number;
  /** Of what hides the alarm from now on. */
  readonly mask?: AlarmMask;
}

export interface LifeChange {
  readonly life: AlarmLife;
  readonly happenings: readonly { readonly kind: TransitionKind; readonly isFirst: boolean }[];
  readonly refusal: LifeRefusal | undefined;
}

/** The life of an alarm one step further: the machine, and what is remembered along with it. Pure. */
export function liveOn(life: AlarmLife, occasion: LifeOccasion, terms: RuleLife): LifeChange {
  const before = stanceOf(life);
  const { stance, happenings, refusal } = stepLife(before, occasion.input, terms);
  if (happenings.length === 0) return { life, happenings: [], refusal };
  const marked = happenings.map(kind => ({ kind, isFirst: beginsOccurrence(before, kind) }));
  return { life: remember(life, stance, marked, occasion), happenings: marked, refusal };
}

function stanceOf({ isActive, isUnacknowledged, isLatched, masks }: AlarmLife): Stance {
  return {
    isActive,
    isUnacknowledged,
    isLatched,
    isShelved: masks.shelved !== undefined,
    isSuppressed: masks.suppressed !== undefined,
    isOutOfService: masks.outOfService !== undefined,
  };
}

/** An occurrence goes on until the condition is gone and nothing is left to do; what hides a normal alarm is one, too. */
function beginsOccurrence(before: Stance, kind: TransitionKind): boolean {
  const isOpen = before.isActive || before.isUnacknowledged || before.isLatched;
  if (kind === 'raised' || kind === 'hidden-raised') return !isOpen;
  return phaseOf(before) === 'normal';
}

function remember(
  life: AlarmLife,
  stance: Stance,
  happenings: LifeChange['happenings'],
  { input, by, at, mask }: LifeOccasion,
): AlarmLife {
  const { isActive, isUnacknowledged, isLatched } = stance;
  const isFirst = happenings.some(one => one.isFirst);
  const isBack = isActive && !life.isActive && !isFirst;
  const isAcknowledgedNow = input === 'acknowledge' && by !== undefined;
  const kept = isFirst ? normalLife : life;
  return {
    phase: phaseOf(stance),
    isActive,
    isUnacknowledged,
    isLatched,
    acknowledged: isAcknowledgedNow ? { by, at } : isUnacknowledged ? undefined : kept.acknowledged,
    masks: {
      shelved: stance.isShelved ? ((input === 'shelve' ? mask : undefined) ?? life.masks.shelved) : undefined,
      suppressed: stance.isSuppressed
        ? ((input === 'suppress' ? mask : undefined) ?? life.masks.suppressed)
        : undefined,
      outOfService: stance.isOutOfService
        ? ((input === 'take-out' ? mask : undefined) ?? life.masks.outOfService)
        : undefined,
    },
    progress: isBack ? reopenProgress(kept.progress) : kept.progress,
    comebacks: kept.comebacks + (isBack ? 1 : 0),
    reAlarms: kept.reAlarms + (input === 're-alarm' ? 1 : 0),
  };
}
