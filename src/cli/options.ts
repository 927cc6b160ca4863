import { parseDuration } from '../base/duration.ts';
import { PlantroomError } from '../base/errors.ts';

/** Options that every verb takes, before or after its name. */
export interface GlobalOptions {
  readonly socket?: string;
  readonly json?: boolean;
}

/** Reads an option that is a whole number, for commander's argument parser. */
export function wholeNumber(option: string, lowest: number, highest: number): (text: string) => number {
  return text => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    throw new PlantroomError(`${option} is ${JSON.stringify(text)}, which is not a whole number it takes`, {
      kind: 'usage',
      hint: `give a number from ${lowest} to ${highest}`,
    });
  };
}

/** Reads an option that is a duration; the result is in milliseconds. */
export function duration(option: string, lowest: string, highest: string): (text: string) => number {
  const [lowestMs, highestMs] = [parseDuration(lowest) ?? 0, parseDuration(highest) ?? 0];
  return text => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= lowestMs && ms <= highestMs) return ms;
    throw new PlantroomError(`${option} is ${JSON.stringify(text)}, which is not a duration it takes`, {
      kind: 'usage',
      hint: `give a number with its unit, from ${lowest} to ${highest}, for example 500ms, 2s or 1m`,
    });
  };
}

/** Reads an option that is one of a few words. */
export function oneOf<Word extends string>(option: string, words: readonly Word[]): (text: string) => Word {
  return text => {
    const word = words.find(known => known === text);
    if (word !== undefined) return word;
    throw new PlantroomError(`${option} is ${JSON.stringify(text)}, which it does not know`, {
      kind: 'usage',
      hint: `give one of ${words.join(', ')}`,
    });
  };
}
