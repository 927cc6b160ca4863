import type { AlarmPhase, TransitionKind } from '../../model/alarm.ts';

/*
 * The life of an alarm (ISA-18.2, IEC 62682) as one table: every phase answers every input. Pure, without time and people.
 * docs/alarms.md draws the table from this code.
 */

/** Where an alarm is: what its phase follows from. */
export interface Stance {
  /** The condition stands. */
  readonly isActive: boolean;
  /** Somebody still has to acknowledge it. */
  readonly isUnacknowledged: boolean;
  /** It waits for a reset once the condition is gone. */
  readonly isLatched: boolean;
  readonly isShelved: boolean;
  readonly isSuppressed: boolean;
  readonly isOutOfService: boolean;
}

export const normalStance: Stance = {
  isActive: false,
  isUnacknowledged: false,
  isLatched: false,
  isShelved: false,
  isSuppressed: false,
  isOutOfService: false,
};

/** What the rule says of the life of its alarm. */
export interface Terms {
  readonly needsAcknowledge: boolean;
  readonly isLatching: boolean;
}

/** What can happen to an alarm. Conditions arrive here after their delays. */
export const lifeInputs = [
  'met',
  'gone',
  'removed',
  'acknowledge',
  'reset',
  're-alarm',
  'shelve',
  'unshelve',
  'suppress',
  'release',
  'take-out',
  'put-back',
] as const;
export type LifeInput = (typeof lifeInputs)[number];

/** Why a reset is refused. Everything else that people ask for is possible, or done already. */
export type LifeRefusal = 'acknowledge-first' | 'still-active';

export interface LifeStep {
  readonly stance: Stance;
  /** What is to be recorded, in order; empty when nothing happened. */
  readonly happenings: readonly TransitionKind[];
  readonly refusal: LifeRefusal | undefined;
}

type Move = (stance: Stance, terms: Terms) => LifeStep;

export function phaseOf(stance: Stance): AlarmPhase {
  if (stance.isOutOfService) return 'out-of-service';
  if (stance.isSuppressed) return 'suppressed';
  if (stance.isShelved) return 'shelved';
  const { isActive, isUnacknowledged, isLatched } = stance;
  if (isActive) return isUnacknowledged ? 'unacknowledged' : 'acknowledged';
  if (isLatched) return isUnacknowledged ? 'latched-unacknowledged' : 'latched-acknowledged';
  return isUnacknowledged ? 'returned' : 'normal';
}

/** Total: there is no input that a phase has no answer for. */
export function stepLife(stance: Stance, input: LifeInput, terms: Terms): LifeStep {
  return table[phaseOf(stance)][input](stance, terms);
}

const nothing: readonly never[] = Object.freeze([]);

const stays: Move = stance => ({ stance, happenings: nothing, refusal: undefined });
const acknowledgeFirst: Move = stance => ({ stance, happenings: nothing, refusal: 'acknowledge-first' });
const stillActive: Move = stance => ({ stance, happenings: nothing, refusal: 'still-active' });

/** A new occurrence, or one that comes back before it was dealt with. */
const raises: Move = (stance, terms) => changes(raised(stance, terms), 'raised');
const returns: Move = stance => changes({ ...stance, isActive: false }, 'returned');
const leaves: Move = () => changes(normalStance, 'removed');
const acknowledges: Move = stance => changes({ ...stance, isUnacknowledged: false }, 'acknowledged');
const resets: Move = stance => changes({ ...stance, isLatched: false }, 'reset');
const reAlarms: Move = (stance, terms) =>
  changes({ ...stance, isUnacknowledged: terms.needsAcknowledge }, 're-alarmed');

/** The condition goes on under what hides it, told by kinds that nobody is woken up by. */
const comesHidden: Move = stance =>
  stance.isActive ? stays(stance, plain) : changes({ ...stance, isActive: true }, 'hidden-raised');
const goesHidden: Move = stance =>
  stance.isActive ? changes({ ...stance, isActive: false }, 'hidden-returned') : stays(stance, plain);
const acknowledgesHidden: Move = stance =>
  stance.isUnacknowledged ? acknowledges(stance, plain) : stays(stance, plain);
const resetsHidden: Move = stance => {
  if (!stance.isLatched) return stays(stance, plain);
  if (stance.isUnacknowledged) return acknowledgeFirst(stance, plain);
  return stance.isActive ? stillActive(stance, plain) : resets(stance, plain);
};

/** What hides an alarm already is renewed: with another end, or for other reasons. */
const shelves: Move = stance => changes({ ...hidden(stance), isShelved: true }, 'shelved');
const takesOut: Move = stance => changes({ ...hidden(stance), isOutOfService: true }, 'out-of-service');
const suppresses: Move = stance => changes({ ...hidden(stance), isSuppressed: true }, 'suppressed');
const unshelves: Move = (stance, terms) =>
  stance.isShelved ? shows({ ...stance, isShelved: false }, 'unshelved', terms) : stays(stance, terms);
const releases: Move = (stance, terms) =>
  stance.isSuppressed ? shows({ ...stance, isSuppressed: false }, 'released', terms) : stays(stance, terms);
const putsBack: Move = (stance, terms) =>
  stance.isOutOfService ? shows({ ...stance, isOutOfService: false }, 'in-service', terms) : stays(stance, terms);

/** What becomes hidden or shown, in every phase. */
const masks = {
  shelve: shelves,
  suppress: suppresses,
  'take-out': takesOut,
  unshelve: unshelves,
  release: releases,
  'put-back': putsBack,
} as const;

const whileHidden: Record<LifeInput, Move> = {
  ...masks,
  met: comesHidden,
  gone: goesHidden,
  removed: leaves,
  acknowledge: acknowledgesHidden,
  reset: resetsHidden,
  're-alarm': stays,
};

const table: Record<AlarmPhase, Record<LifeInput, Move>> = {
  normal: {
    ...masks,
    met: raises,
    gone: stays,
    removed: stays,
    acknowledge: stays,
    reset: stays,
    're-alarm': stays,
  },
  unacknowledged: {
    ...masks,
    met: stays,
    gone: returns,
    removed: leaves,
    acknowledge: acknowledges,
    reset: acknowledgeFirst,
    're-alarm': reAlarms,
  },
  acknowledged: {
    ...masks,
    met: stays,
    gone: returns,
    removed: leaves,
    acknowledge: stays,
    reset: stillActive,
    're-alarm': reAlarms,
  },
  returned: {
    ...masks,
    met: raises,
    gone: stays,
    removed: leaves,
    acknowledge: acknowledges,
    reset: acknowledgeFirst,
    're-alarm': stays,
  },
  'latched-unacknowledged': {
    ...masks,
    met: raises,
    gone: stays,
    removed: leaves,
    acknowledge: acknowledges,
    reset: acknowledgeFirst,
    're-alarm': stays,
  },
  'latched-acknowledged': {
    ...masks,
    met: raises,
    gone: stays,
    removed: leaves,
    acknowledge: stays,
    reset: resets,
    're-alarm': stays,
  },
  shelved: whileHidden,
  suppressed: whileHidden,
  'out-of-service': whileHidden,
};

const plain: Terms = { needsAcknowledge: true, isLatching: false };

function changes(stance: Stance, ...happenings: TransitionKind[]): LifeStep {
  return { stance, happenings, refusal: undefined };
}

function raised(stance: Stance, { needsAcknowledge, isLatching }: Terms): Stance {
  const isLatched = stance.isLatched || isLatching;
  return { ...stance, isActive: true, isUnacknowledged: stance.isUnacknowledged || needsAcknowledge, isLatched };
}

/** Nobody has to acknowledge what is hidden. A latch stays, with what it still asks for: it is a trip, not a notice. */
function hidden(stance: Stance): Stance {
  return { ...stance, isUnacknowledged: stance.isLatched && stance.isUnacknowledged };
}

/** Behind the last mask the alarm is what its condition says now: one that stands is raised, whatever it was before. */
function shows(stance: Stance, kind: TransitionKind, terms: Terms): LifeStep {
  const isHidden = stance.isShelved || stance.isSuppressed || stance.isOutOfService;
  if (isHidden || !stance.isActive) return changes(stance, kind);
  return changes(raised(stance, terms), kind, 'raised');
}
