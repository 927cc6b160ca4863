import {
  type AlarmLife,
  type AlarmMask,
  type AlarmState,
  type Expiry,
  type Happening,
  normalLife,
  plainLife,
  type Rule,
  type TransitionKind,
} from '../../model/alarm.ts';
import type { LifeInput, LifeRefusal } from './alarm-machine.ts';
import { type BookTime, type BootFix, carryOver, correctExpiry, dueMonoOf, type LastSign } from './expiry.ts';
import { gatewayActor, noDetails, type StepTime } from './happening.ts';
import { type LifeOccasion, liveOn } from './life-step.ts';

/**
 * The lives of all alarms that are not plain normal, and when something of them ends by itself.
 *
 * An alarm that is normal but for a suppression is not told, and not kept: the suppression is, and says it all. It is told
 * from the moment in which there is more to say of it: its condition comes, or a person does something with it.
 */
export interface Lives {
  lifeOf(alarm: string): AlarmLife;
  /** Of the alarms that are not plain normal. */
  keys(): Iterable<string>;
  /** Whether there is anything to tell of it: it is neither normal nor only suppressed. */
  isTold(alarm: string): boolean;
  /** The rule that the alarm was raised by, which the site may not have any more. */
  ruleOf(alarm: string): Rule | undefined;
  /** One step of one alarm. */
  step(alarm: string, occasion: LifeOccasion, details: Partial<Happening>, times: StepTime): StepResult;
  /** The same at this moment, by somebody. */
  stepNow(alarm: string, input: LifeInput, now: BookTime, details: StepDetails, mask?: AlarmMask): StepResult;
  /** The same, by the gateway itself. */
  end(alarm: string, input: LifeInput, reason: string | undefined, now: BookTime): readonly Happening[];
  /** A life that was changed beside the machine. */
  set(alarm: string, life: AlarmLife): void;
  /** The alarm is over without a step. */
  forgetDue(alarm: string): void;
  /** Ends what has expired by now, the earliest first. */
  expire(now: BookTime): readonly Happening[];
  nextDueMono(): number | undefined;
  /** Reckons what ends by itself from this boot on. Returns those where that has changed something. */
  takeOver(now: BookTime, lastSign: LastSign | undefined): RenewedLife[];
  /** Puts wall times right that were taken before the clock was set. Returns the lives in which there were any. */
  correctTimes(fix: BootFix): RenewedLife[];
  replaceRules(rules: ReadonlyMap<string, Rule>): void;
}

export interface RenewedLife {
  readonly alarm: string;
  readonly life: AlarmLife;
}

export interface StepResult {
  readonly happenings: readonly Happening[];
  readonly refusal: LifeRefusal | undefined;
}

export type StepDetails = Pick<Happening, 'by' | 'reason' | 'until'>;

interface Entry {
  readonly life: AlarmLife;
  readonly rule: Rule | undefined;
}

/** What the suppression says already. */
const untold: readonly TransitionKind[] = ['suppressed', 'released', 'removed'];

export function createLives(states: readonly AlarmState[], initialRules: ReadonlyMap<string, Rule>): Lives {
  let rules = initialRules;
  const entries = new Map<string, Entry>();
  for (const state of states) entries.set(state.alarm, { life: lifeIn(state), rule: rules.get(state.alarm) });
  /** Alarms that are suppressed, and nothing else. */
  const unseen = new Set<string>();
  /** Monotonic times of this process. */
  const dueBy = new Map<string, number>();

  function lifeOf(alarm: string): AlarmLife {
    return entries.get(alarm)?.life ?? normalLife;
  }

  function step(alarm: string, occasion: LifeOccasion, details: Partial<Happening>, times: StepTime): StepResult {
    const rule = rules.get(alarm) ?? entries.get(alarm)?.rule;
    const before = lifeOf(alarm);
    const { life, happenings, refusal } = liveOn(before, occasion, rule?.life ?? plainLife);
    if (refusal !== undefined) return { happenings: [], refusal };
    if (happenings.length === 0) return nothing;
    const wasUnseen = unseen.delete(alarm);
    keep(alarm, life, rule);
    if ((wasUnseen || before.phase === 'normal') && happenings.every(({ kind }) => untold.includes(kind))) {
      if (life.phase !== 'normal') unseen.add(alarm);
      return nothing;
    }
    const made = happenings.map(({ kind, isFirst }, index): Happening => {
      const reason = kind.startsWith('hidden-') ? { reason: hidingReason(life) } : {};
      const begins = isFirst || (wasUnseen && index === 0);
      return { ...noDetails, ...reason, ...details, kind, alarm, rule, life, isFirst: begins, ...times };
    });
    return { happenings: made, refusal: undefined };
  }

  function keep(alarm: string, life: AlarmLife, rule: Rule | undefined): void {
    if (life.phase === 'normal') entries.delete(alarm);
    else entries.set(alarm, { life, rule });
  }

  /** When something of this alarm ends, reckoned anew: what hides it has changed. */
  function noteDue(alarm: string, now: BookTime): void {
    const dues = expiriesOf(lifeOf(alarm)).map(expiry => dueMonoOf(expiry, now));
    if (dues.length > 0) dueBy.set(alarm, Math.min(...dues));
    else dueBy.delete(alarm);
  }

  function stepNow(alarm: string, input: LifeInput, now: BookTime, details: StepDetails, mask?: AlarmMask): StepResult {
    const occasion = { input, by: details.by, at: now.wall, ...(mask && { mask }) };
    const result = step(alarm, occasion, details, { sampledAt: now.wall, sampledAtMono: now.mono });
    if (result.happenings.length > 0) noteDue(alarm, now);
    return result;
  }

  function end(alarm: string, input: LifeInput, reason: string | undefined, now: BookTime): readonly Happening[] {
    return stepNow(alarm, input, now, { by: gatewayActor, reason, until: undefined }).happenings;
  }

  function expireOne(alarm: string, now: BookTime): readonly Happening[] {
    const { shelved, outOfService } = lifeOf(alarm).masks;
    const isOver = (mask: AlarmMask | undefined) => mask?.expiry && dueMonoOf(mask.expiry, now) <= now.mono;
    const happenings = [
      ...(isOver(outOfService) ? end(alarm, 'put-back', 'its time is over', now) : []),
      ...(isOver(shelved) ? end(alarm, 'unshelve', 'its time is over', now) : []),
    ];
    noteDue(alarm, now);
    return happenings;
  }

  /** Takes every expiry for another one, and returns the lives that have changed by it. */
  function renew(change: (expiry: Expiry) => Expiry): RenewedLife[] {
    const renewMask = (mask: AlarmMask | undefined) => {
      const expiry = mask?.expiry && change(mask.expiry);
      return expiry === mask?.expiry ? mask : mask && { ...mask, expiry };
    };
    return [...entries].flatMap(([alarm, { life, rule }]) => {
      const { shelved, outOfService } = life.masks;
      const masks = { ...life.masks, shelved: renewMask(shelved), outOfService: renewMask(outOfService) };
      if (masks.shelved === shelved && masks.outOfService === outOfService) return [];
      const renewed = { ...life, masks };
      entries.set(alarm, { life: renewed, rule });
      return [{ alarm, life: renewed }];
    });
  }

  return {
    lifeOf,
    keys: () => entries.keys(),
    isTold: alarm => entries.has(alarm) && !unseen.has(alarm),
    ruleOf: alarm => entries.get(alarm)?.rule,
    step,
    stepNow,
    end,
    set(alarm, life) {
      entries.set(alarm, { life, rule: entries.get(alarm)?.rule });
    },
    forgetDue(alarm) {
      dueBy.delete(alarm);
    },
    expire(now) {
      const due = [...dueBy].filter(([, dueMono]) => dueMono <= now.mono);
      due.sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
      return due.flatMap(([alarm]) => expireOne(alarm, now));
    },
    nextDueMono: () => (dueBy.size === 0 ? undefined : Math.min(...dueBy.values())),
    takeOver(now, lastSign) {
      const renewed = renew(expiry => carryOver(expiry, now, lastSign));
      for (const alarm of entries.keys()) noteDue(alarm, now);
      return renewed;
    },
    correctTimes: fix => renew(expiry => correctExpiry(expiry, fix)),
    replaceRules(newRules) {
      rules = newRules;
      for (const [alarm, { life }] of entries) entries.set(alarm, { life, rule: rules.get(alarm) });
    },
  };
}

const nothing: StepResult = { happenings: [], refusal: undefined };

/** Of several masks that of the one that the phase shows. */
function hidingReason({ masks }: AlarmLife): string | undefined {
  return (masks.outOfService ?? masks.suppressed ?? masks.shelved)?.reason;
}

function expiriesOf({ masks }: AlarmLife) {
  return [masks.shelved, masks.outOfService].flatMap(mask => (mask?.expiry ? [mask.expiry] : []));
}

/** The life in a kept state, without what it is about. */
function lifeIn(state: AlarmState): AlarmLife {
  const { phase, isActive, isLatched, isUnacknowledged, acknowledged, masks, progress, comebacks, reAlarms } = state;
  return { phase, isActive, isLatched, isUnacknowledged, acknowledged, masks, progress, comebacks, reAlarms };
}
