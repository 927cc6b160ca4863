import { checkReply, type ExpectedReply } from './reply.ts';
import { incomplete, type ReplyCheck } from './reply-check.ts';

/*
 * The framing of a serial line (Modbus over Serial Line 1.02, section 2.5.1): unit id, PDU, CRC with its low byte first.
 * Frames are parted by silence alone, which is the business of the exchange.
 */

const crcBytes = 2;

/** The longest frame there is. */
export const mostFrameBytes = 256;

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** Of the bytes from `at` up to, without, `end`. */
function crcOf(bytes: Uint8Array, at: number, end: number): number {
  let crc = 0xffff;
  for (let index = at; index < end; index += 1) crc = (crc >> 8) ^ (crcTable[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  return crc;
}

export function createRtuFrame(unitAndPdu: Uint8Array): Buffer {
  const frame = Buffer.alloc(unitAndPdu.length + crcBytes);
  frame.set(unitAndPdu);
  frame.writeUInt16LE(crcOf(unitAndPdu, 0, unitAndPdu.length), unitAndPdu.length);
  return frame;
}

/** How long the frame of a good reply is; undefined when it tells so only as it goes. */
export function replyFrameBytes({ dataBytes }: ExpectedReply): number | undefined {
  return dataBytes === undefined ? undefined : 3 + dataBytes + crcBytes;
}

/**
 * Judges the bytes from `at` up to, without, `end`, as checkReply does. A reply is whole with its CRC, which must be
 * right.
 */
export function checkRtuFrame(bytes: Uint8Array, at: number, end: number, expected: ExpectedReply): ReplyCheck {
  const check = checkReply(bytes, at, end, expected);
  if (check.kind === 'wrong' || check.kind === 'incomplete') return check;
  const crcAt = at + check.aduBytes;
  if (end < crcAt + crcBytes) return incomplete;
  const isRight = ((bytes[crcAt] ?? 0) | ((bytes[crcAt + 1] ?? 0) << 8)) === crcOf(bytes, at, crcAt);
  return isRight ? check : { kind: 'wrong', detail: 'the CRC does not fit' };
}

export function rtuFrameBytes(aduBytes: number): number {
  return aduBytes + crcBytes;
}
