import { identifyFunction } from './identification.ts';
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

/** Whether the bytes from `at` on are the beginning of a frame with this transaction id, as far as they have come. */
export function mayBegin(bytes: Uint8Array, at: number, end: number, transaction: number): boolean {
  const fits = (index: number, byte: number) => at + index >= end || bytes[at + index] === byte;
  return fits(0, transaction >> 8) && fits(1, transaction & 0xff) && fits(2, 0) && fits(3, 0);
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

/** So much of a frame is enough to know it by: its header, the unit id and the function code. */
const knownByBytes = headerBytes + 2;

/**
 * Whether another frame begins within the one from `at` up to, without, `frameEnd`: then that one was torn, and the other
 * would fill it up to the right length. Looked for everywhere, since the two may come as one piece. The other one may go
 * on behind `frameEnd`, up to `end`; it is known by its id, which is one of the `recentIds` last ones up to `transaction`.
 *
 * Data that look like this cost a read, but it takes four registers that fit.
 */
export function holdsAnotherFrame(
  bytes: Uint8Array,
  at: number,
  frameEnd: number,
  end: number,
  transaction: number,
  recentIds: number,
): boolean {
  const last = Math.min(frameEnd - 1, end - knownByBytes);
  // A frame that is torn before its function code gets a header from the other one that is wrong for it.
  for (let other = at + headerBytes + 1; other <= last; other += 1) {
    // Nearly always it ends here: protocol id 0, and no frame is longer than a byte tells.
    if (bytes[other + 2] !== 0 || bytes[other + 3] !== 0 || bytes[other + 4] !== 0) continue;
    const idsBack = (transaction - wordAt(bytes, other)) & 0xffff;
    if (idsBack < recentIds && isReplyHead(bytes, other + headerBytes - 1, end)) return true;
  }
  return false;
}

/** Whether the low byte of a length, and the unit id, function code and byte count behind it, fit each other. */
function isReplyHead(bytes: Uint8Array, at: number, end: number): boolean {
  const length = bytes[at] ?? 0;
  const functionCode = bytes[at + 2] ?? 0;
  if (length <= exceptionBytes) return length === exceptionBytes && functionCode > 0x80;
  if (functionCode === identifyFunction) return true;
  const byteCountAt = at + dataHeaderBytes;
  const hasByteCount = byteCountAt >= end || bytes[byteCountAt] === length - dataHeaderBytes;
  return functionCode >= 1 && functionCode <= 4 && hasByteCount;
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
