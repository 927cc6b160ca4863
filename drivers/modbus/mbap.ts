/**
 * The framing of Modbus TCP (Modbus Messaging on TCP/IP 1.0b, section 3.1.3): transaction id, protocol id 0, length of
 * what follows, unit id, PDU.
 */

/** Transaction id, protocol id and length. The unit id is the first byte of what the length counts. */
const headerBytes = 6;

/** Header, unit id, function code and byte count: what the data of a reply lie behind. */
export const dataAt = headerBytes + 3;

/** The longest frame there is: header, unit id and a PDU of 253 bytes. */
export const mostFrameBytes = headerBytes + 254;

/** What the one right reply to a read looks like, but for its transaction id. */
export interface ExpectedReply {
  readonly unitId: number;
  readonly functionCode: number;
  /** The byte count that the request implies. */
  readonly dataBytes: number;
}

export type ReplyCheck =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'data'; readonly frameBytes: number }
  | { readonly kind: 'exception'; readonly frameBytes: number; readonly code: number }
  | { readonly kind: 'wrong'; readonly detail: string };

const incomplete: ReplyCheck = { kind: 'incomplete' };

/** Unit id, function code with the top bit set, exception code. */
const exceptionLength = 3;

/** Unit id, function code, address and count: what every read request is made of. */
const requestBytes = 6;

/** The frame of a read request, made of its `unit id, PDU`, whatever follows them. Its transaction id is 0. */
export function createRequestFrame(unitAndPdu: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + requestBytes);
  frame[5] = requestBytes;
  frame.set(unitAndPdu.subarray(0, requestBytes), headerBytes);
  return frame;
}

export function setTransaction(frame: Uint8Array, transaction: number): void {
  frame[0] = transaction >> 8;
  frame[1] = transaction & 0xff;
}

/**
 * Judges the first `filled` bytes of what came since the request was sent. Every byte that is there must fit the one
 * right reply, or the five bytes of an exception; the first that does not makes it wrong, however many are missing.
 */
export function checkReply(
  bytes: Uint8Array,
  filled: number,
  transaction: number,
  expected: ExpectedReply,
): ReplyCheck {
  if (filled >= 2 && wordAt(bytes, 0) !== transaction) {
    return wrong('transaction id', transaction, wordAt(bytes, 0));
  }
  if (filled >= 4 && wordAt(bytes, 2) !== 0) return wrong('protocol id', 0, wordAt(bytes, 2));
  if (filled < headerBytes) return incomplete;
  const length = wordAt(bytes, 4);
  const isException = length === exceptionLength;
  if (!isException && length !== exceptionLength + expected.dataBytes) {
    return wrong('length', exceptionLength + expected.dataBytes, length);
  }
  if (filled >= 7 && bytes[6] !== expected.unitId) return wrong('unit id', expected.unitId, bytes[6]);
  const functionCode = isException ? expected.functionCode | 0x80 : expected.functionCode;
  if (filled >= 8 && bytes[7] !== functionCode) return wrong('function code', functionCode, bytes[7]);
  if (filled >= 9 && !isException && bytes[8] !== expected.dataBytes) {
    return wrong('byte count', expected.dataBytes, bytes[8]);
  }
  const frameBytes = headerBytes + length;
  if (filled < frameBytes) return incomplete;
  return isException ? { kind: 'exception', frameBytes, code: bytes[8] ?? 0 } : { kind: 'data', frameBytes };
}

function wrong(what: string, expected: number, found: number | undefined): ReplyCheck {
  return { kind: 'wrong', detail: `${what} ${found} instead of ${expected}` };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
