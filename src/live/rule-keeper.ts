import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Rule } from '../model/alarm.ts';
import { elapsedMs } from '../model/elapsed.ts';
import type { Point } from '../model/point.ts';
import { learnedTermsOf, type RuleMemory, type SavedCondition } from '../model/rule-memory.ts';
import { clockQualities, type TimeStamp } from '../model/time.ts';
import type { StoredMemory } from '../store/store.ts';

/**
 * Keeps over a restart what rules with a long memory know: read at the start, written every keepEveryMs and at the stop, so
 * that kill -9 takes back no more than that. Detection never waits for it and never fails by it.
 */
export interface RuleKeeper {
  /**
   * What was kept of the rules of this site, by key. What does not fit them, or makes no sense, is told and, from the start on, removed; a
   * store that cannot tell costs what was learned, and nothing else.
   */
  load(stored: Promise<readonly StoredMemory[]>, site: Judging): Promise<ReadonlyMap<string, KeptRule>>;
  start(memories: (mono: number) => readonly Remembered[]): void;
  /** After a reload: what rules remembered that are gone, or now judge something else, is removed. */
  replaceSite(site: Judging): void;
  /** Hands over to the store what was learned since the last time, before it is closed. */
  stop(): void;
}

/** What of a site says how its rules judge. */
export interface Judging {
  readonly rules: readonly Rule[];
  readonly points: readonly Point[];
}

interface Remembered {
  readonly rule: Rule;
  readonly state: SavedCondition;
}

/** As the detector takes it. */
export interface KeptRule {
  readonly state: SavedCondition;
  /** When it was saved, by the monotonic clock of this process. Time that nobody can tell counts as none. */
  readonly atMono: number;
}

export interface RuleKeeperOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly stampAt: (mono: number) => TimeStamp;
  /** Undefined while there is no store. */
  readonly write: (memories: readonly RuleMemory[]) => Promise<void> | undefined;
  readonly forget: (rules: readonly string[]) => Promise<void> | undefined;
}

export const keepEveryMs = 300_000;

/** Numbers that one rule may keep: a band of quarters of an hour over 28 days has 5,856. What is longer is not kept. */
export const mostNumbers = 8_000;

export function createRuleKeeper({ clock, log, stampAt, write, forget }: RuleKeeperOptions): RuleKeeper {
  /** By key of the rules that can be kept. */
  let signatures: ReadonlyMap<string, string> = new Map();
  /** Keys that have a row in the store, with its signature. */
  const stored = new Map<string, string>();
  /** What the disk has not taken yet, only the newest of each rule. */
  const waiting = new Map<string, RuleMemory>();
  let isWriting = false;
  let timer: Timer | undefined;
  let remembered: (mono: number) => readonly Remembered[] = () => [];

  function collect(): void {
    const mono = clock.monoMs();
    const saved = { savedAt: clock.wallMs(), stamp: stampAt(mono) };
    for (const { rule, state } of remembered(mono)) {
      const signature = signatures.get(rule.key);
      if (signature === undefined) continue;
      if (state.length > mostNumbers)
        log.warn({ rule: rule.key, numbers: state.length }, 'too much to be kept of a rule');
      else waiting.set(rule.key, { rule: rule.key, signature, ...saved, state });
    }
  }

  async function writeWaiting(): Promise<void> {
    if (waiting.size === 0) return;
    const memories = [...waiting.values()];
    isWriting = true;
    try {
      await write(memories);
      for (const memory of memories) {
        stored.set(memory.rule, memory.signature);
        if (waiting.get(memory.rule) === memory) waiting.delete(memory.rule);
      }
    } catch (thrown) {
      log.warn({ rules: memories.length, failure: messageOf(thrown) }, 'what rules remember was not stored');
    }
    isWriting = false;
  }

  function arm(): void {
    timer = clock.at(clock.monoMs() + keepEveryMs, () => {
      arm();
      collect();
      // A disk that hangs piles nothing up.
      if (!isWriting) void writeWaiting();
    });
  }

  function remove(rules: readonly string[]): void {
    if (rules.length === 0) return;
    for (const rule of rules) {
      stored.delete(rule);
      waiting.delete(rule);
    }
    Promise.resolve(forget(rules)).catch(thrown =>
      log.warn({ rules: rules.length, failure: messageOf(thrown) }, 'what rules remembered was not removed'),
    );
  }

  function removeStrangers(): void {
    remove([...stored].filter(([rule, signature]) => signatures.get(rule) !== signature).map(([rule]) => rule));
  }

  function keptOf(memory: RuleMemory): KeptRule {
    const mono = clock.monoMs();
    const now = { at: clock.wallMs(), stamp: stampAt(mono) };
    const offMs = elapsedMs({ at: memory.savedAt, stamp: memory.stamp }, now);
    return { state: memory.state, atMono: mono - (offMs ?? 0) };
  }

  function takeOver(rows: readonly StoredMemory[]): Map<string, KeptRule> {
    const kept = new Map<string, KeptRule>();
    let broken = 0;
    for (const { rule, body } of rows) {
      const memory = readMemory(body);
      if (memory?.rule !== rule) {
        stored.set(rule, '');
        broken += 1;
        continue;
      }
      stored.set(memory.rule, memory.signature);
      if (signatures.get(memory.rule) === memory.signature) kept.set(memory.rule, keptOf(memory));
      else log.info({ rule: memory.rule }, 'the rule has changed or is gone: what it remembered is dropped');
    }
    if (broken > 0) log.warn({ rules: broken }, 'what rules remembered cannot be read: they begin anew');
    return kept;
  }

  return {
    async load(rows, site) {
      signatures = signaturesOf(site);
      try {
        return takeOver(await rows);
      } catch (thrown) {
        log.warn({ failure: messageOf(thrown) }, 'what rules remembered cannot be read: they begin anew');
        return new Map();
      }
    },
    start(memories) {
      remembered = memories;
      removeStrangers();
      arm();
    },
    replaceSite(site) {
      signatures = signaturesOf(site);
      removeStrangers();
    },
    stop() {
      timer?.cancel();
      collect();
      void writeWaiting();
    },
  };
}

function signaturesOf({ rules, points }: Judging): Map<string, string> {
  const byNumber = new Map(points.map(point => [point.number, point]));
  return new Map(
    rules.flatMap(rule => {
      const terms = learnedTermsOf(rule);
      return terms && 'point' in rule ? [[rule.key, signatureOf(terms, byNumber.get(rule.point))]] : [];
    }),
  );
}

/** All that decides what a rule learns, by names and not by numbers that change with each start. */
function signatureOf(terms: readonly unknown[], point: Point | undefined): string {
  const measure = point && [point.key, point.address, point.scale, point.offset, point.unit];
  return createHash('sha256')
    .update(JSON.stringify([terms, measure]))
    .digest('base64');
}

/** What the store gives back may be damaged, or of another version. */
function readMemory(body: string): RuleMemory | undefined {
  try {
    const memory = JSON.parse(body) as RuleMemory;
    const { rule, signature, savedAt, stamp, state } = memory;
    const isWhole =
      typeof rule === 'string' &&
      typeof signature === 'string' &&
      Number.isFinite(savedAt) &&
      clockQualities.includes(stamp.clock) &&
      typeof stamp.bootId === 'string' &&
      Number.isFinite(stamp.bootMs) &&
      Array.isArray(state) &&
      state.length <= mostNumbers;
    return isWhole ? memory : undefined;
  } catch {
    return undefined;
  }
}
