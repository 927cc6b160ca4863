import { type Wrong, wrong } from './wrong.ts';

/*
 * The application layer (clause 20.1): eight kinds of message, told apart by the first four bits. Only the fixed part of
 * each is looked at here; what lies behind it, from `payloadAt` to the end of the datagram, is the service's.
 */

export type Apdu =
  | {
      readonly kind: 'confirmed-request';
      readonly isSegmented: boolean;
      readonly invokeId: number;
      readonly service: number;
      readonly payloadAt: number;
    }
  | { readonly kind: 'unconfirmed-request'; readonly service: number; readonly payloadAt: number }
  | { readonly kind: 'simple-ack'; readonly invokeId: number; readonly service: number }
  | {
      readonly kind: 'complex-ack';
      readonly invokeId: number;
      readonly service: number;
      readonly payloadAt: number;
      /** Undefined when the answer is whole. */
      readonly segment: SegmentHead | undefined;
    }
  | { readonly kind: 'segment-ack'; readonly invokeId: number }
  | { readonly kind: 'error'; readonly invokeId: number; readonly service: number; readonly payloadAt: number }
  | { readonly kind: 'reject'; readonly invokeId: number; readonly reason: number }
  | { readonly kind: 'abort'; readonly invokeId: number; readonly reason: number };

/** What a segment says of itself. */
export interface SegmentHead {
  /** Modulo 256. */
  readonly sequence: number;
  /** How many segments its sender would like to send before it hears of us. */
  readonly window: number;
  readonly moreFollows: boolean;
}

const isSegmentedBit = 0x08;
const moreFollowsBit = 0x04;
const takesSegmentsBit = 0x02;
const isNegativeBit = 0x02;
const fromServerBit = 0x01;

/** Why a confirmed request was not taken (clause 18.8). */
export const rejectReasons = { unrecognizedService: 9 } as const;

/** Why an exchange was given up (clause 18.10). */
export const abortReasons = {
  bufferOverflow: 1,
  invalidApduInThisState: 2,
  segmentationNotSupported: 4,
  outOfResources: 9,
  tsmTimeout: 10,
} as const;

export function decodeApdu(bytes: Buffer, at: number): Apdu | Wrong {
  const length = bytes.length - at;
  const first = bytes[at] ?? 0;
  const tooShort = wrong('a message that ends too soon');
  switch (first >> 4) {
    case 0:
      return decodeConfirmedRequest(bytes, at) ?? tooShort;
    case 1:
      if (length < 2) return tooShort;
      return { kind: 'unconfirmed-request', service: bytes[at + 1] ?? 0, payloadAt: at + 2 };
    case 2:
      if (length !== 3) return wrong('a simple acknowledgement that is not 3 bytes');
      return { kind: 'simple-ack', invokeId: bytes[at + 1] ?? 0, service: bytes[at + 2] ?? 0 };
    case 3:
      return decodeComplexAck(bytes, at) ?? tooShort;
    case 4:
      if (length !== 4) return wrong('a segment acknowledgement that is not 4 bytes');
      return { kind: 'segment-ack', invokeId: bytes[at + 1] ?? 0 };
    case 5:
      if (length < 3) return tooShort;
      return { kind: 'error', invokeId: bytes[at + 1] ?? 0, service: bytes[at + 2] ?? 0, payloadAt: at + 3 };
    case 6:
    case 7:
      if (length !== 3) return wrong('a refusal that is not 3 bytes');
      // The bit for who aborts is not looked at: devices get it wrong, and there is nothing else of ours to abort.
      return {
        kind: first >> 4 === 6 ? 'reject' : 'abort',
        invokeId: bytes[at + 1] ?? 0,
        reason: bytes[at + 2] ?? 0,
      };
    default:
      return wrong('a kind of message that does not exist');
  }
}

function decodeConfirmedRequest(bytes: Buffer, at: number): Apdu | undefined {
  const isSegmented = ((bytes[at] ?? 0) & isSegmentedBit) !== 0;
  const serviceAt = at + (isSegmented ? 5 : 3);
  if (serviceAt >= bytes.length) return undefined;
  return {
    kind: 'confirmed-request',
    isSegmented,
    invokeId: bytes[at + 2] ?? 0,
    service: bytes[serviceAt] ?? 0,
    payloadAt: serviceAt + 1,
  };
}

function decodeComplexAck(bytes: Buffer, at: number): Apdu | undefined {
  const first = bytes[at] ?? 0;
  const isSegmented = (first & isSegmentedBit) !== 0;
  const serviceAt = at + (isSegmented ? 4 : 2);
  if (serviceAt >= bytes.length) return undefined;
  return {
    kind: 'complex-ack',
    invokeId: bytes[at + 1] ?? 0,
    service: bytes[serviceAt] ?? 0,
    payloadAt: serviceAt + 1,
    segment: isSegmented
      ? { sequence: bytes[at + 2] ?? 0, window: bytes[at + 3] ?? 0, moreFollows: (first & moreFollowsBit) !== 0 }
      : undefined,
  };
}

/** The longest message on BACnet/IP: what we say that we take. */
export const mostApduBytes = 1_476;
const mostApduCode = 5;

/** What a confirmed request puts in front of its payload. */
export const requestHeadBytes = 4;

/** @param maxSegments the most segments that the answer may have; 0: it has to be in one piece */
export function encodeRequestHead(invokeId: number, service: number, maxSegments: number): Buffer {
  const takesSegments = maxSegments > 0 ? takesSegmentsBit : 0;
  return Buffer.from([takesSegments, (maxSegmentsCode(maxSegments) << 4) | mostApduCode, invokeId, service]);
}

/** 2, 4, 8 … 64 segments, and 7 for more: the nearest that is not more than asked for. */
function maxSegmentsCode(maxSegments: number): number {
  if (maxSegments <= 0) return 0;
  return maxSegments > 64 ? 7 : Math.max(1, Math.floor(Math.log2(maxSegments)));
}

export function encodeUnconfirmedHead(service: number): Buffer {
  return Buffer.from([0x10, service]);
}

export function encodeSimpleAck(invokeId: number, service: number): Buffer {
  return Buffer.from([0x20, invokeId, service]);
}

export function encodeSegmentAck(invokeId: number, sequence: number, window: number, isNegative: boolean): Buffer {
  return Buffer.from([0x40 | (isNegative ? isNegativeBit : 0), invokeId, sequence, window]);
}

/** @param errorClass @param errorCode below 256 */
export function encodeError(invokeId: number, service: number, errorClass: number, errorCode: number): Buffer {
  return Buffer.from([0x50, invokeId, service, 0x91, errorClass, 0x91, errorCode]);
}

export function encodeReject(invokeId: number, reason: number): Buffer {
  return Buffer.from([0x60, invokeId, reason]);
}

/** @param asServer whether it ends a request that was made of us; else one of ours */
export function encodeAbort(invokeId: number, reason: number, asServer: boolean): Buffer {
  return Buffer.from([0x70 | (asServer ? fromServerBit : 0), invokeId, reason]);
}
