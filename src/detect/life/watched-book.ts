import { assert } from '../../base/assert.ts';
import { type AlarmState, type Deadline, floodAlarm, type Happening, type Priority } from '../../model/alarm.ts';
import type { FirstOutGroup, PriorityPolicies } from '../../model/deadline.ts';
import type { TimeStamp } from '../../model/time.ts';
import {
  type ActOutcome,
  type AlarmBook,
  type AlarmBookOptions,
  type BookSite,
  createAlarmBook,
} from './alarm-book.ts';
import { createCauses, enterGroup, leaveCause, leaveSecondaries, markSecondary } from './causes.ts';
import { type DueDeadline, nextDeadlineMono, type Owed, openDeadlines, passedDeadlines } from './deadlines.ts';
import { beginDuty, type Duty, isMasked, stepDuty } from './duty.ts';
import { createEndedLives } from './ended-lives.ts';
import type { BookTime, BootFix } from './expiry.ts';
import { isCoveredBy, leadOf } from './first-out.ts';
import { gatewayActor, noDetails, type StepTime } from './happening.ts';
import { keepDuty, resumeDuty } from './kept-duty.ts';
import type { RenewedLife } from './lives.ts';
import { createNotices } from './notices.ts';
import { type ProgressRefusal, stepProgress } from './progress.ts';
import { reAlarmMono } from './re-alarm.ts';

export type { BookTime, BootFix } from './expiry.ts';

/**
 * The alarm book with what follows from the lives of its alarms taken together and over time: causes and their
 * secondaries, chattering, floods, deadlines, alarms announced again. It is asked like the book, and tells more.
 */
export interface WatchedBook extends Omit<AlarmBook, 'act' | 'begin' | 'replaceRules' | 'correctTimes'> {
  replaceRules(site: WatchedSite, now: BookTime): readonly Happening[];
  act(...parts: Parameters<AlarmBook['act']>): ActOutcome | { readonly kind: 'refused'; readonly why: ProgressRefusal };
  begin(now: BookTime): { readonly happenings: readonly Happening[]; readonly renewed: readonly RestatedLife[] };
  correctTimes(fix: BootFix, now: BookTime): readonly RestatedLife[];
  /**
   * Alarms of which something else is to be kept since the last call, although nothing happened to them: their cause has
   * changed, their times count anew because it is over, or the site gives them another priority.
   */
  takeRestated(now: BookTime): readonly RestatedLife[];
  /** The deadlines of an alarm that are not settled, passed or not. */
  owedBy(alarm: string): readonly DueDeadline[];
  /** What of that has passed and was told, and whether another alarm calls people in place of this one. */
  claimOf(alarm: string): { readonly overdue: readonly Deadline[]; readonly isCovered: boolean };
}

export interface RestatedLife extends RenewedLife {
  /** Key of the alarm that it is secondary to. */
  readonly firstAlarm: string | undefined;
  /** Undefined where the site has no such alarm any more. */
  readonly priority: Priority | undefined;
}

/** What it has to know of the site. */
export interface WatchedSite extends BookSite {
  readonly policies: PriorityPolicies;
  readonly groups: readonly FirstOutGroup[];
}

export interface WatchedBookOptions extends Omit<AlarmBookOptions, 'site' | 'mayShelve'> {
  readonly site: WatchedSite;
  readonly stampAt: (mono: number) => TimeStamp;
}

export function createWatchedBook(options: WatchedBookOptions): WatchedBook {
  const ofBook = options.states.filter(({ alarm }) => alarm !== floodAlarm);
  const kept = ofBook.filter(({ rule }) => rule !== 'suppression');
  let { site } = options;
  const book = createAlarmBook({
    ...options,
    states: ofBook,
    mayShelve: priority => site.policies[priority].canShelve,
  });
  const causes = createCauses();
  const duties = new Map<string, Duty>();
  const covered = new Set<string>();
  const ended = createEndedLives();
  const dueBy = new Map<string, number>();
  let restated = new Set<string>();
  const notices = createNotices();

  function isCovered(alarm: string): boolean {
    const first = causes.firstOf.get(alarm);
    const [rule, ruleOfFirst] = [book.ruleOf(alarm), first === undefined ? undefined : book.ruleOf(first)];
    if (first === undefined || !rule || !ruleOfFirst) return false;
    const { isActive, phase } = book.lifeOf(first);
    return isCoveredBy({ priority: ruleOfFirst.priority, isActive, isMasked: isMasked(phase) }, rule.priority);
  }

  /** What is owed to an alarm that people see, and within which times. */
  function debtOf(alarm: string) {
    const [duty, rule] = [duties.get(alarm), book.ruleOf(alarm)];
    if (!duty || !rule) return undefined;
    const { isActive, isUnacknowledged, progress } = book.lifeOf(alarm);
    const isQuiet = covered.has(alarm);
    const owed: Owed = { ...duty, isActive, isAcknowledged: !isUnacknowledged, isQuiet, progress };
    const { attendedMono } = duty;
    const again = reAlarmMono({ attendedMono, isActive, isQuiet, reAlarmMs: rule.life.reAlarmMs });
    return { owed, policy: site.policies[rule.priority], reAlarmMono: again };
  }

  function owedBy(alarm: string): readonly DueDeadline[] {
    const debt = debtOf(alarm);
    return debt ? openDeadlines(debt.owed, debt.policy) : [];
  }

  function noteDue(alarm: string): void {
    const debt = debtOf(alarm);
    const times = debt ? [nextDeadlineMono(debt.owed, debt.policy), debt.reAlarmMono] : [];
    const dueMono = Math.min(...times.filter(mono => mono !== undefined));
    if (dueMono === Number.POSITIVE_INFINITY) dueBy.delete(alarm);
    else dueBy.set(alarm, dueMono);
  }

  /** An alarm whose cause is over, hidden, or less urgent calls people by itself from now on. */
  function settleCover(alarm: string, mono: number): void {
    const isNow = isCovered(alarm);
    if (isNow === covered.has(alarm)) return;
    if (isNow) covered.add(alarm);
    else covered.delete(alarm);
    const duty = duties.get(alarm);
    if (!isNow && duty) {
      duties.set(alarm, beginDuty(mono, duty.isUnacknowledged));
      restated.add(alarm);
    }
    noteDue(alarm);
  }

  function follow(happenings: readonly Happening[]): readonly Happening[] {
    return happenings.flatMap(one => (one.suppression === undefined ? followOne(one) : [one]));
  }

  function followOne(happening: Happening): readonly Happening[] {
    const { alarm, kind, life, isFirst, sampledAtMono: mono } = happening;
    const before = duties.get(alarm);
    const duty = stepDuty(before, { kind, isFirst, life, overdue: happening.overdue, mono });
    if (duty === undefined) duties.delete(alarm);
    else duties.set(alarm, duty);
    // What it was the first of before was another occurrence.
    if (isFirst) leaveSecondaries(causes, alarm);
    // New, or what hid it has ended at this moment, or back after its cause was over.
    const isSeenAnew = before === undefined || before.sinceMono === mono;
    const isMarked = kind === 'raised' && (isFirst || isSeenAnew || !followsStanding(alarm));
    if (isMarked) mark(happening);
    if (life.phase === 'normal') end(happening);
    else ended.forget(alarm);
    for (const one of [alarm, ...(causes.secondariesOf.get(alarm) ?? [])]) settleCover(one, mono);
    noteDue(alarm);
    const dressed = dress(alarm, { mono, wall: happening.sampledAt }, life);
    // It may have followed another one before it was hidden: that is over, also for what is kept of it.
    const isOnItsOwn = isMarked && !isFirst && dressed.firstAlarm === undefined;
    const told = { ...happening, ...dressed, ...(isOnItsOwn && { firstAlarm: null }) };
    return kind === 'raised' ? [told, ...notices.raised(told)] : [told];
  }

  function followsStanding(alarm: string): boolean {
    const first = causes.firstOf.get(alarm);
    return first !== undefined && book.lifeOf(first).isActive;
  }

  function mark({ alarm, rule, sampledAtMono }: Happening): void {
    leaveCause(causes, alarm);
    const group = site.groups.find(({ id }) => id === rule?.life.group);
    if (!group) return;
    const others = enterGroup(causes, group.id, { name: alarm, sampledAtMono }, group.windowMs);
    for (const other of others) {
      restated.add(other);
      settleCover(other, sampledAtMono);
    }
  }

  function end({ alarm, kind, life }: Happening): void {
    leaveCause(causes, alarm);
    if (kind === 'removed') {
      notices.forget(alarm);
      ended.forget(alarm);
    } else ended.keep(alarm, life);
  }

  function dress(alarm: string, now: Pick<BookTime, 'mono' | 'wall'>, life = book.lifeOf(alarm)) {
    const duty = duties.get(alarm);
    const keptDuty = duty && keepDuty(duty, now, options.stampAt);
    return { life: { ...life, duty: keptDuty }, firstAlarm: causes.firstOf.get(alarm) };
  }

  function restate(alarm: string, now: BookTime): RestatedLife {
    return { alarm, ...dress(alarm, now), priority: book.ruleOf(alarm)?.priority };
  }

  function expireOne(alarm: string, now: BookTime): readonly Happening[] {
    const debt = debtOf(alarm);
    assert(debt, `${alarm} is due, and nothing is owed to it`);
    const late = passedDeadlines(debt.owed, debt.policy, now.mono).flatMap(({ deadline, overdueMs }) =>
      follow([overdue(alarm, deadline, overdueMs, now)]),
    );
    if (debt.reAlarmMono === undefined || debt.reAlarmMono > now.mono) return late;
    const outcome = book.act(alarm, { kind: 're-alarm', by: gatewayActor }, now);
    assert(outcome.kind === 'done', `${alarm} could not be announced again`);
    return [...late, ...follow(outcome.happenings)];
  }

  function overdue(alarm: string, deadline: Deadline, overdueMs: number, now: BookTime): Happening {
    const parts = { alarm, rule: book.ruleOf(alarm), life: book.lifeOf(alarm), isFirst: false, by: gatewayActor };
    return { ...noDetails, ...parts, kind: 'overdue', overdue: deadline, overdueMs, ...timesOf(now) };
  }

  function expireOwn(now: BookTime): readonly Happening[] {
    const due = [...dueBy].filter(([, dueMono]) => dueMono <= now.mono);
    due.sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
    return [...due.flatMap(([alarm]) => expireOne(alarm, now)), ...notices.timePassed(timesOf(now))];
  }

  /** A report of progress is looked at here: the book takes any. */
  function act(...[alarm, deed, now]: Parameters<AlarmBook['act']>): ReturnType<WatchedBook['act']> {
    if (deed.kind === 'report') {
      const past = ended.lifeOf(alarm);
      const { progress, isActive } = past ?? book.lifeOf(alarm);
      const verdict = stepProgress(progress, { step: deed.step, note: { by: deed.by, at: now.wall }, isActive });
      if (verdict.kind === 'refused') return verdict;
      if (past && verdict.kind === 'known') return { kind: 'done', happenings: [] };
      if (past && verdict.kind === 'taken') {
        const life = { ...past, progress: verdict.progress };
        ended.keep(alarm, life);
        const parts = { kind: deed.step, alarm, rule: book.ruleOf(alarm), life, isFirst: false };
        return {
          kind: 'done',
          happenings: [{ ...noDetails, ...parts, by: deed.by, reason: deed.reason, ...timesOf(now) }],
        };
      }
    }
    const outcome = book.act(alarm, deed, now);
    return outcome.kind === 'done' ? { kind: 'done', happenings: follow(outcome.happenings) } : outcome;
  }

  function resume(now: BookTime): void {
    const keyOf = new Map(kept.map(({ alarm, occurrence }) => [occurrence, alarm]));
    for (const { alarm, firstOut, duty, progress, isUnacknowledged } of kept) {
      const first = firstOut === undefined ? undefined : keyOf.get(firstOut);
      if (first !== undefined) markSecondary(causes, alarm, first);
      if (duty) duties.set(alarm, resumeDuty(duty, { isUnacknowledged }, now, options.lastSign));
      // Of a version that knew no duties.
      else if (!isMasked(book.lifeOf(alarm).phase) && !progress.closed)
        duties.set(alarm, beginDuty(now.mono, isUnacknowledged));
    }
    for (const { id } of site.groups) {
      const members = kept.filter(({ alarm }) => book.ruleOf(alarm)?.life.group === id);
      const lead = leadOf(members.flatMap(raiseOf));
      if (lead) causes.leads.set(id, lead);
    }
    const standing = options.states.find(({ alarm }) => alarm === floodAlarm);
    if (standing) notices.resumeFlood(now.mono, standing.value ?? 0);
    for (const { alarm } of kept) if (isCovered(alarm)) covered.add(alarm);
    for (const { alarm } of kept) noteDue(alarm);
  }

  /** What is hidden leads nobody. */
  function raiseOf({ alarm, firstOut }: AlarmState) {
    const duty = duties.get(alarm);
    return duty ? [{ name: alarm, sampledAtMono: duty.sinceMono, firstOut }] : [];
  }

  return {
    ...book,
    begin(now) {
      resume(now);
      const begun = book.begin(now);
      const happenings = [...follow(begun.happenings), ...expireOwn(now)];
      // A time of another boot cannot be reckoned with once more.
      const carried = kept.filter(({ duty }) => duty && duty.stamp.bootId !== now.stamp.bootId);
      // The site file was changed while nobody looked.
      const reranked = kept.filter(({ alarm, priority }) => (book.ruleOf(alarm)?.priority ?? priority) !== priority);
      const renewed = new Set([...begun.renewed, ...carried, ...reranked].map(({ alarm }) => alarm));
      return { happenings, renewed: [...renewed].map(alarm => restate(alarm, now)) };
    },
    // One by one: what an alarm is secondary to is as it was at that moment, not after the whole batch.
    apply: changes => changes.flatMap(change => follow(book.apply([change]))),
    act,
    suppress: (...parts) => follow(book.suppress(...parts)),
    expire: now => [...follow(book.expire(now)), ...expireOwn(now)],
    nextDueMono() {
      const times = [book.nextDueMono(), notices.nextDueMono(), ...dueBy.values()].filter(mono => mono !== undefined);
      return times.length === 0 ? undefined : times.reduce((least, mono) => Math.min(least, mono));
    },
    replaceRules(newSite, now) {
      site = newSite;
      const priorities = new Map([...duties.keys()].map(alarm => [alarm, book.ruleOf(alarm)?.priority]));
      const happenings = follow(book.replaceRules(site, now));
      for (const alarm of duties.keys()) {
        if (priorities.get(alarm) !== book.ruleOf(alarm)?.priority) restated.add(alarm);
        settleCover(alarm, now.mono);
        noteDue(alarm);
      }
      ended.forgetAllBut(alarm => book.ruleOf(alarm) !== undefined);
      return happenings;
    },
    correctTimes: (fix, now) => book.correctTimes(fix).map(({ alarm }) => restate(alarm, now)),
    takeRestated(now) {
      const taken = [...restated].filter(alarm => book.lifeOf(alarm).phase !== 'normal');
      restated = new Set();
      return taken.map(alarm => restate(alarm, now));
    },
    owedBy,
    claimOf(alarm) {
      const told = duties.get(alarm)?.overdue ?? [];
      const overdue = owedBy(alarm).flatMap(({ deadline }) => (told.includes(deadline) ? [deadline] : []));
      return { overdue, isCovered: covered.has(alarm) };
    },
  };
}

function timesOf({ wall, mono }: BookTime): StepTime {
  return { sampledAt: wall, sampledAtMono: mono };
}
