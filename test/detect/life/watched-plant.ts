import type { ActOutcome, Deed } from '../../../src/detect/life/alarm-book.ts';
import type { BookTime } from '../../../src/detect/life/expiry.ts';
import {
  createWatchedBook,
  type RestatedLife,
  type WatchedBook,
  type WatchedSite,
} from '../../../src/detect/life/watched-book.ts';
import type {
  Actor,
  AlarmState,
  Happening,
  ProgressStep,
  Rule,
  RuleLife,
  StateRule,
} from '../../../src/model/alarm.ts';
import { type FirstOutGroup, type PriorityPolicies, usualPolicies } from '../../../src/model/deadline.ts';
import type { ClockQuality } from '../../../src/model/time.ts';
import { stateRule } from '../plant.ts';

/** A watched book with all that it needs around it: clocks, a store, and a machine that can be restarted. */
export interface WatchedPlant {
  /** What was told, as `kind alarm` with what belongs to it. */
  readonly told: string[];
  readonly happenings: Happening[];
  readonly states: ReadonlyMap<string, AlarmState>;
  /** Conditions of alarms come or go in one batch; `agoMs`: their samples are so old. */
  met(alarms: string | readonly string[], agoMs?: number): void;
  gone(alarms: string | readonly string[]): void;
  act(alarm: string, deed: Deed): ReturnType<WatchedBook['act']>;
  report(alarm: string, step: ProgressStep): ReturnType<WatchedBook['act']>;
  suppress(id: string, isActive: boolean): void;
  /** Time passes; what is due is told when it is due. */
  wait(ms: number): void;
  /** The process ends, and another one begins. */
  restart(offMs?: number): void;
  /** So does the machine. */
  reboot(offMs: number): void;
  /** The wall clock is set. */
  jump(ms: number): void;
  setClock(quality: ClockQuality): void;
  book(): WatchedBook;
  now(): BookTime;
  replace(rules: readonly Rule[]): void;
  /** What the next restart finds. */
  setRules(rules: readonly Rule[]): void;
  /** What the next reload or restart finds. */
  setPolicies(policies: PriorityPolicies): void;
}

export const li: Actor = { who: 'Li', from: 'cli' };

type AlarmParts = Omit<Partial<StateRule>, 'life'> & { readonly life?: Partial<RuleLife> };

export const alarm = (key: string, parts: AlarmParts = {}): Rule => {
  const rule = stateRule({ key });
  return { ...rule, ...parts, life: { ...rule.life, ...parts.life } };
};

interface PlantOptions {
  readonly groups?: readonly FirstOutGroup[];
  readonly suppressions?: readonly string[];
}

export function watchedPlant(initialRules: readonly Rule[], options: PlantOptions = {}): WatchedPlant {
  let rules = initialRules;
  let policies = usualPolicies;
  let boot = 1;
  let bootMs = 50_000;
  let startedBootMs = 40_000;
  let wallAhead = Date.UTC(2026, 0, 1);
  let quality: ClockQuality = 'synchronised';
  let events = 0;
  let lastSign: { bootId: string; bootMs: number } | undefined;
  const told: string[] = [];
  const happenings: Happening[] = [];
  const states = new Map<string, AlarmState>();
  const occurrences = new Map<string, string>();
  /** The other way round. */
  const alarmOf = new Map<string, string>();
  let book = open();
  begin();

  function open(): WatchedBook {
    return createWatchedBook({
      site: site(),
      states: structuredClone([...states.values()]),
      lastSign,
      stampAt: mono => ({ clock: quality, bootId: `boot-${boot}`, bootMs: mono + startedBootMs }),
    });
  }

  function site(): WatchedSite {
    return {
      rules,
      suppressions: (options.suppressions ?? []).map(id => ({ id, name: id })),
      policies,
      groups: options.groups ?? [],
    };
  }

  function now(): BookTime {
    const mono = bootMs - startedBootMs;
    return { mono, wall: wallAhead + bootMs, stamp: { clock: quality, bootId: `boot-${boot}`, bootMs } };
  }

  function begin(): void {
    const { happenings: first, renewed } = book.begin(now());
    for (const one of renewed) restate(one);
    record(first);
  }

  /** As the alarm desk does it. */
  function record(made: readonly Happening[]): void {
    for (const happening of made) {
      events += 1;
      const { alarm, life, firstAlarm, isFirst, rule, suppression } = happening;
      const occurrence = isFirst ? `e${events}` : (occurrences.get(alarm) ?? `e${events}`);
      occurrences.set(alarm, occurrence);
      alarmOf.set(occurrence, alarm);
      const before = states.get(alarm);
      const firstOut =
        firstAlarm === undefined ? (isFirst ? undefined : before?.firstOut) : occurrences.get(firstAlarm ?? '');
      const isOld = before !== undefined && !isFirst;
      if (life.phase === 'normal') states.delete(alarm);
      else {
        states.set(alarm, {
          ...{ ...life, alarm, occurrence, firstOut, message: '', unit: '', state: undefined },
          ...{
            rule: rule?.kind ?? (suppression === undefined ? 'flood' : 'suppression'),
            priority: rule?.priority ?? 'medium',
            value: happening.value,
          },
          raisedAt: isOld ? before.raisedAt : now().wall,
          stamp: isOld ? before.stamp : now().stamp,
        });
      }
      happenings.push(happening);
      told.push(textOf(happening, alarmOf.get(firstOut ?? '')));
      lastSign = { bootId: `boot-${boot}`, bootMs };
    }
    for (const one of book.takeRestated(now())) restate(one);
  }

  function restate({ alarm, life, firstAlarm, priority }: RestatedLife): void {
    const before = states.get(alarm);
    if (!before) throw new Error(`${alarm} is not kept`);
    const firstOut = firstAlarm === undefined ? before.firstOut : occurrences.get(firstAlarm);
    states.set(alarm, { ...before, ...life, firstOut, priority: priority ?? before.priority });
  }

  function change(kind: 'met' | 'gone', alarms: string | readonly string[], agoMs: number): void {
    const { mono, wall } = now();
    const changed = (typeof alarms === 'string' ? [alarms] : alarms).map(key => {
      const rule = rules.find(one => one.key === key);
      if (!rule) throw new Error(`no rule ${key}`);
      return { kind, rule, value: 2, sampledAt: wall - agoMs, sampledAtMono: mono - agoMs };
    });
    record(book.apply(changed));
  }

  function act(alarm: string, deed: Deed): ReturnType<WatchedBook['act']> {
    const outcome = book.act(alarm, deed, now());
    if (outcome.kind === 'done') record((outcome as Extract<ActOutcome, { kind: 'done' }>).happenings);
    return outcome;
  }

  return {
    told,
    happenings,
    states,
    met: (alarms, agoMs = 0) => change('met', alarms, agoMs),
    gone: alarms => change('gone', alarms, 0),
    act,
    report: (alarm, step) => act(alarm, { kind: 'report', by: li, step }),
    suppress: (id, isActive) => record(book.suppress(id, isActive, now())),
    wait(ms) {
      const until = bootMs + ms;
      for (let due = book.nextDueMono(); due !== undefined && due + startedBootMs <= until; due = book.nextDueMono()) {
        bootMs = Math.max(bootMs, due + startedBootMs);
        const made = book.expire(now());
        record(made);
        if (made.length === 0 && book.nextDueMono() === due) throw new Error(`due at ${due} in vain`);
      }
      bootMs = until;
    },
    restart(offMs = 0) {
      bootMs += offMs;
      startedBootMs = bootMs;
      book = open();
      begin();
    },
    reboot(offMs) {
      wallAhead += bootMs + offMs - 1_000;
      boot += 1;
      bootMs = 1_000;
      startedBootMs = 500;
      book = open();
      begin();
    },
    jump(ms) {
      wallAhead += ms;
    },
    setClock(clock) {
      quality = clock;
    },
    book: () => book,
    now,
    replace(newRules) {
      rules = newRules;
      record(book.replaceRules(site(), now()));
    },
    setRules(changed) {
      rules = changed;
    },
    setPolicies(changed) {
      policies = changed;
    },
  };
}

/** @param first the alarm whose event it is marked with, as the desk writes it: a mark is kept where the first one is over */
function textOf({ kind, alarm, overdue, overdueMs, value }: Happening, first: string | undefined): string {
  const parts = [kind, alarm];
  if (kind === 'raised' && first !== undefined) parts.push(`after ${first}`);
  if (overdue !== undefined) parts.push(overdue, `+${overdueMs}`);
  if (kind.startsWith('flood')) parts.push(String(value));
  return parts.join(' ');
}
