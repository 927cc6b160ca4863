import type { Quality } from '../../src/model/quality.ts';
import { keyOf, type Learned, remember } from './learned.ts';
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
export function rememberMissing(
  answers: ReadonlyMap<string, PropertyAnswer>,
  read: BacnetRead,
  ofDevice: Learned,
): void {
  for (const one of propertiesOf(read.addresses, ofDevice)) {
    const answer = answers.get(keyOf(one));
    if (isStateProperty(one.property) && answer && answer.kind !== 'values') remember(ofDevice.missing, keyOf(one));
  }
}
