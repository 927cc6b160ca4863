import { createSlidingWindow, type SlidingWindow, slopePerS } from '../../base/sliding-window.ts';
import type { ForecastRule } from '../../model/alarm.ts';
import type { SavedCondition } from '../../model/rule-memory.ts';
import type { Judgement } from '../judgement.ts';
import { readNumbers } from '../saved-numbers.ts';
import { loadSlopeWindow, saveSlopeWindow } from '../slope-memory.ts';
import { addToSlope, spanS } from '../slope-window.ts';

/** A value that reaches a limit soon if it goes on as now. */
export interface ForecastCondition {
  readonly kind: 'forecast';
  readonly limit: number;
  readonly withinMs: number;
  readonly minChange: number;
  readonly window: SlidingWindow;
  /** Which way the value goes while it is foretold to reach the limit; 0 while it is not. */
  heading: number;
  isChanged: boolean;
}

export function createForecastCondition({ limit, withinMs, windowMs, minChange }: ForecastRule): ForecastCondition {
  const window = createSlidingWindow(windowMs, 'single');
  return { kind: 'forecast', limit, withinMs, minChange, window, heading: 0, isChanged: false };
}

/**
 * The way from the value to the limit at the speed of the line fitted over the window. What was foretold and has come true
 * is met as long as the value is beyond the limit. A value that is there already, unforetold, is a matter for a limit.
 */
export function judgeForecast(condition: ForecastCondition, mono: number, value: number, isGood: boolean): Judgement {
  const { window, minChange, withinMs, heading } = condition;
  addToSlope(window, mono, value, isGood);
  if (!isGood) return 'unsure';
  condition.isChanged = true;
  const distance = condition.limit - value;
  if (heading !== 0 && heading * distance <= 0) return 'met';
  const slope = slopePerS(window);
  if (Number.isNaN(slope)) return 'unsure';
  const isTrend = Math.abs(slope) * spanS(window) >= minChange;
  // Of a level line for ever.
  const leftMs = (1_000 * distance) / slope;
  const isSoon = isTrend && leftMs >= 0 && leftMs < withinMs;
  condition.heading = isSoon ? Math.sign(slope) : 0;
  return isSoon ? 'met' : 'gone';
}

/** The heading, and the window. */
export function saveForecast({ heading, window }: ForecastCondition, mono: number): SavedCondition {
  return [heading, ...saveSlopeWindow(window, mono)];
}

/** False when what was saved makes no sense; the condition is then as new. */
export function loadForecast(condition: ForecastCondition, saved: SavedCondition, atMono: number): boolean {
  const heading = readNumbers(saved, 1)?.[0];
  if (heading === undefined || !loadSlopeWindow(condition.window, saved.slice(1), atMono)) return false;
  condition.heading = heading > 0 ? 1 : heading < 0 ? -1 : 0;
  return true;
}
