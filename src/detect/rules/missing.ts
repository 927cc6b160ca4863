import type { MissingRule } from '../../model/alarm.ts';
import type { SavedCondition } from '../../model/rule-memory.ts';
import { type CounterTrack, createCounterTrack, followCounter } from '../counter-track.ts';
import type { Judgement } from '../judgement.ts';
import { readAmount, readNumbers, readTime, saveNumber, saveTime } from '../saved-numbers.ts';

/** Something that has not happened for too long: a state was not reached, a counter has not risen. */
export interface MissingCondition {
  readonly kind: 'missing';
  readonly withinMs: number;
  /** Undefined for a counter. */
  readonly states: readonly number[] | undefined;
  /** Undefined for a point with states. */
  readonly track: CounterTrack | undefined;
  /** When it happened last, or since when it is watched for. */
  sinceMono: number;
  hasHappened: boolean;
  /** For how much of the time since then it is known that it has not happened. */
  knownMs: number;
  /** Of the last good sample. */
  lastMono: number;
  wasGood: boolean;
  isChanged: boolean;
}

export function createMissingCondition({ withinMs, counted }: MissingRule): MissingCondition {
  return {
    kind: 'missing',
    withinMs,
    states: counted.kind === 'state' ? counted.states : undefined,
    track: counted.kind === 'rise' ? createCounterTrack(counted.terms) : undefined,
    sinceMono: Number.NaN,
    hasHappened: false,
    knownMs: 0,
    lastMono: Number.NaN,
    wasGood: false,
    isChanged: false,
  };
}

/**
 * All time counts, also that of gaps and that for which the gateway was off as far as it is known; but at least half of
 * `within` must be known to have gone by without it. A counter tells what happened in a gap, a state does not. Nothing ends
 * a standing alarm but that it happens.
 */
export function judgeMissing(condition: MissingCondition, mono: number, value: number, isGood: boolean): Judgement {
  const { wasGood, track, withinMs } = condition;
  condition.wasGood = isGood;
  if (!isGood) return 'unsure';
  if (Number.isNaN(condition.sinceMono)) condition.sinceMono = mono;
  else if (wasGood || track) condition.knownMs += mono - condition.lastMono;
  const happenedMono = track ? followRise(track, mono, value) : reach(condition, mono, value);
  condition.lastMono = mono;
  condition.isChanged = true;
  if (!Number.isNaN(happenedMono)) {
    condition.sinceMono = happenedMono;
    condition.hasHappened = true;
    condition.knownMs = mono - happenedMono;
  }
  if (mono - condition.sinceMono > withinMs) return condition.knownMs >= withinMs / 2 ? 'met' : 'unsure';
  return condition.hasHappened ? 'gone' : 'unsure';
}

/** When the rise was seen that is borne out now; NaN when there is none. */
function followRise(track: CounterTrack, mono: number, value: number): number {
  const seenMono = track.lastMono;
  return followCounter(track, mono, value) > 0 ? seenMono : Number.NaN;
}

function reach({ states }: MissingCondition, mono: number, value: number): number {
  return states?.includes(value) ? mono : Number.NaN;
}

/** Since when, whether it has happened, known time, the last good sample; of a counter last, prior, its time, pending. */
export function saveMissing(condition: MissingCondition, mono: number): SavedCondition {
  const { sinceMono, hasHappened, knownMs, lastMono, track } = condition;
  const numbers = [saveTime(sinceMono, mono), hasHappened ? 1 : 0, knownMs, saveTime(lastMono, mono)];
  if (!track) return numbers;
  return [...numbers, saveNumber(track.last), saveNumber(track.prior), saveTime(track.priorMono, mono), track.pending];
}

/** False when what was saved makes no sense; the condition is then as new. */
export function loadMissing(condition: MissingCondition, saved: SavedCondition, atMono: number): boolean {
  const { track } = condition;
  const numbers = readNumbers(saved, track ? 8 : 4);
  const sinceMono = readTime(numbers?.[0], atMono);
  const lastMono = readTime(numbers?.[3], atMono);
  if (!numbers || Number.isNaN(sinceMono + lastMono)) return false;
  condition.sinceMono = sinceMono;
  condition.hasHappened = numbers[1] === 1;
  condition.knownMs = readAmount(numbers[2]);
  condition.lastMono = lastMono;
  if (track) {
    track.last = numbers[4] as number;
    track.lastMono = lastMono;
    track.prior = numbers[5] as number;
    track.priorMono = readTime(numbers[6], atMono);
    track.pending = readAmount(numbers[7]);
  }
  return true;
}
