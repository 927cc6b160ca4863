import type { Quality } from '../../src/model/quality.ts';
import { keyOf, type Learned, rememberMissing, unrecognizedService } from './learned.ts';
import { deviceErrorClasses, type PropertyAnswer } from './property-reader.ts';
import { qualityOf } from './quality.ts';
import { askedFor, type BacnetRead, isStateProperty, type PointKeys } from './read-plan.ts';
import type { PropertyResult } from './values.ts';

/** Whether a device was ever heard to say this property of a state, by keyOf. */
export type HasSaid = (key: string) => boolean;

/**
 * What the object says of itself in the answers to a read. A device that gave the value and then, for a reason of the moment,
 * not the state has not said that all is well: `refused`.
 */
export function stateIn(
  answers: ReadonlyMap<string, PropertyAnswer>,
  { statusFlags, reliability, outOfService }: PointKeys,
  hasSaid: HasSaid,
): Quality {
  const state = {
    statusFlags: valuesAt(answers, statusFlags),
    reliability: valuesAt(answers, reliability),
    outOfService: valuesAt(answers, outOfService),
  };
  // All that can be known of it is in the answer: a fault without a reason is one.
  const quality = qualityOf(state, false);
  if (quality === 'unknown') return 'device-fault';
  const isKept = [statusFlags, reliability, outOfService].some(key => isKeptNow(answers.get(key), hasSaid(key)));
  return quality === 'good' && isKept ? 'refused' : quality;
}

/** What of the state was said, by keyOf. */
export function saidIn(answers: ReadonlyMap<string, PropertyAnswer>, keys: PointKeys): string[] {
  return [keys.statusFlags, keys.reliability, keys.outOfService].filter(key => valuesAt(answers, key));
}

/** Some devices have no better word than an abort for what they do not have: that counts only where it was there before. */
function isKeptNow(answer: PropertyAnswer | undefined, hasSaidIt: boolean): boolean {
  if (!answer || answer.kind === 'values' || isMissing(answer, hasSaidIt)) return false;
  return hasSaidIt || (answer.kind === 'error' && deviceErrorClasses.includes(answer.errorClass));
}

function valuesAt(answers: ReadonlyMap<string, PropertyAnswer>, key: string): PropertyResult | undefined {
  const answer = answers.get(key);
  return answer?.kind === 'values' ? answer : undefined;
}

/** What an object does not have is not asked for again. */
export function learnMissing(
  answers: ReadonlyMap<string, PropertyAnswer>,
  read: BacnetRead,
  ofDevice: Learned,
  nowMono: number,
  hasSaid: HasSaid,
): void {
  for (const one of askedFor(read, ofDevice)) {
    if (!isStateProperty(one.property)) continue;
    const key = keyOf(one);
    const answer = answers.get(key);
    if (answer && isMissing(answer, hasSaid(key))) rememberMissing(ofDevice, key, nowMono);
  }
}

/**
 * Errors about objects and properties, and words that are not understood, unless they were understood before: a device that starts
 * may reject all. Any other refusal is of the moment.
 */
function isMissing(answer: PropertyAnswer, hasSaidIt: boolean): boolean {
  if (answer.kind === 'error') return aboutWhatIsThere.includes(answer.errorClass);
  return answer.kind === 'refused' && answer.by === 'reject' && answer.reason !== unrecognizedService && !hasSaidIt;
}

/** Error classes: object, property. */
const aboutWhatIsThere: readonly number[] = [1, 2];
