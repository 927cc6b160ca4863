/*
 * Reads the tags of BACnet's encoding (clause 20.2.1) one after the other, never past the end. The cursor is one object
 * that is changed in place: an answer of eighty values has some three hundred tags.
 */

export interface TagCursor {
  readonly bytes: Buffer;
  /** Where the next tag, or the content of this one, begins. */
  at: number;
  readonly end: number;
  /** Of the tag that was read last. */
  kind: 'application' | 'context' | 'opening' | 'closing';
  number: number;
  /** How many bytes its content has; of an application boolean the value itself. */
  length: number;
}

export function cursorOn(bytes: Buffer): TagCursor {
  return { bytes, at: 0, end: bytes.length, kind: 'application', number: 0, length: 0 };
}

/** The application tag of a boolean, whose length is its value. */
const booleanTag = 1;

/** Reads one tag: `at` is then at its content. False when it, or the content that it announces, does not fit in. */
export function readTag(cursor: TagCursor): boolean {
  const { bytes, end } = cursor;
  if (cursor.at >= end) return false;
  const first = bytes[cursor.at] ?? 0;
  cursor.at += 1;
  const short = first & 0x07;
  const isContext = (first & 0x08) !== 0;
  cursor.number = first >> 4;
  if (cursor.number === 15 && !readLongNumber(cursor)) return false;
  if (isContext && short >= 6) {
    cursor.kind = short === 6 ? 'opening' : 'closing';
    cursor.length = 0;
    return true;
  }
  cursor.kind = isContext ? 'context' : 'application';
  cursor.length = short;
  if (short === 5 && !readLongLength(cursor)) return false;
  if (short > 5) return false;
  if (!isContext && cursor.number === booleanTag) return true;
  return cursor.at + cursor.length <= end;
}

/** Tag numbers from 15 to 254 have a byte of their own. */
function readLongNumber(cursor: TagCursor): boolean {
  if (cursor.at >= cursor.end) return false;
  cursor.number = cursor.bytes[cursor.at] ?? 0;
  cursor.at += 1;
  return cursor.number >= 15 && cursor.number <= 254;
}

/** One byte; behind 254 two, behind 255 four. */
function readLongLength(cursor: TagCursor): boolean {
  const { bytes, at, end } = cursor;
  const first = at < end ? (bytes[at] ?? 0) : 255;
  const lengthBytes = first === 254 ? 3 : first === 255 ? 5 : 1;
  if (at + lengthBytes > end) return false;
  if (lengthBytes === 1) cursor.length = first;
  else cursor.length = lengthBytes === 3 ? bytes.readUInt16BE(at + 1) : bytes.readUInt32BE(at + 1);
  cursor.at += lengthBytes;
  return true;
}

/** Reads the next tag when it is the opening one of `number`. */
export function readOpening(cursor: TagCursor, number: number): boolean {
  return readTag(cursor) && cursor.kind === 'opening' && cursor.number === number;
}

export function readClosing(cursor: TagCursor, number: number): boolean {
  return readTag(cursor) && cursor.kind === 'closing' && cursor.number === number;
}

/**
 * Looks at the next tag without reading it, by its first byte: numbers from 15 on are not looked for.
 */
export function isNext(cursor: TagCursor, kind: 'context' | 'opening' | 'closing', number: number): boolean {
  if (cursor.at >= cursor.end) return false;
  const first = cursor.bytes[cursor.at] ?? 0;
  if (first >> 4 !== number || (first & 0x08) === 0) return false;
  const short = first & 0x07;
  return kind === 'opening' ? short === 6 : kind === 'closing' ? short === 7 : short < 6;
}

/** Reads a context tag and its content as an unsigned number of at most 4 bytes; undefined when it is none. */
export function readContextUnsigned(cursor: TagCursor, number: number): number | undefined {
  if (!readTag(cursor) || cursor.kind !== 'context' || cursor.number !== number) return undefined;
  return readSmallUnsigned(cursor);
}

/** Reads an application tag of this number and its content as an unsigned number of at most 4 bytes. */
export function readApplicationUnsigned(cursor: TagCursor, number: number): number | undefined {
  if (!readTag(cursor) || cursor.kind !== 'application' || cursor.number !== number) return undefined;
  return readSmallUnsigned(cursor);
}

/** The content of the tag that was just read. */
function readSmallUnsigned(cursor: TagCursor): number | undefined {
  const { bytes, at, length } = cursor;
  if (length < 1 || length > 4) return undefined;
  let value = 0;
  for (let index = at; index < at + length; index += 1) value = value * 256 + (bytes[index] ?? 0);
  cursor.at = at + length;
  return value;
}

/** An object identifier is 10 bits of type and 22 of instance. */
export const instanceBits = 22;
export const instanceMask = 0x3fffff;

/** Reads a context tag that holds an object identifier, as its 32 bits; undefined when it is none. */
export function readContextObject(cursor: TagCursor, number: number): number | undefined {
  if (!readTag(cursor) || cursor.kind !== 'context' || cursor.number !== number || cursor.length !== 4)
    return undefined;
  return readSmallUnsigned(cursor);
}
