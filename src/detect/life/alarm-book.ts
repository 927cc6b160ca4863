import type {
  Actor,
  AlarmLife,
  AlarmState,
  Change,
  Happening,
  Priority,
  ProgressStep,
  Rule,
} from '../../model/alarm.ts';
import { hasSameSubject } from '../rule-identity.ts';
import type { LifeRefusal } from './alarm-machine.ts';
import { type BookTime, type BootFix, type LastSign, untilOf } from './expiry.ts';
import { gatewayActor, noDetails } from './happening.ts';
import { createLives, type RenewedLife } from './lives.ts';
import { createSuppressing, type NamedSuppression } from './suppression.ts';

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
  /** A suppression of the site begins or ends to hide the alarms that name it. It is told, and those of them that are not normal. */
  suppress(suppression: string, isActive: boolean, now: BookTime): readonly Happening[];
  /** What ends by itself by now. */
  expire(now: BookTime): readonly Happening[];
  /** When `expire` has something to do at the earliest, by the monotonic clock; undefined for never. */
  nextDueMono(): number | undefined;
  /** Alarms whose rule is gone, or about something else now, are removed; new ones are hidden where they have to be. */
  replaceRules(site: BookSite, now: BookTime): readonly Happening[];
  /** The clock was set. Returns the lives of which a wall time was put right by it: to be kept although nothing happened. */
  correctTimes(fix: BootFix): readonly RenewedLife[];
  lifeOf(alarm: string): AlarmLife;
  ruleOf(alarm: string): Rule | undefined;
  /** Of all rules of the site, and of alarms that have none any more. */
  alarms(): readonly string[];
}

/** What the book has to know of the site. */
export interface BookSite {
  readonly rules: readonly Rule[];
  readonly suppressions: readonly NamedSuppression[];
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

export function createAlarmBook(options: AlarmBookOptions): AlarmBook {
  let rules = byKey(options.site.rules);
  const suppressing = createSuppressing(options.states, options.site.suppressions);
  const lives = createLives(
    options.states.filter(({ rule }) => rule !== 'suppression'),
    rules,
  );

  /** Tells which suppressions have changed, and hides and shows alarms until each is hidden by those that it names and that hold. */
  function settleSuppressions(now: BookTime): readonly Happening[] {
    return [
      ...suppressing.tell(rules.values(), timesOf(now)),
      ...[...rules.values()].flatMap(rule => settleSuppression(rule, now)),
    ];
  }

  function settleSuppression({ key: alarm, life }: Rule, now: BookTime): readonly Happening[] {
    const { suppressed } = lives.lifeOf(alarm).masks;
    const reason = suppressing.reasonOf(life.suppressedBy);
    if (reason === undefined) return suppressed ? lives.end(alarm, 'release', suppressed.reason, now) : [];
    if (reason === suppressed?.reason) return [];
    const mask = { by: gatewayActor, reason, expiry: undefined };
    return lives.stepNow(alarm, 'suppress', now, { ...mask, until: undefined }, mask).happenings;
  }

  /** The site protects the priority of some alarms since they were shelved. */
  function unshelveProtected(now: BookTime): readonly Happening[] {
    return [...lives.keys()].flatMap(alarm => {
      const rule = rules.get(alarm);
      const isWrong = rule && lives.lifeOf(alarm).masks.shelved && !options.mayShelve(rule.priority);
      return isWrong ? lives.end(alarm, 'unshelve', `${rule.priority} alarms may not be shelved`, now) : [];
    });
  }

  function removeLost(isLost: (alarm: string, rule: Rule | undefined) => boolean, now: BookTime): readonly Happening[] {
    const lost = [...lives.keys()].filter(alarm => isLost(alarm, lives.ruleOf(alarm)));
    return lost.flatMap(alarm => {
      const rule = lives.ruleOf(alarm);
      const occasion = { input: 'removed', by: undefined, at: now.wall } as const;
      const { happenings } = lives.step(alarm, occasion, {}, timesOf(now));
      lives.forgetDue(alarm);
      return happenings.map(one => ({ ...one, rule }));
    });
  }

  function report(
    alarm: string,
    { by, step: kind, reason }: Extract<Deed, { kind: 'report' }>,
    now: BookTime,
  ): ActOutcome {
    if (!lives.isTold(alarm)) return { kind: 'refused', why: 'not-raised' };
    const before = lives.lifeOf(alarm);
    if (before.progress[kind]) return { kind: 'done', happenings: [] };
    const life = { ...before, progress: { ...before.progress, [kind]: { by, at: now.wall } } };
    lives.set(alarm, life);
    const told = { ...noDetails, kind, alarm, rule: lives.ruleOf(alarm), life, isFirst: false, by, reason };
    return { kind: 'done', happenings: [{ ...told, ...timesOf(now) }] };
  }

  return {
    begin(now) {
      const renewed = lives.takeOver(now, options.lastSign);
      const removed = removeLost(alarm => !rules.has(alarm), now);
      const ended = [...lives.expire(now), ...unshelveProtected(now)];
      return { happenings: [...removed, ...ended, ...settleSuppressions(now)], renewed };
    },
    apply(changes) {
      return changes.flatMap(({ kind, rule, value, sampledAt, sampledAtMono }) => {
        const occasion = { input: kind, by: undefined, at: sampledAt };
        const { happenings } = lives.step(rule.key, occasion, { value }, { sampledAt, sampledAtMono });
        if (kind === 'removed') lives.forgetDue(rule.key);
        // It may be that of a rule that the site has no more.
        return happenings.map(one => ({ ...one, rule }));
      });
    },
    act(alarm, deed, now) {
      const rule = rules.get(alarm);
      if (!rule && !lives.isTold(alarm)) return { kind: 'refused', why: 'unknown-alarm' };
      if (deed.kind === 'report') return report(alarm, deed, now);
      if (deed.kind === 'shelve' && rule && !options.mayShelve(rule.priority))
        return { kind: 'refused', why: 'may-not-shelve' };
      const { mask, details } = partsOf(deed, now);
      const { happenings, refusal } = lives.stepNow(alarm, deed.kind, now, details, mask);
      return refusal === undefined ? { kind: 'done', happenings } : { kind: 'refused', why: refusal };
    },
    suppress: (suppression, isActive, now) => (suppressing.set(suppression, isActive) ? settleSuppressions(now) : []),
    expire: lives.expire,
    nextDueMono: lives.nextDueMono,
    replaceRules(site, now) {
      rules = byKey(site.rules);
      suppressing.replace(site.suppressions);
      const removed = removeLost((alarm, old) => {
        const rule = rules.get(alarm);
        return rule === undefined || (old !== undefined && !hasSameSubject(old, rule));
      }, now);
      lives.replaceRules(rules);
      return [...removed, ...unshelveProtected(now), ...settleSuppressions(now)];
    },
    correctTimes: lives.correctTimes,
    lifeOf: lives.lifeOf,
    ruleOf: alarm => rules.get(alarm),
    alarms: () => [...new Set([...rules.keys(), ...lives.keys()])],
  };
}

function byKey(rules: readonly Rule[]): ReadonlyMap<string, Rule> {
  return new Map(rules.map(rule => [rule.key, rule]));
}

function timesOf({ wall, mono }: BookTime) {
  return { sampledAt: wall, sampledAtMono: mono };
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
