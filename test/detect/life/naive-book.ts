import type { RuleLife } from '../../../src/model/alarm.ts';

/*
 * The life of one alarm once more, slow and obvious: it keeps the whole history and works everything out again from the
 * beginning. It has no phases and no table, and shares no code with the real one.
 */

export type Input =
  | { readonly kind: 'met' | 'gone' | 'acknowledge' | 'reset' | 'unshelve' | 'put-back' | 're-alarm' | 'removed' }
  | { readonly kind: 'shelve' | 'take-out'; readonly lastsMs: number }
  | { readonly kind: 'suppress' | 'release' };

/** Something that happened at a monotonic time. */
export interface Moment {
  readonly mono: number;
  readonly input: Input;
}

export interface Picture {
  /** What a list of alarms shows. */
  readonly shown: string;
  readonly told: readonly string[];
}

/** What is known of an alarm after a history: by looking back, not by stepping. */
export function tell(history: readonly Moment[], life: Pick<RuleLife, 'needsAcknowledge' | 'isLatching'>): Picture {
  const told: string[] = [];
  let facts = nothingKnown;
  for (const { mono, input } of history) {
    for (const ended of endedBy(facts, mono)) {
      facts = answer(facts, { kind: ended }, mono, life, told);
    }
    facts = answer(facts, input, mono, life, told);
  }
  return { shown: show(facts), told };
}

interface Facts {
  readonly stands: boolean;
  /** A person owes an acknowledgement. */
  readonly owesAcknowledge: boolean;
  readonly owesReset: boolean;
  readonly shelvedUntil: number | undefined;
  readonly outUntil: number | undefined;
  readonly isSuppressed: boolean;
  /** It is hidden by a suppression and nothing else was ever to be said of it since it was normal. */
  readonly isUntold: boolean;
}

const nothingKnown: Facts = {
  stands: false,
  owesAcknowledge: false,
  owesReset: false,
  shelvedUntil: undefined,
  outUntil: undefined,
  isSuppressed: false,
  isUntold: false,
};

function endedBy({ shelvedUntil, outUntil }: Facts, mono: number): ('unshelve' | 'put-back')[] {
  const ends = [
    { kind: 'put-back' as const, at: outUntil },
    { kind: 'unshelve' as const, at: shelvedUntil },
  ];
  return ends.filter(({ at }) => at !== undefined && at <= mono).map(({ kind }) => kind);
}

function isHidden({ shelvedUntil, outUntil, isSuppressed }: Facts): boolean {
  return shelvedUntil !== undefined || outUntil !== undefined || isSuppressed;
}

function show(facts: Facts): string {
  if (facts.outUntil !== undefined) return 'out-of-service';
  if (facts.isSuppressed) return 'suppressed';
  if (facts.shelvedUntil !== undefined) return 'shelved';
  if (facts.stands) return facts.owesAcknowledge ? 'unacknowledged' : 'acknowledged';
  if (facts.owesReset) return facts.owesAcknowledge ? 'latched-unacknowledged' : 'latched-acknowledged';
  return facts.owesAcknowledge ? 'returned' : 'normal';
}

function answer(
  facts: Facts,
  input: Input,
  mono: number,
  life: Pick<RuleLife, 'needsAcknowledge' | 'isLatching'>,
  told: string[],
): Facts {
  const before = told.length;
  const after = settle(facts, input, mono, life, told);
  if (input.kind === 'removed')
    return { ...nothingKnown, isSuppressed: facts.isSuppressed, isUntold: facts.isSuppressed };
  return told.length > before ? { ...after, isUntold: false } : after;
}

function settle(
  facts: Facts,
  input: Input,
  mono: number,
  life: Pick<RuleLife, 'needsAcknowledge' | 'isLatching'>,
  told: string[],
): Facts {
  const announce = (after: Facts): Facts => {
    told.push('raised');
    return {
      ...after,
      stands: true,
      owesAcknowledge: after.owesAcknowledge || life.needsAcknowledge,
      owesReset: after.owesReset || life.isLatching,
    };
  };
  // What is put aside asks nobody for an acknowledgement, unless a latch does.
  const aside = (after: Facts): Facts => ({ ...after, owesAcknowledge: after.owesAcknowledge && after.owesReset });
  const uncover = (after: Facts): Facts => (after.stands && !isHidden(after) ? announce(after) : after);

  switch (input.kind) {
    case 'met':
      if (facts.stands) return facts;
      if (!isHidden(facts)) return announce(facts);
      told.push('hidden-raised');
      return { ...facts, stands: true };
    case 'gone':
      if (!facts.stands) return facts;
      told.push(isHidden(facts) ? 'hidden-returned' : 'returned');
      return { ...facts, stands: false };
    case 'acknowledge':
      if (!facts.owesAcknowledge) return facts;
      told.push('acknowledged');
      return { ...facts, owesAcknowledge: false };
    case 'reset':
      if (!facts.owesReset || facts.owesAcknowledge || facts.stands) return facts;
      told.push('reset');
      return { ...facts, owesReset: false };
    case 're-alarm':
      if (!facts.stands || isHidden(facts)) return facts;
      told.push('re-alarmed');
      return { ...facts, owesAcknowledge: life.needsAcknowledge };
    case 'removed':
      if (show(facts) !== 'normal' && !facts.isUntold) told.push('removed');
      // The rule comes back at once, and so does what the site says of it.
      return facts;
    case 'shelve':
      told.push('shelved');
      return aside({ ...facts, shelvedUntil: mono + input.lastsMs });
    case 'take-out':
      told.push('out-of-service');
      return aside({ ...facts, outUntil: mono + input.lastsMs });
    case 'suppress':
      if (facts.isSuppressed) return facts;
      if (show(facts) === 'normal') return { ...facts, isSuppressed: true, isUntold: true };
      told.push('suppressed');
      return aside({ ...facts, isSuppressed: true });
    case 'unshelve':
      if (facts.shelvedUntil === undefined) return facts;
      told.push('unshelved');
      return uncover({ ...facts, shelvedUntil: undefined });
    case 'put-back':
      if (facts.outUntil === undefined) return facts;
      told.push('in-service');
      return uncover({ ...facts, outUntil: undefined });
    case 'release':
      if (!facts.isSuppressed) return facts;
      if (facts.isUntold) return { ...facts, isSuppressed: false, isUntold: false };
      told.push('released');
      return uncover({ ...facts, isSuppressed: false });
  }
}
