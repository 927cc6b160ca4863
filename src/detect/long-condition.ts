import type { LongRule, Rule } from '../model/alarm.ts';
import type { SavedCondition } from '../model/rule-memory.ts';
import type { Judgement } from './judgement.ts';
import { type BandCondition, createBandCondition, loadBand, saveBand, type TimeOfDay } from './rules/band.ts';
import {
  type CounterRateCondition,
  createCounterRateCondition,
  judgeCounterRate,
  loadCounterRate,
  saveCounterRate,
} from './rules/counter-rate.ts';
import {
  createDurationCondition,
  type DurationCondition,
  judgeDuration,
  loadDuration,
  saveDuration,
} from './rules/duration.ts';
import {
  createForecastCondition,
  type ForecastCondition,
  judgeForecast,
  loadForecast,
  saveForecast,
} from './rules/forecast.ts';
import {
  createMissingCondition,
  judgeMissing,
  loadMissing,
  type MissingCondition,
  saveMissing,
} from './rules/missing.ts';

/**
 * The conditions that remember for longer than a gateway runs without a restart. Each is saved as numbers and begins from
 * what was saved; the time in between is a gap like any other.
 */
export type LongCondition = TimedCondition | BandCondition;

/** Those that know no wall clock. */
type TimedCondition = CounterRateCondition | DurationCondition | MissingCondition | ForecastCondition;

/** What a rule knows, to be kept. */
export interface Remembered {
  readonly rule: Rule;
  readonly state: SavedCondition;
}

/** What a rule knew before a restart. */
export interface KeptCondition {
  readonly state: SavedCondition;
  /** When that was, by the monotonic clock of this process: below 0, as a rule. */
  readonly atMono: number;
}

export function createLongCondition(rule: LongRule, timeOfDay: TimeOfDay): LongCondition {
  switch (rule.kind) {
    case 'counter-rate':
      return createCounterRateCondition(rule);
    case 'duration':
      return createDurationCondition(rule);
    case 'missing':
      return createMissingCondition(rule);
    case 'band':
      return createBandCondition(rule, timeOfDay);
    case 'forecast':
      return createForecastCondition(rule);
  }
}

export function judgeLongCondition(condition: TimedCondition, mono: number, value: number, isGood: boolean): Judgement {
  switch (condition.kind) {
    case 'counter-rate':
      return judgeCounterRate(condition, mono, value, isGood);
    case 'duration':
      return judgeDuration(condition, mono, value, isGood);
    case 'missing':
      return judgeMissing(condition, mono, value, isGood);
    case 'forecast':
      return judgeForecast(condition, mono, value, isGood);
  }
}

export function saveLongCondition(condition: LongCondition, mono: number): SavedCondition {
  switch (condition.kind) {
    case 'counter-rate':
      return saveCounterRate(condition, mono);
    case 'duration':
      return saveDuration(condition, mono);
    case 'missing':
      return saveMissing(condition, mono);
    case 'band':
      return saveBand(condition, mono);
    case 'forecast':
      return saveForecast(condition, mono);
  }
}

/** Into a new condition. False when what was kept makes no sense; the condition is then as new. */
export function loadLongCondition(condition: LongCondition, { state, atMono }: KeptCondition): boolean {
  switch (condition.kind) {
    case 'counter-rate':
      return loadCounterRate(condition, state, atMono);
    case 'duration':
      return loadDuration(condition, state, atMono);
    case 'missing':
      return loadMissing(condition, state, atMono);
    case 'band':
      return loadBand(condition, state, atMono);
    case 'forecast':
      return loadForecast(condition, state, atMono);
  }
}
