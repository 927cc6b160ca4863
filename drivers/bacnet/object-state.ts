import type { Quality } from '../../src/model/quality.ts';
import { keyOf, type Learned, rememberMissing } from './learned.ts';
import type { PropertyAnswer } from './property-reader.ts';
import { qualityOf } from './quality.ts';
import { type BacnetRead, isStateProperty, propertiesOf, stateProperties } from './read-plan.ts';

/** What the object says of itself in the answers to a read. */
export function stateIn(
  answers: ReadonlyMap<string, PropertyAnswer>,
  of: { objectType: number; instance: number },
): Quality {
  const resultOf = (property: number) => {
    const answer = answers.get(keyOf({ objectType: of.objectType, instance: of.instance, property, index: undefined }));
    return answer?.kind === 'values' ? answer : undefined;
  };
  const { statusFlags, reliability, outOfService } = stateProperties;
  const state = {
    statusFlags: resultOf(statusFlags),
    reliability: resultOf(reliability),
    outOfService: resultOf(outOfService),
  };
  // All that can be known of it is in the answer: a fault without a reason is one.
  const quality = qualityOf(state, false);
  return quality === 'unknown' ? 'device-fault' : quality;
}

/** What an object does not have is not asked for again. */
export function learnMissing(
  answers: ReadonlyMap<string, PropertyAnswer>,
  read: BacnetRead,
  ofDevice: Learned,
  nowMono: number,
): void {
  for (const one of propertiesOf(read.addresses, ofDevice)) {
    const key = keyOf(one);
    const answer = answers.get(key);
    if (isStateProperty(one.property) && answer && isMissing(answer)) rememberMissing(ofDevice, key, nowMono);
  }
}

/** Errors about objects and properties, and words that are not understood. Any other refusal is of the moment. */
function isMissing(answer: PropertyAnswer): boolean {
  if (answer.kind === 'error') return aboutWhatIsThere.includes(answer.errorClass);
  return answer.kind === 'refused' && answer.by === 'reject';
}

/** Error classes: object, property. */
const aboutWhatIsThere: readonly number[] = [1, 2];
