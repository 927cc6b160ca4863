import { decodeValuesUntil } from './decode-values.ts';
import {
  cursorOn,
  instanceBits,
  instanceMask,
  isNext,
  readApplicationUnsigned,
  readClosing,
  readContextObject,
  readContextUnsigned,
  readOpening,
  type TagCursor,
} from './tags.ts';
import type { PropertyReference, PropertyResult } from './values.ts';
import { type Wrong, wrong } from './wrong.ts';

/** What an answer says of one property. */
export interface ReadElement extends PropertyReference {
  readonly result: PropertyResult;
}

const enumeratedTag = 9;

/** One element as it comes: with no object for it, since an answer may have eighty. */
type TakeElement = (
  objectType: number,
  instance: number,
  property: number,
  index: number | undefined,
  result: PropertyResult,
) => void;

/** Everything in an answer to a ReadPropertyMultiple (clause 15.7), in its order. */
export function decodeReadMultiple(
  payload: Buffer,
): { readonly kind: 'elements'; readonly elements: readonly ReadElement[] } | Wrong {
  const elements: ReadElement[] = [];
  const isWellFormed = eachElement(payload, (objectType, instance, property, index, result) => {
    elements.push({ objectType, instance, property, index, result });
  });
  return isWellFormed ? { kind: 'elements', elements } : malformed;
}

/**
 * The results of what was asked for, in the order of `asked`. Each must be there once, and nothing else: an answer can be of
 * an earlier request with the same invoke id. Their order is not held against a device.
 */
export function matchReadMultiple(
  asked: readonly PropertyReference[],
  payload: Buffer,
): { readonly kind: 'results'; readonly results: readonly PropertyResult[] } | Wrong {
  const results: PropertyResult[] = new Array(asked.length);
  let count = 0;
  let strangers = 0;
  const isWellFormed = eachElement(payload, (objectType, instance, property, index, result) => {
    const isOpen = (wanted: PropertyReference | undefined, place: number) =>
      wanted !== undefined &&
      wanted.instance === instance &&
      wanted.property === property &&
      wanted.objectType === objectType &&
      wanted.index === index &&
      results[place] === undefined;
    // Nearly always all are where they were asked for.
    const place = isOpen(asked[count], count) ? count : asked.findIndex(isOpen);
    count += 1;
    if (place < 0) strangers += 1;
    else results[place] = result;
  });
  if (!isWellFormed) return malformed;
  if (strangers > 0) return wrong('an answer for a property that was not asked for, or twice for one that was');
  if (count !== asked.length) return wrong(`an answer with ${count} properties in the place of ${asked.length}`);
  return { kind: 'results', results };
}

/** False when the answer is not well formed, whatever was taken before that was seen. */
function eachElement(payload: Buffer, take: TakeElement): boolean {
  const cursor = cursorOn(payload);
  while (cursor.at < cursor.end) {
    const object = readContextObject(cursor, 0);
    if (object === undefined || !readOpening(cursor, 1)) return false;
    while (!isNext(cursor, 'closing', 1)) {
      const property = readContextUnsigned(cursor, 2);
      const hasIndex = isNext(cursor, 'context', 3);
      const index = hasIndex ? readContextUnsigned(cursor, 3) : undefined;
      if (property === undefined || (hasIndex && index === undefined)) return false;
      const result = isNext(cursor, 'opening', 4) ? decodeResult(cursor) : decodeError(cursor);
      if (!result) return false;
      take(object >>> instanceBits, object & instanceMask, property, index, result);
    }
    readClosing(cursor, 1);
  }
  return true;
}

function decodeResult(cursor: TagCursor): PropertyResult | undefined {
  readOpening(cursor, 4);
  const values = decodeValuesUntil(cursor, 4);
  return values && { kind: 'values', values };
}

function decodeError(cursor: TagCursor): PropertyResult | undefined {
  if (!readOpening(cursor, 5)) return undefined;
  const errorClass = readApplicationUnsigned(cursor, enumeratedTag);
  const errorCode = readApplicationUnsigned(cursor, enumeratedTag);
  if (errorClass === undefined || errorCode === undefined || !readClosing(cursor, 5)) return undefined;
  return { kind: 'error', errorClass, errorCode };
}

const malformed = wrong('an answer to ReadPropertyMultiple that is not well formed');
