/*
 * The parts of node-bacnet that are used: it has no types of its own. Its index is not among them, since that loads a client
 * that can command devices.
 */

declare module 'node-bacnet/lib/asn1.js' {
  /** What is encoded goes into `buffer` from `offset` on, which moves. */
  export interface EncodeBuffer {
    readonly buffer: Buffer;
    offset: number;
  }
  export function encodeContextObjectId(into: EncodeBuffer, tag: number, objectType: number, instance: number): void;
  export function encodeContextEnumerated(into: EncodeBuffer, tag: number, value: number): void;
  export function encodeContextUnsigned(into: EncodeBuffer, tag: number, value: number): void;
  export function encodeOpeningTag(into: EncodeBuffer, tag: number): void;
  export function encodeClosingTag(into: EncodeBuffer, tag: number): void;
}

declare module 'node-bacnet/lib/services/who-is.js' {
  import type { EncodeBuffer } from 'node-bacnet/lib/asn1.js';
  export function encode(into: EncodeBuffer, low?: number, high?: number): void;
}

declare module 'node-bacnet/lib/services/read-property.js' {
  import type { EncodeBuffer } from 'node-bacnet/lib/asn1.js';
  export function encode(
    into: EncodeBuffer,
    objectType: number,
    instance: number,
    property: number,
    index: number,
  ): void;
}

declare module 'node-bacnet/lib/services/subscribe-cov.js' {
  import type { EncodeBuffer } from 'node-bacnet/lib/asn1.js';
  export function encode(
    into: EncodeBuffer,
    processId: number,
    object: { readonly type: number; readonly instance: number },
    isCancellation: boolean,
    isConfirmed: boolean,
    lifetimeSeconds: number,
  ): void;
}

declare module 'node-bacnet/lib/services/subscribe-property.js' {
  import type { EncodeBuffer } from 'node-bacnet/lib/asn1.js';
  export function encode(
    into: EncodeBuffer,
    processId: number,
    object: { readonly type: number; readonly instance: number },
    isCancellation: boolean,
    isConfirmed: boolean,
    lifetimeSeconds: number,
    property: { readonly id: number; readonly index: number },
    hasIncrement: boolean,
    increment: number,
  ): void;
}

declare module 'node-bacnet/lib/enum.js' {
  type Numbers = Readonly<Record<string, number>>;
  /** Stands for "no array index". */
  export const ASN1_ARRAY_ALL: number;
  export const EngineeringUnits: Numbers;
  export const ErrorClass: Numbers;
  export const ErrorCode: Numbers;
  export const RejectReason: Numbers;
  export const AbortReason: Numbers;
}
