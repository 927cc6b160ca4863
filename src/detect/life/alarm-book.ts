import {
  type Actor,
  type AlarmLife,
  type AlarmMask,
  type AlarmState,
  type Change,
  type Happening,
  normalLife,
  type Priority,
  type ProgressStep,
  plainLife,
  type Rule,
} from '../../model/alarm.ts';
import { hasSameSubject } from '../rule-identity.ts';
import type { LifeInput, LifeRefusal } from './alarm-machine.ts';
import { type BookTime, carryOver, dueMonoOf, type LastSign, untilOf } from './expiry.ts';
import { type LifeOccasion, liveOn } from './life-step.ts';
import { activeReasons, reasonsOf } from './suppression.ts';

export type { BookTime } from './expiry.ts';

/**
 * Holds the life of every alarm that is not plain normal. What it returns is what happened, in order; all of it together
 * with the last life in each is all that has to be kept: a book made of the kept states goes on as if nothing had been.
 */
export interface AlarmBook {
  /**
   * What is due at the start: alarms whose rule is gone are removed, and what has expired meanwhile ends. Called once,
   * before anything else. `renewed` are those whose end is reckoned from this boot on: to be kept although nothing happened.
   */
  begin(now: BookTime): { readonly happenings: readonly Happening[]; readonly renewed: readonly RenewedLife[] };
  /** What the detector says of the conditions. */
  apply(changes: readonly Change[]): readonly Happening[];
  /** What a person does to one alarm. Of a refusal nothing has changed; nothing happens where it is done already. */
  act(alarm: string, deed: Deed, now: BookTime): ActOutcome;
  /** A suppression of the site begins or ends to hide the alarms that name it. */
  suppress(suppression: string, isActive: boolean, now: BookTime): readonly Happening[];
  /** What ends by itself by now. */
  expire(now: BookTime): readonly Happening[];
  /** When `expire` has something to do at the earliest, by the monotonic clock; undefined for never. */
  nextDueMono(): number | undefined;
  /** Alarms whose rule is gone, or about something else now, are removed; new ones are hidden where they have to be. */
  replaceRules(site: BookSite, now: BookTime): readonly Happening[];
  lifeOf(alarm: string): AlarmLife;
  ruleOf(alarm: string): Rule | undefined;
  /** Of all rules of the site, and of alarms that have none any more. */
  alarms(): readonly string[];
}

/** What the book has to know of the site. */
export interface BookSite {
  readonly rules: readonly Rule[];
  /** Ids of its suppressions. */
  readonly suppressions: readonly string[];
}

export type Deed =
  | { readonly kind: 'acknowledge' | 'reset' | 'unshelve' | 'put-back'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'shelve' | 'take-out'; readonly by: Actor; readonly reason: string; readonly lastsMs: number }
  /** Announced again because nobody has ended it. */
  | { readonly kind: 're-alarm'; readonly by: Actor }
  | { readonly kind: 'report'; readonly by: Actor; readonly step: ProgressStep; readonly reason?: string | undefined };

export type ActOutcome =
  | { readonly kind: 'done'; readonly happenings: readonly Happening[] }
  | { readonly kind: 'refused'; readonly why: LifeRefusal | 'unknown-alarm' | 'may-not-shelve' | 'not-raised' };

export interface AlarmBookOptions {
  readonly site: BookSite;
  /** As they were kept. */
  readonly states: readonly AlarmState[];
  /** How far the last boot is known to have come. */
  readonly lastSign: LastSign | undefined;
  /** Whether the site allows alarms of this priority to be shelved. */
  readonly mayShelve: (priority: Priority) => boolean;
}

/** What the gateway does by itself. */
export const gatewayActor: Actor = { who: 'gateway', from: 'gateway' };

export interface RenewedLife {
  readonly alarm: string;
  readonly life: AlarmLife;
}

interface Entry {
  readonly life: AlarmLife;
  readonly rule: Rule | undefined;
}

export function createAlarmBook(options: AlarmBookOptions): AlarmBook {
  let rules = byKey(options.site.rules);
  let known = new Set(options.site.suppressions);
  const entries = new Map<string, Entry>();
  for (const state of options.states) entries.set(state.alarm, { life: lifeIn(state), rule: rules.get(state.alarm) });
  let suppressing = activeReasons(options.states, known);
  /** Monotonic times of this process. */
  const dueBy = new Map<string, number>();

  function lifeOf(alarm: string): AlarmLife {
    return entries.get(alarm)?.life ?? normalLife;
  }

  /** One step of one alarm. */
  function step(alarm: string, occasion: LifeOccasion, details: Partial<Happening>, now: StepTime): StepResult {
    const rule = rules.get(alarm) ?? entries.get(alarm)?.rule;
    const { life, happenings, refusal } = liveOn(lifeOf(alarm), occasion, rule?.life ?? plainLife);
    if (refusal !== undefined) return { happenings: [], refusal };
    if (happenings.length > 0) keep(alarm, life, rule);
    const made = happenings.map(({ kind, isFirst }): Happening => {
      return { ...noDetails, ...details, kind, alarm, rule, life, isFirst, ...now };
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

  function stepNow(
    alarm: string,
    input: LifeInput,
    now: BookTime,
    details: Pick<Happening, 'by' | 'reason' | 'until'>,
    mask?: AlarmMask,
  ): StepResult {
    const occasion = { input, by: details.by, at: now.wall, ...(mask && { mask }) };
    const result = step(alarm, occasion, details, { sampledAt: now.wall, sampledAtMono: now.mono });
    if (result.happenings.length > 0) noteDue(alarm, now);
    return result;
  }

  function end(alarm: string, input: LifeInput, reason: string, now: BookTime): readonly Happening[] {
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

  function expire(now: BookTime): readonly Happening[] {
    const due = [...dueBy].filter(([, dueMono]) => dueMono <= now.mono);
    due.sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
    return due.flatMap(([alarm]) => expireOne(alarm, now));
  }

  /** Hides and shows alarms until each is hidden by those suppressions that it names and that are active. */
  function settleSuppressions(now: BookTime): readonly Happening[] {
    return [...rules.keys()].flatMap(alarm => settleSuppression(alarm, now));
  }

  function settleSuppression(alarm: string, now: BookTime): readonly Happening[] {
    const reasons = (rules.get(alarm)?.life.suppressedBy ?? []).filter(id => suppressing.has(id));
    const { suppressed } = lifeOf(alarm).masks;
    const reason = reasonsOf(reasons);
    if (reason === suppressed?.reason) return [];
    if (reason === undefined) return end(alarm, 'release', suppressed?.reason ?? '', now);
    const mask = { by: gatewayActor, reason, expiry: undefined };
    return stepNow(alarm, 'suppress', now, { ...mask, until: undefined }, mask).happenings;
  }

  function removeLost(isLost: (alarm: string, rule: Rule | undefined) => boolean, now: BookTime): readonly Happening[] {
    const lost = [...entries].filter(([alarm, { rule }]) => isLost(alarm, rule));
    return lost.flatMap(([alarm, { rule }]) => {
      const at = { sampledAt: now.wall, sampledAtMono: now.mono };
      const { happenings } = step(alarm, { input: 'removed', by: undefined, at: now.wall }, {}, at);
      noteDue(alarm, now);
      return happenings.map(one => ({ ...one, rule }));
    });
  }

  function takeOver(now: BookTime): RenewedLife[] {
    const carry = (mask: AlarmMask | undefined) =>
      mask?.expiry ? { ...mask, expiry: carryOver(mask.expiry, now, options.lastSign) } : mask;
    return [...entries].flatMap(([alarm, { life, rule }]) => {
      const { shelved, outOfService, suppressed } = life.masks;
      const masks = { shelved: carry(shelved), outOfService: carry(outOfService), suppressed };
      const carried = { ...life, masks };
      entries.set(alarm, { life: carried, rule });
      noteDue(alarm, now);
      const isNew = expiriesOf(carried).some((expiry, index) => expiry !== expiriesOf(life)[index]);
      return isNew ? [{ alarm, life: carried }] : [];
    });
  }

  function report(
    alarm: string,
    { by, step: what, reason }: Extract<Deed, { kind: 'report' }>,
    now: BookTime,
  ): ActOutcome {
    const entry = entries.get(alarm);
    if (!entry) return { kind: 'refused', why: 'not-raised' };
    if (entry.life.progress[what]) return { kind: 'done', happenings: [] };
    const life = { ...entry.life, progress: { ...entry.life.progress, [what]: { by, at: now.wall } } };
    entries.set(alarm, { ...entry, life });
    const times = { sampledAt: now.wall, sampledAtMono: now.mono };
    return {
      kind: 'done',
      happenings: [{ ...noDetails, kind: what, alarm, rule: entry.rule, life, isFirst: false, by, reason, ...times }],
    };
  }

  return {
    begin(now) {
      const renewed = takeOver(now);
      const removed = removeLost(alarm => !rules.has(alarm), now);
      return { happenings: [...removed, ...expire(now), ...settleSuppressions(now)], renewed };
    },
    apply(changes) {
      return changes.flatMap(({ kind, rule, value, sampledAt, sampledAtMono }) => {
        const times = { sampledAt, sampledAtMono };
        const { happenings } = step(rule.key, { input: kind, by: undefined, at: sampledAt }, { value }, times);
        if (kind === 'removed') dueBy.delete(rule.key);
        // It may be that of a rule that the site has no more.
        return happenings.map(one => ({ ...one, rule }));
      });
    },
    act(alarm, deed, now) {
      const rule = rules.get(alarm);
      if (!rule && !entries.has(alarm)) return { kind: 'refused', why: 'unknown-alarm' };
      if (deed.kind === 'report') return report(alarm, deed, now);
      if (deed.kind === 'shelve' && rule && !options.mayShelve(rule.priority))
        return { kind: 'refused', why: 'may-not-shelve' };
      const { mask, details } = partsOf(deed, now);
      const { happenings, refusal } = stepNow(alarm, deed.kind, now, details, mask);
      return refusal === undefined ? { kind: 'done', happenings } : { kind: 'refused', why: refusal };
    },
    suppress(suppression, isActive, now) {
      if (!known.has(suppression) || suppressing.has(suppression) === isActive) return [];
      suppressing = new Set(
        isActive ? [...suppressing, suppression] : [...suppressing].filter(id => id !== suppression),
      );
      return settleSuppressions(now);
    },
    expire,
    nextDueMono: () => (dueBy.size === 0 ? undefined : Math.min(...dueBy.values())),
    replaceRules(site, now) {
      rules = byKey(site.rules);
      known = new Set(site.suppressions);
      suppressing = new Set([...suppressing].filter(id => known.has(id)));
      const removed = removeLost((alarm, old) => {
        const rule = rules.get(alarm);
        return rule === undefined || (old !== undefined && !hasSameSubject(old, rule));
      }, now);
      for (const [alarm, { life }] of entries) entries.set(alarm, { life, rule: rules.get(alarm) });
      return [...removed, ...settleSuppressions(now)];
    },
    lifeOf,
    ruleOf: alarm => rules.get(alarm),
    alarms: () => [...new Set([...rules.keys(), ...entries.keys()])],
  };
}

interface StepResult {
  readonly happenings: readonly Happening[];
  readonly refusal: LifeRefusal | undefined;
}

type StepTime = Pick<Happening, 'sampledAt' | 'sampledAtMono'>;

const noDetails = {
  value: undefined,
  by: undefined,
  reason: undefined,
  until: undefined,
  firstAlarm: undefined,
  overdue: undefined,
} as const;

function byKey(rules: readonly Rule[]): ReadonlyMap<string, Rule> {
  return new Map(rules.map(rule => [rule.key, rule]));
}

function expiriesOf({ masks }: AlarmLife) {
  return [masks.shelved, masks.outOfService].flatMap(mask => (mask?.expiry ? [mask.expiry] : []));
}

/** The life in a kept state, without what it is about. */
function lifeIn(state: AlarmState): AlarmLife {
  const { phase, isActive, isLatched, isUnacknowledged, acknowledged, masks, progress, comebacks, reAlarms } = state;
  return { phase, isActive, isLatched, isUnacknowledged, acknowledged, masks, progress, comebacks, reAlarms };
}

/** What the deed leaves behind, and what is told of it. */
function partsOf(deed: Exclude<Deed, { kind: 'report' }>, now: BookTime) {
  const { by } = deed;
  if (deed.kind !== 'shelve' && deed.kind !== 'take-out') {
    const reason = 'reason' in deed ? deed.reason : undefined;
    return { mask: undefined, details: { by, reason, until: undefined } };
  }
  const { reason, lastsMs } = deed;
  const expiry = { lastsMs, since: now.wall, stamp: now.stamp };
  return { mask: { by, reason, expiry }, details: { by, reason, until: untilOf(expiry) } };
}
