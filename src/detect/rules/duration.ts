import type { DurationRule } from '../../model/alarm.ts';
import type { SavedCondition } from '../../model/rule-memory.ts';
import type { Judgement } from '../judgement.ts';
import { readAmount, readNumbers, readTime, saveTime } from '../saved-numbers.ts';
import { createLimitCondition, judgeLimit, type LimitCondition } from './limit.ts';
import type { StateCondition } from './state.ts';
import { judgeState } from './state.ts';

/** A state, or a value beyond a limit, that lasts too long. */
export interface DurationCondition {
  readonly kind: 'duration';
  readonly lasting: LimitCondition | StateCondition;
  readonly longestMs: number;
  /** A gap that is no longer than this, with the same on both of its sides, is taken for more of the same. */
  readonly bridgeMs: number;
  isIn: boolean;
  /** Whether the beginning was seen; otherwise it may have lasted for longer than is known. */
  hasBegun: boolean;
  heldMs: number;
  /** Of the last good sample. */
  lastMono: number;
  wasGood: boolean;
  isChanged: boolean;
}

/** Gaps of up to this share of the duration are bridged, and of up to longestBridgeMs. */
const bridgeShare = 0.1;
const longestBridgeMs = 600_000;

export function createDurationCondition({ lasting, longestMs }: DurationRule): DurationCondition {
  return {
    kind: 'duration',
    lasting: createLasting(lasting),
    longestMs,
    bridgeMs: Math.min(bridgeShare * longestMs, longestBridgeMs),
    isIn: false,
    hasBegun: false,
    heldMs: 0,
    lastMono: Number.NaN,
    wasGood: false,
    isChanged: false,
  };
}

function createLasting(lasting: DurationRule['lasting']): LimitCondition | StateCondition {
  if (lasting.kind === 'state') return { kind: 'state', states: lasting.states };
  return createLimitCondition({ level: lasting.kind === 'above' ? 'high' : 'low', ...lasting });
}

/**
 * A good sample stands until the next one. A short gap is bridged; a longer one, and the time the gateway was off, counts
 * for nothing and ends nothing. While it is not known how long it has lasted, a standing alarm stays.
 */
export function judgeDuration(condition: DurationCondition, mono: number, value: number, isGood: boolean): Judgement {
  const { lasting, isIn: wasIn, wasGood } = condition;
  condition.wasGood = isGood;
  if (!isGood) return 'unsure';
  const passedMs = mono - condition.lastMono;
  const isFirst = Number.isNaN(passedMs);
  const judgement = lasting.kind === 'limit' ? judgeLimit(lasting, value, wasIn) : judgeState(lasting, value);
  condition.isIn = judgement === 'met';
  condition.lastMono = mono;
  condition.isChanged = true;
  if (!condition.isIn || !wasIn) {
    condition.heldMs = 0;
    condition.hasBegun = !isFirst;
  } else if (wasGood || passedMs <= condition.bridgeMs) {
    condition.heldMs += passedMs;
  }
  if (!condition.isIn) return 'gone';
  if (condition.heldMs > condition.longestMs) return 'met';
  return condition.hasBegun ? 'gone' : 'unsure';
}

/** Whether it lasts, whether its beginning was seen, how long it has lasted, the last good sample. */
export function saveDuration(condition: DurationCondition, mono: number): SavedCondition {
  const { isIn, hasBegun, heldMs, lastMono } = condition;
  return [isIn ? 1 : 0, hasBegun ? 1 : 0, heldMs, saveTime(lastMono, mono)];
}

/** False when what was saved makes no sense; the condition is then as new. */
export function loadDuration(condition: DurationCondition, saved: SavedCondition, atMono: number): boolean {
  const numbers = readNumbers(saved, 4);
  if (!numbers) return false;
  condition.isIn = numbers[0] === 1;
  condition.hasBegun = numbers[1] === 1;
  condition.heldMs = readAmount(numbers[2]);
  condition.lastMono = readTime(numbers[3], atMono);
  return true;
}
