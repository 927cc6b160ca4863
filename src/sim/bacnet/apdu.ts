/** The messages of the application layer, as a server sees them. */

export const service = {
  subscribeCov: 5,
  readProperty: 12,
  readMultiple: 14,
  subscribeCovProperty: 28,
  confirmedCov: 1,
} as const;

export const unconfirmed = { iAm: 0, covNotification: 2, whoHas: 7, whoIs: 8 } as const;

/** A request that wants an answer. */
export interface ConfirmedRequest {
  readonly kind: 'confirmed';
  readonly invokeId: number;
  readonly service: number;
  readonly isSegmented: boolean;
  /** The client takes an answer in segments. */
  readonly takesSegments: boolean;
  readonly maxSegments: number;
  /** The longest APDU that the client takes. */
  readonly maxApdu: number;
  readonly body: Buffer;
}

export type Incoming =
  | ConfirmedRequest
  | { readonly kind: 'unconfirmed'; readonly service: number; readonly body: Buffer }
  | { readonly kind: 'segment-ack'; readonly ack: SegmentAck }
  /** An answer to one of our notifications. */
  | { readonly kind: 'reply'; readonly invokeId: number; readonly isRefused: boolean }
  /** The client gives up a transfer. */
  | { readonly kind: 'abort'; readonly invokeId: number };

export interface SegmentAck {
  readonly invokeId: number;
  readonly sequence: number;
  readonly windowSize: number;
  readonly isNegative: boolean;
}

const maxApdus = [50, 128, 206, 480, 1024, 1476];
const maxSegmentCounts = [Number.POSITIVE_INFINITY, 2, 4, 8, 16, 32, 64, Number.POSITIVE_INFINITY];

/** Undefined for what is no message to a server, or ends too early. */
export function decodeApdu(bytes: Buffer): Incoming | undefined {
  const [first = 0, second = 0] = bytes;
  if (bytes.length < 2) return undefined;
  switch (first >> 4) {
    case 0:
      return decodeConfirmed(bytes);
    case 1:
      return { kind: 'unconfirmed', service: second, body: bytes.subarray(2) };
    case 2:
      return { kind: 'reply', invokeId: second, isRefused: false };
    case 4:
      return decodeSegmentAck(bytes);
    case 5:
    case 6:
      return { kind: 'reply', invokeId: second, isRefused: true };
    case 7:
      return { kind: 'abort', invokeId: second };
    default:
      return undefined;
  }
}

function decodeConfirmed(bytes: Buffer): ConfirmedRequest | undefined {
  const [flags = 0, limits = 0, invokeId = 0] = bytes;
  const isSegmented = (flags & 8) !== 0;
  const at = isSegmented ? 5 : 3;
  const code = bytes[at];
  if (code === undefined) return undefined;
  return {
    kind: 'confirmed',
    invokeId,
    service: code,
    isSegmented,
    takesSegments: (flags & 2) !== 0,
    maxSegments: maxSegmentCounts[(limits >> 4) & 7] ?? 0,
    maxApdu: maxApdus[limits & 15] ?? 50,
    body: bytes.subarray(at + 1),
  };
}

function decodeSegmentAck(bytes: Buffer): Incoming | undefined {
  const [flags = 0, invokeId = 0, sequence = 0, windowSize] = bytes;
  // With the server bit it is meant for a client.
  if (windowSize === undefined || (flags & 1) !== 0) return undefined;
  return { kind: 'segment-ack', ack: { invokeId, sequence, windowSize, isNegative: (flags & 2) !== 0 } };
}

export function encodeAck(invokeId: number, code: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x30, invokeId, code), body]);
}

/** Bytes before the body in a segment of an acknowledgement. */
export const segmentHeaderOctets = 5;

export interface Segment {
  readonly invokeId: number;
  readonly service: number;
  /** Counts from 0 and goes on from 255 to 0. */
  readonly index: number;
  readonly isLast: boolean;
  readonly windowSize: number;
  readonly body: Uint8Array;
}

export function encodeSegment({ invokeId, service: code, index, isLast, windowSize, body }: Segment): Buffer {
  return Buffer.concat([Buffer.of(isLast ? 0x38 : 0x3c, invokeId, index & 0xff, windowSize, code), body]);
}

export function encodeSimpleAck(invokeId: number, code: number): Buffer {
  return Buffer.of(0x20, invokeId, code);
}

/** Both numbers as application tagged enumerations. */
export function encodeError(invokeId: number, code: number, error: SimError): Buffer {
  return Buffer.concat([Buffer.of(0x50, invokeId, code), encodeErrorBody(error)]);
}

export function encodeErrorBody({ errorClass, errorCode }: SimError): Buffer {
  return Buffer.of(0x91, errorClass, 0x91, errorCode);
}

export interface SimError {
  readonly errorClass: number;
  readonly errorCode: number;
}

export const errors = {
  operationalProblem: { errorClass: 0, errorCode: 25 },
  unknownObject: { errorClass: 1, errorCode: 31 },
  unknownProperty: { errorClass: 2, errorCode: 32 },
  invalidIndex: { errorClass: 2, errorCode: 42 },
  notAnArray: { errorClass: 2, errorCode: 50 },
  covFailed: { errorClass: 5, errorCode: 43 },
  notCovProperty: { errorClass: 2, errorCode: 44 },
} as const satisfies Readonly<Record<string, SimError>>;

export const rejects = { invalidTag: 4, missingParameter: 5, tooManyArguments: 7, unrecognizedService: 9 } as const;
export const aborts = { other: 0, bufferOverflow: 1, segmentationNotSupported: 4, outOfResources: 9 } as const;

export function encodeReject(invokeId: number, reason: number): Buffer {
  return Buffer.of(0x60, invokeId, reason);
}

/** With the server bit: it comes from the one who was asked. */
export function encodeAbort(invokeId: number, reason: number): Buffer {
  return Buffer.of(0x71, invokeId, reason);
}

export function encodeUnconfirmed(code: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x10, code), body]);
}

/** A request of ours: takes no segments, up to 1476 octets. */
export function encodeConfirmed(invokeId: number, code: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x00, 0x05, invokeId, code), body]);
}
