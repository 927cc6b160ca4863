import type { CounterRateRule } from '../../model/alarm.ts';
import type { SavedCondition } from '../../model/rule-memory.ts';
import { type CounterTrack, createCounterTrack, followCounter } from '../counter-track.ts';
import type { Judgement } from '../judgement.ts';
import {
  addGoodTime,
  addToRises,
  createRiseWindow,
  isWholeWindow,
  moveWindow,
  type RiseWindow,
  slotOf,
  sumUp,
  windowSlots,
} from '../rise-window.ts';
import { readAmount, readNumbers, readTime, saveNumber, saveTime } from '../saved-numbers.ts';

/** A counter that rises too much or too little within a time, or a state that is entered too often or too seldom. */
export interface CounterRateCondition {
  readonly kind: 'counter-rate';
  readonly comparison: CounterRateRule['comparison'];
  readonly limit: number;
  /** Of a point with states: entering one of these counts as 1. Undefined for a counter. */
  readonly states: readonly number[] | undefined;
  readonly track: CounterTrack;
  readonly window: RiseWindow;
  wasGood: boolean;
  /** Something is to be saved that was not yet. */
  isChanged: boolean;
}

/** A start is a whole number, and can be told without a counter's range. */
const startTerms = { divisor: 1, lowest: 0, range: undefined };

export function createCounterRateCondition(rule: CounterRateRule): CounterRateCondition {
  const { comparison, limit, windowMs, counted } = rule;
  const terms = counted.kind === 'rise' ? counted.terms : startTerms;
  return {
    kind: 'counter-rate',
    comparison,
    limit,
    states: counted.kind === 'state' ? counted.states : undefined,
    track: createCounterTrack(terms),
    window: createRiseWindow(windowMs, terms),
    wasGood: false,
    isChanged: false,
  };
}

/**
 * Once what was counted is beyond the limit, time can only confirm it: that is said at once. The opposite takes a whole
 * window of which at least half was under good quality. What a counter rose over a gap counts at its end; of a gap longer
 * than the window only the window's share does.
 */
export function judgeCounterRate(
  condition: CounterRateCondition,
  mono: number,
  value: number,
  isGood: boolean,
): Judgement {
  const { window, track, wasGood, limit } = condition;
  condition.wasGood = isGood;
  if (!isGood) return 'unsure';
  moveWindow(window, mono);
  if (wasGood) addGoodTime(window, mono - track.lastMono);
  if (condition.states === undefined) count(condition, mono, value);
  else countStart(condition, mono, condition.states.includes(value) ? 1 : 0);
  condition.isChanged = true;
  const isAbove = condition.comparison === 'more-than' ? window.rise > limit : window.rise >= limit;
  if (!isAbove && !isWholeWindow(window, mono)) return 'unsure';
  return isAbove === (condition.comparison === 'more-than') ? 'met' : 'gone';
}

function count({ track, window }: CounterRateCondition, mono: number, value: number): void {
  const gapMs = track.lastMono - track.priorMono;
  const seenMono = track.lastMono;
  const rise = followCounter(track, mono, value);
  addToRises(window, seenMono, gapMs > window.windowMs ? (rise * window.windowMs) / gapMs : rise);
}

/** Of a state it is enough to remember whether the point was in it. */
function countStart({ track, window }: CounterRateCondition, mono: number, isIn: number): void {
  if (track.last === 0) addToRises(window, mono, isIn);
  track.last = isIn;
  track.lastMono = mono;
}

/** last, its time, prior, its time, pending; when the window began, its newest slot; rises; good times. */
export function saveCounterRate({ track, window }: CounterRateCondition, mono: number): SavedCondition {
  return [
    saveNumber(track.last),
    saveTime(track.lastMono, mono),
    saveNumber(track.prior),
    saveTime(track.priorMono, mono),
    track.pending,
    saveTime(window.beganMono, mono),
    window.newest,
    ...[...window.rises].map(saveNumber),
    ...window.goodMs,
  ];
}

/** False when what was saved makes no sense; the condition is then as new. */
export function loadCounterRate(condition: CounterRateCondition, saved: SavedCondition, atMono: number): boolean {
  const numbers = readNumbers(saved, 7 + 2 * windowSlots);
  const beganMono = readTime(numbers?.[5], atMono);
  const newest = numbers?.[6] ?? Number.NaN;
  if (!numbers || Number.isNaN(beganMono) || !(newest >= 0)) return false;
  const { track, window } = condition;
  track.last = numbers[0] as number;
  track.lastMono = readTime(numbers[1], atMono);
  track.prior = numbers[2] as number;
  track.priorMono = readTime(numbers[3], atMono);
  track.pending = readAmount(numbers[4]);
  window.beganMono = beganMono;
  window.newest = Math.min(Math.floor(newest), slotOf(window, atMono));
  for (let slot = 0; slot < windowSlots; slot += 1) {
    window.rises[slot] = readAmount(numbers[7 + slot]);
    window.goodMs[slot] = readAmount(numbers[7 + windowSlots + slot]);
  }
  sumUp(window);
  return true;
}
