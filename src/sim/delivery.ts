import { unreachable } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import { encodeException } from './exception.ts';
import type { Framing } from './frame.ts';
import { exceptionOf, isRefusing, type TimedFault, type WireFault } from './wire-fault.ts';

/** What goes over the wire for one request. */
export interface Delivery {
  readonly pieces: readonly Piece[];
  /** The connection is cut behind the last piece. */
  readonly isCutAfter: boolean;
}

export interface Piece {
  readonly bytes: Uint8Array;
  /** From the end of the piece before; of the first, from the end of the request. */
  readonly pauseMs: number;
}

/** A request that was understood, and the answer that it deserves. */
export interface Exchange {
  readonly framing: Framing;
  readonly unitId: number;
  /** The request as it came, frame and all. */
  readonly request: Uint8Array;
  /** The right answer as a PDU. */
  readonly pdu: Uint8Array;
  /** Makes a frame of an answer; with a shift, under another transaction id. */
  encode(unitId: number, pdu: Uint8Array, transactionShift?: number): Buffer;
  /** The silence of the line and the unit's own time. */
  readonly answerAfterMs: number;
  readonly lateMs: number;
  /** 0 where nothing is paced. */
  readonly characterMs: number;
}

const longestNoise = 8;
const doubleAfterMs = 100;
const babbleMs = 2_000;
const babblePieceBytes = 64;
/** Between two pieces where no line paces them: without it a socket would put them together again. */
const pieceGapMs = 1;
const babbleGapMs = 10;

/** The delivery that a fault makes of an exchange; chance decides where there is something to decide. */
export function planDelivery(exchange: Exchange, fault: TimedFault | undefined, random: Random): Delivery {
  const { unitId, pdu, encode, answerAfterMs } = exchange;
  if (fault === undefined) return answerWith(exchange, encode(unitId, pdu));
  const { name } = fault;
  if (isRefusing(name)) {
    return answerWith(exchange, encode(unitId, encodeException((pdu[0] ?? 0) & 0x7f, exceptionOf(name))));
  }
  switch (name) {
    case 'silent':
      return { pieces: [], isCutAfter: false };
    case 'close':
      return { pieces: [], isCutAfter: true };
    case 'late':
      return inPieces([encode(unitId, pdu)], answerAfterMs + (fault.delayMs ?? exchange.lateMs), 0);
    case 'babble':
      return babble(exchange, fault.delayMs ?? babbleMs, random);
    case 'torn':
      return answerWith(exchange, tear(encode(unitId, pdu), random));
    case 'close-mid-reply':
      return { ...answerWith(exchange, tear(encode(unitId, pdu), random)), isCutAfter: true };
    case 'duplicated':
      return inPieces([encode(unitId, pdu), encode(unitId, pdu)], answerAfterMs, 0);
    case 'duplicated-late':
      return inPieces([encode(unitId, pdu), encode(unitId, pdu)], answerAfterMs, fault.delayMs ?? doubleAfterMs);
    case 'echo':
      return inPieces([exchange.request, encode(unitId, pdu)], 0, answerAfterMs);
    case 'byte-by-byte': {
      const bytes = Array.from(encode(unitId, pdu), byte => Uint8Array.of(byte));
      return inPieces(bytes, answerAfterMs, exchange.characterMs > 0 ? 0 : pieceGapMs);
    }
    default:
      return answerWith(exchange, spoil(exchange, name, random));
  }
}

function answerWith({ answerAfterMs }: Exchange, bytes: Uint8Array): Delivery {
  return { pieces: [{ bytes, pauseMs: answerAfterMs }], isCutAfter: false };
}

function inPieces(pieces: readonly Uint8Array[], afterMs: number, gapMs: number): Delivery {
  return {
    pieces: pieces.map((bytes, index) => ({ bytes, pauseMs: index === 0 ? afterMs : gapMs })),
    isCutAfter: false,
  };
}

/** Of all pieces but the last one the pause is what the bytes themselves take. */
function babble({ answerAfterMs, characterMs }: Exchange, forMs: number, random: Random): Delivery {
  const gapMs = characterMs > 0 ? 0 : babbleGapMs;
  const count = Math.ceil(forMs / (gapMs + babblePieceBytes * characterMs));
  const pieces = Array.from({ length: count }, () => noise(babblePieceBytes, random));
  return inPieces(pieces, answerAfterMs, gapMs);
}

/** One frame that is wrong, or a right one with something around it. */
function spoil(exchange: Exchange, fault: SpoilingFault, random: Random): Buffer {
  const { unitId, pdu, encode } = exchange;
  switch (fault) {
    case 'wrong-unit':
      return encode((unitId + 1) & 0xff, pdu);
    case 'wrong-transaction':
      return encode(unitId, pdu, 1);
    case 'wrong-function':
      return encode(unitId, withFunction(pdu));
    case 'wrong-length':
      return encode(unitId, withLength(pdu, random));
    case 'wrong-byte-count':
      return encode(unitId, withByteCount(pdu, random));
    case 'bad-crc':
      return flipBit(encode(unitId, pdu), random);
    case 'noise-before':
      return Buffer.concat([noise(1 + pick(longestNoise, random), random), encode(unitId, pdu)]);
    case 'noise-after':
      return Buffer.concat([encode(unitId, pdu), noise(1 + pick(longestNoise, random), random)]);
    default:
      return unreachable(fault);
  }
}

type SpoilingFault = Extract<
  WireFault,
  | 'wrong-unit'
  | 'wrong-transaction'
  | 'wrong-function'
  | 'wrong-length'
  | 'wrong-byte-count'
  | 'bad-crc'
  | 'noise-before'
  | 'noise-after'
>;

/** A whole number from 0 to less than the limit. */
function pick(limit: number, random: Random): number {
  return Math.floor(random.next() * limit);
}

function noise(count: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length: count }, () => pick(256, random)));
}

/** At least one byte, and at least one too few. */
function tear(frame: Buffer, random: Random): Buffer {
  return frame.subarray(0, 1 + pick(frame.length - 1, random));
}

/** A CRC-16 finds every single wrong bit; of frames that are wrong all over it lets one in 65,536 pass. */
export function flipBit(frame: Buffer, random: Random): Buffer {
  const spoilt = Buffer.from(frame);
  const at = pick(frame.length, random);
  spoilt[at] = (spoilt[at] ?? 0) ^ (1 << pick(8, random));
  return spoilt;
}

/** Coils for discrete inputs, holding for input registers, and the other way round: what is easiest to take for right. */
function withFunction(pdu: Uint8Array): Buffer {
  const answer = Buffer.from(pdu);
  const functionCode = answer[0] ?? 0;
  answer[0] = ((functionCode - 1) ^ 1) + 1;
  return answer;
}

function isRead(pdu: Uint8Array): boolean {
  const functionCode = pdu[0] ?? 0;
  return functionCode >= 1 && functionCode <= 4;
}

/** A frame that is right in itself and has a register (of bits, a byte) more or less than was asked for. */
function withLength(pdu: Uint8Array, random: Random): Buffer {
  const answer = Buffer.from(pdu);
  if (!isRead(pdu)) return Buffer.concat([answer, Buffer.alloc(1)]);
  const step = (pdu[0] ?? 0) <= 2 ? 1 : 2;
  const byteCount = answer.length - 2;
  const mayGrow = byteCount + step <= 250;
  const mayShrink = byteCount > step;
  const isLonger = mayGrow && (!mayShrink || random.next() < 0.5);
  const changed = isLonger ? Buffer.concat([answer, noise(step, random)]) : answer.subarray(0, answer.length - step);
  changed[1] = changed.length - 2;
  return changed;
}

function withByteCount(pdu: Uint8Array, random: Random): Buffer {
  const answer = Buffer.from(pdu);
  if (!isRead(pdu)) return Buffer.concat([answer, Buffer.alloc(1)]);
  answer[1] = ((answer[1] ?? 0) + 1 + pick(255, random)) & 0xff;
  return answer;
}
