import { encodeErrorBody, errors, rejects, type SimError } from './apdu.ts';
import type { ObjectTable } from './device-objects.ts';
import { propertyIds } from './ids.ts';
import type { SimObject, SimProperty } from './object.ts';
import { isBracket, objectOf, readContext, unsignedOf } from './tag-reader.ts';
import { encodeValue, encodeValues, objectId, type SimValue, tagged, unsigned } from './value.ts';

/** What a service makes of a request: the body of an acknowledgement, or why there is none. */
export type Answer =
  | { readonly kind: 'ack'; readonly body: Buffer }
  | { readonly kind: 'simple-ack' }
  | { readonly kind: 'error'; readonly error: SimError }
  | { readonly kind: 'reject'; readonly reason: number };

/** A property of an object, as a request names it. */
export interface PropertyReference {
  readonly property: number;
  readonly index: number | undefined;
}

interface Parsed<T> {
  readonly value: T;
  readonly next: number;
}

/** Changes what an answer says it is about, or what it is; of faults. */
export interface EchoShift {
  readonly object?: number;
  readonly property?: number;
  readonly index?: number;
}

export function answerReadProperty(table: ObjectTable, body: Buffer, shift: EchoShift = {}): Answer {
  const object = readContext(body, 0, 0);
  const id = object && objectOf(object);
  if (!object || !id) return { kind: 'reject', reason: rejects.missingParameter };
  const reference = readReference(body, object.next, 1);
  if (!reference) return { kind: 'reject', reason: rejects.missingParameter };
  if (reference.next !== body.length) return { kind: 'reject', reason: rejects.tooManyArguments };
  const found = table.find(id.type, id.instance);
  if (!found) return { kind: 'error', error: errors.unknownObject };
  const values = valuesOf(table, found, reference.value);
  if (!isValues(values)) return { kind: 'error', error: values };
  const { property, index } = shifted(reference.value, shift);
  return {
    kind: 'ack',
    body: Buffer.concat([
      encodeValue(tagged(0, objectId(found.type, found.instance + (shift.object ?? 0)))),
      encodeValue(tagged(1, unsigned(property))),
      index === undefined ? Buffer.alloc(0) : encodeValue(tagged(2, unsigned(index))),
      inBrackets(3, encodeValues(values)),
    ]),
  };
}

/** Each element carries its own value or its own error. */
export function answerReadMultiple(table: ObjectTable, body: Buffer, shift: EchoShift = {}): Answer {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const object = readContext(body, at, 0);
    const id = object && objectOf(object);
    if (!object || !id || !isBracket(body, object.next, 'opening', 1)) {
      return { kind: 'reject', reason: rejects.missingParameter };
    }
    const references = readReferences(body, object.next + 1);
    if (!references) return { kind: 'reject', reason: rejects.invalidTag };
    at = references.next;
    pieces.push(answerObject(table, id, references.value, shift));
  }
  if (pieces.length === 0) return { kind: 'reject', reason: rejects.missingParameter };
  return { kind: 'ack', body: Buffer.concat(pieces) };
}

function answerObject(
  table: ObjectTable,
  id: { readonly type: number; readonly instance: number },
  references: readonly PropertyReference[],
  shift: EchoShift,
): Buffer {
  const found = table.find(id.type, id.instance);
  const elements = references
    .flatMap(reference => (found ? expand(table, found, reference) : [reference]))
    .map(reference => answerElement(table, found, reference, shift));
  const instance = (found?.instance ?? id.instance) + (shift.object ?? 0);
  return Buffer.concat([encodeValue(tagged(0, objectId(id.type, instance))), inBrackets(1, Buffer.concat(elements))]);
}

function answerElement(
  table: ObjectTable,
  object: SimObject | undefined,
  reference: PropertyReference,
  shift: EchoShift,
): Buffer {
  const values = object ? valuesOf(table, object, reference) : errors.unknownObject;
  const { property, index } = shifted(reference, shift);
  return Buffer.concat([
    encodeValue(tagged(2, unsigned(property))),
    index === undefined ? Buffer.alloc(0) : encodeValue(tagged(3, unsigned(index))),
    isValues(values) ? inBrackets(4, encodeValues(values)) : inBrackets(5, encodeErrorBody(values)),
  ]);
}

const groups: Readonly<Record<number, 'all' | 'required' | 'optional'>> = {
  [propertyIds.all]: 'all',
  [propertyIds.required]: 'required',
  [propertyIds.optional]: 'optional',
};

function expand(table: ObjectTable, object: SimObject, reference: PropertyReference): readonly PropertyReference[] {
  const which = groups[reference.property];
  if (which === undefined) return [reference];
  return table.propertiesOf(object, which).map(property => ({ property, index: undefined }));
}

/** The values that stand for a property: of an array or a list all of them, of an element one. */
export function valuesOf(
  table: ObjectTable,
  object: SimObject,
  { property: id, index }: PropertyReference,
): readonly SimValue[] | SimError {
  const property = table.property(object, id);
  if (!property) return errors.unknownProperty;
  if (index === undefined) return wholeOf(property);
  if (property.kind !== 'array') return errors.notAnArray;
  if (index === 0) return [unsigned(property.values.length)];
  const element = property.values[index - 1];
  return element ? [element] : errors.invalidIndex;
}

export function isValues(result: readonly SimValue[] | SimError): result is readonly SimValue[] {
  return Array.isArray(result);
}

function wholeOf(property: SimProperty): readonly SimValue[] {
  return property.kind === 'one' ? [property.value] : property.values;
}

/** [tag] property, [tag + 1] index. */
export function readReference(body: Buffer, at: number, tag: number): Parsed<PropertyReference> | undefined {
  const propertyTag = readContext(body, at, tag);
  const property = propertyTag && unsignedOf(propertyTag);
  if (!propertyTag || property === undefined) return undefined;
  const indexTag = readContext(body, propertyTag.next, tag + 1);
  if (!indexTag) return { value: { property, index: undefined }, next: propertyTag.next };
  const index = unsignedOf(indexTag);
  return index === undefined ? undefined : { value: { property, index }, next: indexTag.next };
}

function readReferences(body: Buffer, from: number): Parsed<PropertyReference[]> | undefined {
  const references: PropertyReference[] = [];
  let at = from;
  while (!isBracket(body, at, 'closing', 1)) {
    const reference = readReference(body, at, 0);
    if (!reference) return undefined;
    references.push(reference.value);
    at = reference.next;
  }
  return references.length === 0 ? undefined : { value: references, next: at + 1 };
}

function shifted({ property, index }: PropertyReference, shift: EchoShift): PropertyReference {
  return {
    property: property + (shift.property ?? 0),
    index: index === undefined ? undefined : index + (shift.index ?? 0),
  };
}

/** Bytes between an opening and a closing tag. */
function inBrackets(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of((tag << 4) | 0x0e), content, Buffer.of((tag << 4) | 0x0f)]);
}
