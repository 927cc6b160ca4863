import { createSlidingWindow, type SlidingWindow } from '../base/sliding-window.ts';
import type { Conversion, ExpressionInput } from '../model/expression.ts';
import type { Sample } from '../model/point.ts';
import type { Quality } from '../model/quality.ts';
import type { CelType, CelValue } from './cel.ts';
import { addToFigures, figureOf } from './figure-window.ts';

/** An input of an expression and what it says now. Changed in place. */
export interface InputNow {
  readonly input: ExpressionInput;
  /** Undefined for inputs that have none. */
  readonly window: SlidingWindow | undefined;
  /** Meaningless unless the quality is good. */
  value: CelValue;
  quality: Quality;
}

/** What a point says: its newest sample. */
export type Said = Pick<Sample, 'value' | 'text' | 'quality' | 'point'>;

export function createInput(input: ExpressionInput): InputNow {
  const window = 'overMs' in input ? createSlidingWindow(input.overMs, 'grouped') : undefined;
  if (input.kind === 'constant') return { input, window, value: input.value, quality: 'good' };
  const isAlarm = input.kind === 'alarm';
  return { input, window, value: isAlarm ? false : 0, quality: isAlarm ? 'good' : 'not-read' };
}

export function typeOfInput(input: ExpressionInput): CelType {
  if (input.kind === 'alarm') return 'bool';
  return input.kind === 'value' && input.isText ? 'string' : 'double';
}

/** Takes a sample of the input's point. Returns whether that changed what the input says. */
export function hear(now: InputNow, said: Said, mono: number): boolean {
  const { input, window } = now;
  const isGood = said.quality === 'good' && (Number.isFinite(said.value) || said.text !== undefined);
  if (input.kind === 'alarm' || input.kind === 'constant') return false;
  const { conversion } = input;
  if (window === undefined || input.kind === 'value') {
    const isText = input.kind === 'value' && input.isText;
    const value = isText ? textOf(said) : convert(said.value, conversion);
    return say(now, value, isGood ? 'good' : badnessOf(said.quality));
  }
  addToFigures(window, mono, said.value, isGood);
  if (!isGood) return say(now, now.value, badnessOf(said.quality));
  const figure = figureOf(window, input.kind);
  const converted = input.kind === 'rate' ? figure * (conversion?.factor ?? 1) : convert(figure, conversion);
  return say(now, converted, Number.isFinite(figure) ? 'good' : 'too-little-data');
}

function convert(value: number, conversion: Conversion | undefined): number {
  return conversion ? value * conversion.factor + conversion.offset : value;
}

/** The alarm's condition has come or gone. */
export function hearAlarm(now: InputNow, isActive: boolean): boolean {
  return say(now, isActive, 'good');
}

function say(now: InputNow, value: CelValue, quality: Quality): boolean {
  const isSame = now.quality === quality && (quality !== 'good' || now.value === value);
  now.value = value;
  now.quality = quality;
  return !isSame;
}

/** The poller lets no number that is not finite pass as good; one that came all the same is no number here. */
function badnessOf(quality: Quality): Quality {
  return quality === 'good' ? 'not-a-number' : quality;
}

/** A number that has no text is its own: it is then none of the states an expression asks for. */
function textOf({ point, value, text }: Said): string {
  return text ?? point.states?.get(value) ?? String(value);
}
