import { instanceBits, instanceMask, readTag, type TagCursor } from './tags.ts';
import { decodeText } from './text.ts';
import type { BacnetValue } from './values.ts';

/** Lists within lists; a message that goes deeper is refused. The deepest of the standard, landing calls, has four. */
const mostDepth = 8;

/** Application tags (clause 20.2.1.4). */
const tags = {
  null: 0,
  boolean: 1,
  unsigned: 2,
  signed: 3,
  real: 4,
  double: 5,
  octets: 6,
  text: 7,
  bits: 8,
  enumerated: 9,
  date: 10,
  time: 11,
  object: 12,
} as const;

export type ApplicationKind = keyof typeof tags;

const nullValue: BacnetValue = { kind: 'null' };
const yes: BacnetValue = { kind: 'boolean', value: true };
const no: BacnetValue = { kind: 'boolean', value: false };
const tooLarge: BacnetValue = { kind: 'too-large' };

/**
 * All values up to the closing tag `number`, which is read too.
 *
 * @returns undefined when there is one that is not well formed, or no such closing tag
 */
export function decodeValuesUntil(cursor: TagCursor, number: number, depth = 0): BacnetValue[] | undefined {
  const values: BacnetValue[] = [];
  while (readTag(cursor)) {
    if (cursor.kind === 'closing') return cursor.number === number ? values : undefined;
    const value = decodeTagged(cursor, depth);
    if (!value) return undefined;
    values.push(value);
  }
  return undefined;
}

/** The value of the tag that was just read. */
function decodeTagged(cursor: TagCursor, depth: number): BacnetValue | undefined {
  if (cursor.kind === 'application') return decodeApplication(cursor);
  const context = cursor.number;
  if (cursor.kind === 'opening') {
    if (depth >= mostDepth) return undefined;
    const values = decodeValuesUntil(cursor, context, depth + 1);
    return values && { kind: 'constructed', context, values };
  }
  const begin = cursor.at;
  cursor.at += cursor.length;
  // A copy, since values outlive the datagram that they came in.
  return { kind: 'tagged', context, bytes: Buffer.from(cursor.bytes.subarray(begin, cursor.at)) };
}

function decodeApplication(cursor: TagCursor): BacnetValue | undefined {
  const { bytes, at, number, length } = cursor;
  if (number === tags.boolean) return length === 0 ? no : length === 1 ? yes : undefined;
  cursor.at = at + length;
  return decodeContent(bytes, at, length, number);
}

/** @param number an application tag other than that of a boolean, whose value is in the tag itself */
function decodeContent(bytes: Buffer, at: number, length: number, number: number): BacnetValue | undefined {
  switch (number) {
    case tags.real:
      return length === 4 ? { kind: 'real', value: bytes.readFloatBE(at) } : undefined;
    case tags.bits:
      return decodeBits(bytes, at, length);
    case tags.enumerated:
      return decodeUnsigned(bytes, at, length, 'enumerated');
    case tags.unsigned:
      return decodeUnsigned(bytes, at, length, 'unsigned');
    case tags.signed:
      return decodeSigned(bytes, at, length);
    case tags.null:
      return length === 0 ? nullValue : undefined;
    case tags.double:
      return length === 8 ? { kind: 'double', value: bytes.readDoubleBE(at) } : undefined;
    case tags.octets:
      return { kind: 'octets', bytes: Buffer.from(bytes.subarray(at, at + length)) };
    case tags.text:
      return length >= 1 ? { kind: 'text', text: decodeText(bytes, at, at + length) } : undefined;
    case tags.date:
      return length === 4 ? decodeDate(bytes, at) : undefined;
    case tags.time:
      return length === 4 ? decodeTime(bytes, at) : undefined;
    case tags.object:
      return length === 4 ? decodeObject(bytes, at) : undefined;
    default:
      return undefined;
  }
}

/**
 * A value within constructed data, of which the standard says what type it has at that place.
 *
 * @returns undefined when its bytes are none of that type
 */
export function readTagged(bytes: Buffer, kind: ApplicationKind): BacnetValue | undefined {
  if (kind !== 'boolean') return decodeContent(bytes, 0, bytes.length, tags[kind]);
  if (bytes.length !== 1 || (bytes[0] ?? 2) > 1) return undefined;
  return bytes[0] === 1 ? yes : no;
}

function decodeUnsigned(
  bytes: Buffer,
  at: number,
  length: number,
  kind: 'unsigned' | 'enumerated',
): BacnetValue | undefined {
  if (length === 0) return undefined;
  let value = 0;
  for (let index = at; index < at + length; index += 1) {
    value = value * 256 + (bytes[index] ?? 0);
    if (value > Number.MAX_SAFE_INTEGER) return tooLarge;
  }
  return { kind, value };
}

function decodeSigned(bytes: Buffer, at: number, length: number): BacnetValue | undefined {
  if (length === 0) return undefined;
  let value = bytes.readInt8(at);
  for (let index = at + 1; index < at + length; index += 1) {
    value = value * 256 + (bytes[index] ?? 0);
    if (!Number.isSafeInteger(value)) return tooLarge;
  }
  return { kind: 'signed', value };
}

/** The first byte says how many bits of the last one are not used; the highest bit of the first byte is bit 0. */
function decodeBits(bytes: Buffer, at: number, length: number): BacnetValue | undefined {
  const unused = length === 0 ? 8 : (bytes[at] ?? 0);
  const count = (length - 1) * 8 - unused;
  if (unused > 7 || count < 0) return undefined;
  const bits: boolean[] = new Array(count);
  for (let bit = 0; bit < count; bit += 1) {
    bits[bit] = ((bytes[at + 1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  }
  return { kind: 'bits', bits };
}

/** 255 leaves a part open. */
function openOr(byte: number | undefined): number | undefined {
  return byte === 255 ? undefined : byte;
}

function decodeDate(bytes: Buffer, at: number): BacnetValue {
  const year = openOr(bytes[at]);
  return {
    kind: 'date',
    year: year === undefined ? undefined : 1900 + year,
    month: openOr(bytes[at + 1]),
    day: openOr(bytes[at + 2]),
    weekday: openOr(bytes[at + 3]),
  };
}

function decodeTime(bytes: Buffer, at: number): BacnetValue {
  return {
    kind: 'time',
    hour: openOr(bytes[at]),
    minute: openOr(bytes[at + 1]),
    second: openOr(bytes[at + 2]),
    hundredth: openOr(bytes[at + 3]),
  };
}

function decodeObject(bytes: Buffer, at: number): BacnetValue {
  const word = bytes.readUInt32BE(at);
  return { kind: 'object', type: word >>> instanceBits, instance: word & instanceMask };
}
