import { measureIdentification } from './identification.ts';
import { incomplete, type ReplyCheck, wrong } from './reply-check.ts';

/** What the one right reply to a request looks like, be it framed for TCP or for a serial line. */
export interface ExpectedReply {
  readonly unitId: number;
  readonly functionCode: number;
  /** The byte count that the request implies; undefined for an identification, which tells its length as it goes. */
  readonly dataBytes: number | undefined;
}

/** Unit id, function code with the top bit set, exception code. */
export const exceptionBytes = 3;

/** Unit id, function code and byte count: what the data of a reply lie behind. */
export const dataHeaderBytes = 3;

/**
 * Judges the bytes from `at` up to, without, `end`. Every byte that is there must fit the one right reply, or an
 * exception; the first that does not makes it wrong, however many are missing. Bytes behind the reply are not looked at.
 */
export function checkReply(bytes: Uint8Array, at: number, end: number, expected: ExpectedReply): ReplyCheck {
  const length = end - at;
  if (length >= 1 && bytes[at] !== expected.unitId) return wrong('unit id', expected.unitId, bytes[at]);
  if (length < 2) return incomplete;
  const functionCode = bytes[at + 1];
  if (functionCode === (expected.functionCode | 0x80)) {
    if (length < exceptionBytes) return incomplete;
    return { kind: 'exception', aduBytes: exceptionBytes, code: bytes[at + 2] ?? 0 };
  }
  if (functionCode !== expected.functionCode) return wrong('function code', expected.functionCode, functionCode);
  if (expected.dataBytes === undefined) return measureIdentification(bytes, at, end);
  if (length >= dataHeaderBytes && bytes[at + 2] !== expected.dataBytes) {
    return wrong('byte count', expected.dataBytes, bytes[at + 2]);
  }
  const aduBytes = dataHeaderBytes + expected.dataBytes;
  return length < aduBytes ? incomplete : { kind: 'data', aduBytes };
}
