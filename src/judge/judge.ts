import { createComputer } from '../compute/computer.ts';
import type { Said } from '../compute/inputs.ts';
import { createScheduleWatch } from '../compute/schedule-watch.ts';
import { createDetector, type Detector, type DetectorOptions } from '../detect/detector.ts';
import { carryOut } from '../detect/life/alarm-orders.ts';
import {
  type BookTime,
  type BootFix,
  createWatchedBook,
  type RestatedLife,
  type WatchedBook,
  type WatchedBookOptions,
} from '../detect/life/watched-book.ts';
import type { Change, Happening } from '../model/alarm.ts';
import type { AlarmCommand } from '../model/alarm-command.ts';
import type { CommandReply } from '../model/command.ts';
import type { SuppressionChange } from '../model/expression.ts';
import type { SampleBatch } from '../model/point.ts';
import type { Site } from '../model/site.ts';
import { createTimeOfDay } from './time-of-day.ts';

/*
 * What is decided of the samples of a site, whole:
 *
 *   batch ─► detector ─ changes ─┬─► alarm book ─ happenings ─►
 *     ▲         │                │
 *     │         ▼                │
 *     └── computer ─ suppressions┤
 *         schedules ─────────────┘
 *
 * The gateway and a replay both judge by this. It does no IO, and knows no clock but the one that it is given.
 */

export type { BookTime } from '../detect/life/watched-book.ts';

export interface Judge extends Pick<Detector, 'activeOn' | 'memories' | 'forgotten'> {
  /** What is due at the start. Called once, before anything else. */
  begin(): Verdict;
  /** Takes one read. Undefined whenever nothing happened. */
  step(batch: SampleBatch): Verdict | undefined;
  /** Does what a person wants with alarms. */
  act(command: AlarmCommand): Verdict & { readonly reply: CommandReply };
  /** What ends, or is overdue, by now. */
  expire(): Verdict;
  /** When `expire` has something to do at the earliest, by the monotonic clock; undefined for never. */
  nextDueMono(): number | undefined;
  /** Judges by another site from now on. What did not change goes on. */
  replace(site: JudgedSite): Verdict;
  /** The clock was set: the times of what hides alarms are put right. */
  correctTimes(fix: BootFix): Verdict;
  lifeOf: WatchedBook['lifeOf'];
  owedBy: WatchedBook['owedBy'];
  claimOf: WatchedBook['claimOf'];
}

export interface Verdict {
  /** In order. */
  readonly happenings: readonly Happening[];
  /** Alarms of which something else is to be kept, although nothing more happened to them than is told above. */
  readonly restated: readonly RestatedLife[];
  /** What began and ended to hide alarms. */
  readonly suppressions: readonly SuppressionChange[];
}

/** What of a site says how its samples are judged. */
export type JudgedSite = Pick<Site, 'rules' | 'expressions' | 'suppressions' | 'policies' | 'groups'> & {
  readonly gateway: Pick<Site['gateway'], 'timeZone'>;
};

export interface JudgeOptions extends Pick<WatchedBookOptions, 'states' | 'lastSign' | 'stampAt'> {
  readonly site: JudgedSite;
  /** What rules with a long memory know. */
  readonly memories?: DetectorOptions['memories'];
  readonly now: () => BookTime;
  /** While it is, nobody knows the time of day: bands are silent, and schedules stay as they were. */
  readonly isClockInDoubt: () => boolean;
  /** What a point says now; undefined for one that nobody knows. */
  readonly pointNow: (point: number) => Said | undefined;
  /**
   * Sees each batch once its conditions are decided: that of a read, then those that were computed from it. One that is
   * hidden is there for a rule only. Batches are used again: copy what you keep.
   */
  readonly onJudged?: (batch: SampleBatch, isHidden: boolean) => void;
}

const nothing: readonly never[] = Object.freeze([]);

export function createJudge(options: JudgeOptions): Judge {
  const { site, states, now, isClockInDoubt, onJudged } = options;
  let localTime = createTimeOfDay(site.gateway.timeZone);
  const standing = states.filter(({ isActive }) => isActive).map(({ alarm }) => alarm);
  const detector = createDetector(site.rules, standing, {
    timeOfDay: wallMs => (isClockInDoubt() ? undefined : localTime(wallMs)),
    ...(options.memories && { memories: options.memories }),
  });
  const computer = createComputer({
    expressions: site.expressions,
    isActive: detector.isActive,
    pointNow: options.pointNow,
  });
  const schedules = createScheduleWatch(site.suppressions, site.gateway.timeZone);
  const book = createWatchedBook({ ...options, site: bookSite(site) });
  /** Of the read that is judged; empty between two. */
  let changes: Change[] = [];

  function take(batch: SampleBatch, isHidden: boolean): readonly string[] {
    const own = detector.step(batch);
    onJudged?.(batch, isHidden);
    if (own.length === 0) return nothing;
    changes.push(...own);
    return own.map(({ rule }) => rule.key);
  }

  /** What begins to hide an alarm comes before its condition, and what ends after it: the pump stops, and with it the flow. */
  function settle(suppressions: readonly SuppressionChange[]): Verdict {
    const met = changes;
    changes = [];
    const suppress = (isOn: boolean) =>
      suppressions
        .filter(change => change.isOn === isOn)
        .flatMap(({ suppression }) => book.suppress(suppression, isOn, now()));
    return verdict([...suppress(true), ...book.apply(met), ...suppress(false)], suppressions);
  }

  function verdict(happenings: readonly Happening[], suppressions: readonly SuppressionChange[] = nothing): Verdict {
    return { happenings, restated: book.takeRestated(now()), suppressions };
  }

  return {
    begin() {
      const { happenings, renewed } = book.begin(now());
      const begun = verdict(happenings);
      return { ...begun, restated: [...renewed, ...begun.restated] };
    },
    step(batch) {
      const expressed = computer.step(batch, take(batch, false), take);
      const scheduled = schedules.step(batch, isClockInDoubt());
      const suppressions = scheduled.length === 0 ? expressed : [...expressed, ...scheduled];
      return changes.length === 0 && suppressions.length === 0 ? undefined : settle(suppressions);
    },
    act(command) {
      const { reply, happenings } = carryOut(book, command, now());
      return { reply, ...verdict(happenings) };
    },
    expire: () => verdict(book.expire(now())),
    nextDueMono: book.nextDueMono,
    replace(newSite) {
      localTime = createTimeOfDay(newSite.gateway.timeZone);
      const time = now();
      const removed = book.apply(detector.replaceRules(newSite.rules, time));
      const replaced = book.replaceRules(bookSite(newSite), time);
      computer.replace(newSite.expressions);
      schedules.replace(newSite.suppressions, newSite.gateway.timeZone);
      return verdict([...removed, ...replaced]);
    },
    correctTimes(fix) {
      const restated = book.correctTimes(fix, now());
      const after = verdict(nothing);
      return { ...after, restated: [...restated, ...after.restated] };
    },
    activeOn: detector.activeOn,
    memories: detector.memories,
    forgotten: detector.forgotten,
    lifeOf: book.lifeOf,
    owedBy: book.owedBy,
    claimOf: book.claimOf,
  };
}

function bookSite({ rules, suppressions, policies, groups }: JudgedSite) {
  return { rules, suppressions, policies, groups };
}
