import { isValues, type PropertyReference, readReference, valuesOf } from './answer.ts';
import { errors, rejects, type SimError } from './apdu.ts';
import type { ObjectTable } from './device-objects.ts';
import { propertyIds } from './ids.ts';
import type { SimObject } from './object.ts';
import type { Remote } from './remote.ts';
import { isBracket, objectOf, readContext, unsignedOf } from './tag-reader.ts';
import { encodeValues, group, objectId, type SimValue, tagged, unsigned } from './value.ts';

/** Somebody who wants to be told of changes. */
export interface Subscription {
  readonly remote: Remote;
  readonly processId: number;
  readonly object: SimObject;
  /** Undefined: the present value of the object, with its flags. */
  readonly reference: PropertyReference | undefined;
  readonly isConfirmed: boolean;
  /** Undefined: it has no end. */
  readonly endsMono: number | undefined;
  /** Of a number: how far it has to move. Undefined: that of the object. */
  readonly increment: number | undefined;
  /** What was said last. */
  readonly told: readonly SimValue[];
}

export interface SubscribeRequest {
  readonly processId: number;
  readonly object: { readonly type: number; readonly instance: number };
  readonly reference: PropertyReference | undefined;
  /** Undefined: the subscription is to end. */
  readonly wish: { readonly isConfirmed: boolean; readonly lifetimeS: number } | undefined;
  readonly increment: number | undefined;
}

/** @returns the reason of a Reject for what is no such request */
export function decodeSubscribe(body: Buffer, ofProperty: boolean): SubscribeRequest | number {
  const process = readContext(body, 0, 0);
  const processId = process && unsignedOf(process);
  const objectTag = process && readContext(body, process.next, 1);
  const object = objectTag && objectOf(objectTag);
  if (!objectTag || processId === undefined || !object) return rejects.missingParameter;
  let at = objectTag.next;
  const optional = (number: number) => {
    const tag = readContext(body, at, number);
    if (tag) at = tag.next;
    return tag;
  };
  const confirmed = optional(2);
  const lifetime = optional(3);
  const wish =
    confirmed === undefined && lifetime === undefined
      ? undefined
      : { isConfirmed: confirmed?.content[0] === 1, lifetimeS: (lifetime && unsignedOf(lifetime)) ?? 0 };
  if (!ofProperty) return { processId, object, reference: undefined, wish, increment: undefined };
  if (!isBracket(body, at, 'opening', 4)) return rejects.missingParameter;
  const reference = readReference(body, at + 1, 0);
  if (!reference || !isBracket(body, reference.next, 'closing', 4)) return rejects.missingParameter;
  at = reference.next + 1;
  const increment = optional(5);
  if (increment && increment.content.length !== 4) return rejects.invalidTag;
  return { processId, object, reference: reference.value, wish, increment: increment?.content.readFloatBE(0) };
}

export function isSameSubscription(one: Subscription, remoteKey: string, request: SubscribeRequest): boolean {
  return (
    one.remote.key === remoteKey &&
    one.processId === request.processId &&
    one.object.type === request.object.type &&
    one.object.instance === request.object.instance &&
    one.reference?.property === request.reference?.property &&
    one.reference?.index === request.reference?.index
  );
}

/** What a subscriber is told: the property, with the flags of the object where it has any. */
export function watchedValues(
  table: ObjectTable,
  object: SimObject,
  reference: PropertyReference | undefined,
): { readonly reference: PropertyReference; readonly values: readonly SimValue[] }[] | SimError {
  const main = reference ?? { property: propertyIds['present-value'], index: undefined };
  const values = valuesOf(table, object, main);
  if (!isValues(values)) return reference ? values : errors.notCovProperty;
  const flags = { property: propertyIds['status-flags'], index: undefined };
  const flagValues = valuesOf(table, object, flags);
  return [{ reference: main, values }, ...(isValues(flagValues) ? [{ reference: flags, values: flagValues }] : [])];
}

/** Whether the change since what was told last is worth telling. */
export function isWorthTelling(table: ObjectTable, one: Subscription, now: readonly SimValue[]): boolean {
  const [value] = now;
  const [before] = one.told;
  const areFlagsTheSame = encodeValues(now.slice(1)).equals(encodeValues(one.told.slice(1)));
  if (areFlagsTheSame && value?.kind === 'real' && before?.kind === 'real') {
    const increment = one.increment ?? incrementOf(table, one.object);
    return increment > 0 ? Math.abs(value.value - before.value) >= increment : value.value !== before.value;
  }
  return !encodeValues(now).equals(encodeValues(one.told));
}

function incrementOf(table: ObjectTable, object: SimObject): number {
  const property = table.property(object, propertyIds['cov-increment']);
  return property?.kind === 'one' && property.value.kind === 'real' ? property.value.value : 0;
}

/** The body of a notification, confirmed or not. */
export function encodeNotification(
  device: SimValue,
  one: Pick<SubscribeRequest, 'processId' | 'object'>,
  leftS: number,
  watched: readonly { readonly reference: PropertyReference; readonly values: readonly SimValue[] }[],
): Buffer {
  const listed = watched.flatMap(({ reference, values }) => [
    tagged(0, unsigned(reference.property)),
    ...(reference.index === undefined ? [] : [tagged(1, unsigned(reference.index))]),
    group(2, ...values),
  ]);
  return encodeValues([
    tagged(0, unsigned(one.processId)),
    tagged(1, device),
    tagged(2, objectId(one.object.type, one.object.instance)),
    tagged(3, unsigned(leftS)),
    group(4, ...listed),
  ]);
}
