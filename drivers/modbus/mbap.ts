import { checkReply, dataHeaderBytes, type ExpectedReply, exceptionBytes } from './reply.ts';
import { incomplete, mostAduBytes, type ReplyCheck, wrong } from './reply-check.ts';

/**
 * The framing of Modbus TCP (Modbus Messaging on TCP/IP 1.0b, section 3.1.3): transaction id, protocol id 0, length of
 * what follows, unit id, PDU.
 */

/** Transaction id, protocol id and length. The unit id is the first byte of what the length counts. */
export const headerBytes = 6;

/** The longest frame there is. */
export const mostFrameBytes = headerBytes + mostAduBytes;

/** The frame of a request, made of its `unit id, PDU`. Its transaction id is 0. */
export function createRequestFrame(unitAndPdu: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + unitAndPdu.length);
  frame[5] = unitAndPdu.length;
  frame.set(unitAndPdu, headerBytes);
  return frame;
}

export function setTransaction(frame: Uint8Array, transaction: number): void {
  frame[0] = transaction >> 8;
  frame[1] = transaction & 0xff;
}

/** The transaction id of the frame that begins at `at`; undefined while it has not come. */
export function transactionAt(bytes: Uint8Array, at: number, end: number): number | undefined {
  return end - at < 2 ? undefined : wordAt(bytes, at);
}

/** Judges the bytes of one frame, from `at` up to, without, `end`: see checkReply. */
export function checkFrame(
  bytes: Uint8Array,
  at: number,
  end: number,
  transaction: number,
  expected: ExpectedReply,
): ReplyCheck {
  const filled = end - at;
  if (filled >= 2 && wordAt(bytes, at) !== transaction) {
    return wrong('transaction id', transaction, wordAt(bytes, at));
  }
  if (filled >= 4 && wordAt(bytes, at + 2) !== 0) return wrong('protocol id', 0, wordAt(bytes, at + 2));
  if (filled < headerBytes) return incomplete;
  const length = wordAt(bytes, at + 4);
  const lengthMisfit = checkLength(length, expected);
  if (lengthMisfit) return lengthMisfit;
  const check = checkReply(bytes, at + headerBytes, Math.min(end, at + headerBytes + length), expected);
  if (check.kind === 'incomplete') {
    return filled < headerBytes + length ? incomplete : { kind: 'wrong', detail: `a frame that ends too soon` };
  }
  if (check.kind !== 'wrong' && check.aduBytes !== length) return wrong('length', check.aduBytes, length);
  return check;
}

/** How many requests back a double of an answer may reach. */
const mostRequestsBack = 256;

/**
 * Whether a piece that should go on with a frame is one of its own, with the id of a request before: then the frame was
 * torn, and the double of an older answer would fill it up to the right length.
 */
export function isFrameFromBefore(bytes: Uint8Array, count: number, transaction: number): boolean {
  if (count <= headerBytes || wordAt(bytes, 2) !== 0 || wordAt(bytes, 4) !== count - headerBytes) return false;
  const requestsBack = (transaction - wordAt(bytes, 0)) & 0xffff;
  return requestsBack >= 1 && requestsBack <= mostRequestsBack;
}

/** As soon as the header is there, so that a wild length never makes us wait. */
function checkLength(length: number, { dataBytes }: ExpectedReply): ReplyCheck | undefined {
  if (length === exceptionBytes) return undefined;
  if (dataBytes === undefined) {
    return length > exceptionBytes && length <= mostAduBytes ? undefined : wrong('length', mostAduBytes, length);
  }
  const wanted = dataHeaderBytes + dataBytes;
  return length === wanted ? undefined : wrong('length', wanted, length);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
