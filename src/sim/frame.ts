import { crc16 } from './crc.ts';

/** How a request and its answer are wrapped: with a header that counts and numbers, or with a check sum. */
export type Framing = 'tcp' | 'rtu';

/** Transaction id, protocol id, length, unit id. */
export const tcpHeaderBytes = 7;

/** Unit id and the longest PDU. */
export const longestTcpLength = 254;

/** Unit id, the longest PDU and the check sum. */
export const longestRtuFrame = 256;

/** Unit id, function code, check sum. */
export const shortestRtuFrame = 4;

export function encodeTcp(transaction: number, unitId: number, pdu: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(tcpHeaderBytes + pdu.length);
  frame.writeUInt16BE(transaction & 0xffff, 0);
  frame.writeUInt16BE(0, 2);
  frame.writeUInt16BE(1 + pdu.length, 4);
  frame[6] = unitId;
  frame.set(pdu, tcpHeaderBytes);
  return frame;
}

export function encodeRtu(unitId: number, pdu: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(pdu.length + 3);
  frame[0] = unitId;
  frame.set(pdu, 1);
  frame.writeUInt16LE(crc16(frame, pdu.length + 1), pdu.length + 1);
  return frame;
}

export function isCrcRight(frame: Uint8Array): boolean {
  const end = frame.length - 2;
  if (end < 2) return false;
  return crc16(frame, end) === ((frame[end] ?? 0) | ((frame[end + 1] ?? 0) << 8));
}

/** Bytes of a request with this function code, check sum included, where the code alone decides it. */
const fixedLengths: Readonly<Record<number, number>> = {
  1: 8,
  2: 8,
  3: 8,
  4: 8,
  5: 8,
  6: 8,
  7: 4,
  8: 8,
  11: 4,
  12: 4,
  17: 4,
  22: 10,
  24: 6,
  43: 7,
};

/** Where a request with this function code counts the bytes that follow, and what stands before them. */
const countedLengths: Readonly<Record<number, number>> = { 15: 6, 16: 6, 20: 2, 21: 2, 23: 10 };

/**
 * How long the request at the beginning of these bytes is; `unknown` where only a silence can tell, undefined where too
 * few bytes are there to say.
 */
export function rtuRequestLength(bytes: Uint8Array): number | 'unknown' | undefined {
  const functionCode = bytes[1];
  if (functionCode === undefined) return undefined;
  const fixed = fixedLengths[functionCode];
  if (fixed !== undefined) return fixed;
  const countAt = countedLengths[functionCode];
  if (countAt === undefined) return 'unknown';
  const count = bytes[countAt];
  return count === undefined ? undefined : countAt + 1 + count + 2;
}
