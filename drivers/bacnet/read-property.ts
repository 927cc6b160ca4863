import { decodeValuesUntil } from './decode-values.ts';
import {
  cursorOn,
  instanceBits,
  instanceMask,
  isNext,
  readContextObject,
  readContextUnsigned,
  readOpening,
} from './tags.ts';
import type { BacnetValue, PropertyReference } from './values.ts';
import { type Wrong, wrong } from './wrong.ts';

/**
 * The answer to a ReadProperty (clause 15.5), when it is of exactly the property that was asked for: an answer can be of an
 * earlier request with the same invoke id, and some devices answer for another object.
 */
export function matchReadProperty(
  asked: PropertyReference,
  payload: Buffer,
): { readonly kind: 'values'; readonly values: readonly BacnetValue[] } | Wrong {
  const cursor = cursorOn(payload);
  const object = readContextObject(cursor, 0);
  const property = readContextUnsigned(cursor, 1);
  const hasIndex = isNext(cursor, 'context', 2);
  const index = hasIndex ? readContextUnsigned(cursor, 2) : undefined;
  if (object === undefined || property === undefined || (hasIndex && index === undefined)) return malformed;
  if (object >>> instanceBits !== asked.objectType || (object & instanceMask) !== asked.instance) {
    return wrong('an answer for another object');
  }
  if (property !== asked.property) return wrong('an answer for another property');
  if (index !== asked.index) return wrong('an answer for another array index');
  const values = readOpening(cursor, 3) ? decodeValuesUntil(cursor, 3) : undefined;
  if (!values || cursor.at !== cursor.end) return malformed;
  return { kind: 'values', values };
}

const malformed = wrong('an answer to ReadProperty that is not well formed');
