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

/** Everything in an answer to a ReadPropertyMultiple (clause 15.7), in its order. */
export function decodeReadMultiple(
  payload: Buffer,
): { readonly kind: 'elements'; readonly elements: readonly ReadElement[] } | Wrong {
  const cursor = cursorOn(payload);
  const elements: ReadElement[] = [];
  while (cursor.at < cursor.end) {
    const object = readContextObject(cursor, 0);
    if (object === undefined || !readOpening(cursor, 1)) return malformed;
    while (!isNext(cursor, 'closing', 1)) {
      const element = decodeElement(cursor, object >>> instanceBits, object & instanceMask);
      if (!element) return malformed;
      elements.push(element);
    }
    readClosing(cursor, 1);
  }
  return { kind: 'elements', elements };
}

function decodeElement(cursor: TagCursor, objectType: number, instance: number): ReadElement | undefined {
  const property = readContextUnsigned(cursor, 2);
  if (property === undefined) return undefined;
  let index: number | undefined;
  if (isNext(cursor, 'context', 3)) {
    index = readContextUnsigned(cursor, 3);
    if (index === undefined) return undefined;
  }
  const result = isNext(cursor, 'opening', 4) ? decodeResult(cursor) : decodeError(cursor);
  return result && { objectType, instance, property, index, result };
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

/**
 * The results of what was asked for, in the order of `asked`. Each must be there once, and nothing else: an answer can be of
 * an earlier request with the same invoke id. Their order is not held against a device.
 */
export function matchReadMultiple(
  asked: readonly PropertyReference[],
  payload: Buffer,
): { readonly kind: 'results'; readonly results: readonly PropertyResult[] } | Wrong {
  const decoded = decodeReadMultiple(payload);
  if (decoded.kind === 'wrong') return decoded;
  const { elements } = decoded;
  if (elements.length !== asked.length) {
    return wrong(`an answer with ${elements.length} properties in the place of ${asked.length}`);
  }
  const results: PropertyResult[] = new Array(asked.length);
  // Nearly always all are where they were asked for.
  for (const [place, element] of elements.entries()) {
    const wanted = asked[place];
    const at = wanted && isSame(wanted, element) ? place : asked.findIndex(one => isSame(one, element));
    if (at < 0) return wrong('an answer for a property that was not asked for');
    if (results[at] !== undefined) return matchWithDoubles(asked, elements);
    results[at] = element.result;
  }
  return { kind: 'results', results };
}

/** As above, for who asks for a property twice, or is answered twice. */
function matchWithDoubles(
  asked: readonly PropertyReference[],
  elements: readonly ReadElement[],
): { readonly kind: 'results'; readonly results: readonly PropertyResult[] } | Wrong {
  const left = [...elements];
  const results: PropertyResult[] = [];
  for (const wanted of asked) {
    const at = left.findIndex(element => isSame(wanted, element));
    const [element] = at < 0 ? [] : left.splice(at, 1);
    if (!element) return wrong('an answer with one property twice and another missing');
    results.push(element.result);
  }
  return { kind: 'results', results };
}

function isSame(one: PropertyReference, other: PropertyReference): boolean {
  return (
    one.instance === other.instance &&
    one.property === other.property &&
    one.objectType === other.objectType &&
    one.index === other.index
  );
}

const malformed = wrong('an answer to ReadPropertyMultiple that is not well formed');
