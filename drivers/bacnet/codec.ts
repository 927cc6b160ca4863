import {
  type EncodeBuffer,
  encodeClosingTag,
  encodeContextEnumerated,
  encodeContextObjectId,
  encodeContextUnsigned,
  encodeOpeningTag,
} from 'node-bacnet/lib/asn1.js';
import * as enums from 'node-bacnet/lib/enum.js';
import { encode as putReadProperty } from 'node-bacnet/lib/services/read-property.js';
import { encode as putSubscribeCov } from 'node-bacnet/lib/services/subscribe-cov.js';
import { encode as putSubscribeProperty } from 'node-bacnet/lib/services/subscribe-property.js';
import { encode as putWhoIs } from 'node-bacnet/lib/services/who-is.js';
import { PlantroomError } from '../../src/base/errors.ts';
import { mostApduBytes, requestHeadBytes } from './apdu.ts';
import type { PropertyReference } from './values.ts';

/*
 * The one file that touches node-bacnet. The library encodes the requests and has the tables of names; answers are decoded
 * by us, since its decoder loses long texts, reads dates a month late and throws at damaged bytes. Its index is never
 * loaded, nor any service that changes something in a device: only these four encoders.
 */

/** A request has to fit into one datagram: nobody is sent segments. */
const mostRequestBytes = mostApduBytes - requestHeadBytes;

/** The library wants room, and fills it without looking; what is too long is found by its offset. */
const scratchBytes = 65_536;

/** Who is there? @param range of instances, both ends included; without it everybody answers */
export function encodeWhoIs(range?: { readonly low: number; readonly high: number }): Buffer {
  return encode(into => putWhoIs(into, range?.low, range?.high));
}

export function encodeReadProperty(asked: PropertyReference): Buffer {
  return encode(into =>
    putReadProperty(into, asked.objectType, asked.instance, asked.property, asked.index ?? enums.ASN1_ARRAY_ALL),
  );
}

/**
 * Properties of one object should stand together: it is then named once.
 *
 * The library's own encoder leaves out the array index 0, which asks for the whole array in the place of its length; its
 * parts are put together here.
 *
 * @throws PlantroomError when it is longer than a datagram takes
 */
export function encodeReadMultiple(asked: readonly PropertyReference[]): Buffer {
  return encode(into => {
    let last: PropertyReference | undefined;
    for (const one of asked) {
      if (last?.objectType !== one.objectType || last.instance !== one.instance) {
        if (last) encodeClosingTag(into, 1);
        encodeContextObjectId(into, 0, one.objectType, one.instance);
        encodeOpeningTag(into, 1);
      }
      encodeContextEnumerated(into, 0, one.property);
      if (one.index !== undefined) encodeContextUnsigned(into, 1, one.index);
      last = one;
    }
    if (last) encodeClosingTag(into, 1);
  });
}

/** Who wants to be told of what, and for how long. */
export interface Subscription {
  /** A number of our own, which comes back with each notification. */
  readonly processId: number;
  readonly objectType: number;
  readonly instance: number;
  readonly isConfirmed: boolean;
  /** At least 1: a subscription without an end would outlive us. */
  readonly lifetimeSeconds: number;
}

export function encodeSubscribeCov(subscription: Subscription): Buffer {
  const { processId, isConfirmed, lifetimeSeconds } = subscription;
  return encode(into => putSubscribeCov(into, processId, objectOf(subscription), false, isConfirmed, lifetimeSeconds));
}

export function encodeCancelCov(subscription: Pick<Subscription, 'processId' | 'objectType' | 'instance'>): Buffer {
  return encode(into => putSubscribeCov(into, subscription.processId, objectOf(subscription), true, false, 0));
}

export interface PropertySubscription extends Subscription {
  readonly property: number;
  readonly index: number | undefined;
  /** The least change of a REAL that is told; undefined leaves it to the device. */
  readonly increment: number | undefined;
}

export function encodeSubscribeCovProperty(subscription: PropertySubscription): Buffer {
  return encodePropertySubscription(subscription, false);
}

export function encodeCancelCovProperty(subscription: PropertySubscription): Buffer {
  return encodePropertySubscription({ ...subscription, increment: undefined }, true);
}

function encodePropertySubscription(subscription: PropertySubscription, isCancellation: boolean): Buffer {
  const { processId, isConfirmed, lifetimeSeconds, property, index, increment } = subscription;
  const what = { id: property, index: index ?? enums.ASN1_ARRAY_ALL };
  const object = objectOf(subscription);
  const hasIncrement = increment !== undefined;
  return encode(into =>
    putSubscribeProperty(
      into,
      processId,
      object,
      isCancellation,
      isConfirmed,
      lifetimeSeconds,
      what,
      hasIncrement,
      increment ?? 0,
    ),
  );
}

function objectOf({ objectType, instance }: { readonly objectType: number; readonly instance: number }) {
  return { type: objectType, instance };
}

function encode(put: (into: EncodeBuffer) => void): Buffer {
  const into: EncodeBuffer = { buffer: scratch, offset: 0 };
  put(into);
  if (into.offset > mostRequestBytes) {
    throw new PlantroomError(`a BACnet request of ${into.offset} bytes does not fit into one datagram`, {
      kind: 'usage',
      hint: 'ask for fewer properties at once',
    });
  }
  return Buffer.from(scratch.subarray(0, into.offset));
}

const scratch = Buffer.alloc(scratchBytes);

/** What the standard calls a number: `unknown-property`. Of objects and properties: src/model/bacnet-names.ts. */
interface NameTable {
  /** The number as text where it has no name. */
  nameOf(number: number): string;
}

export const engineeringUnits = nameTable(enums.EngineeringUnits);
export const errorClasses = nameTable(enums.ErrorClass);
export const errorCodes = nameTable(enums.ErrorCode);
export const rejectReasonNames = nameTable(enums.RejectReason);
export const abortReasonNames = nameTable(enums.AbortReason);

/** The library writes names as UNKNOWN_PROPERTY. */
function nameTable(numbers: Readonly<Record<string, number>>): NameTable {
  const byNumber = new Map<number, string>();
  for (const [libraryName, number] of Object.entries(numbers)) {
    if (!byNumber.has(number)) byNumber.set(number, libraryName.toLowerCase().replaceAll('_', '-'));
  }
  return { nameOf: number => byNumber.get(number) ?? String(number) };
}
