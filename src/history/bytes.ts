import { PlantroomError } from '../base/errors.ts';

/** A buffer that grows as it is written to. Kept and emptied rather than made anew: the hot path allocates nothing. */
export interface ByteSink {
  view: DataView;
  bytes: Uint8Array;
  length: number;
}

/** No number takes more bytes than this. */
const longestNumberBytes = 8;

/** Whole numbers up to this size can be written, and so can the difference of any two of them. */
export const largestWhole = 2 ** 51;

export function createSink(firstBytes: number): ByteSink {
  const bytes = new Uint8Array(firstBytes);
  return { bytes, view: new DataView(bytes.buffer), length: 0 };
}

/** What was written, in an array of its own. */
export function takeBytes(sink: ByteSink): Uint8Array {
  return sink.bytes.slice(0, sink.length);
}

function makeRoom(sink: ByteSink, count: number): void {
  if (sink.length + count <= sink.bytes.length) return;
  const bytes = new Uint8Array(Math.max(2 * sink.bytes.length, sink.length + count));
  bytes.set(sink.bytes.subarray(0, sink.length));
  sink.bytes = bytes;
  sink.view = new DataView(bytes.buffer);
}

export function putByte(sink: ByteSink, value: number): void {
  makeRoom(sink, 1);
  sink.bytes[sink.length] = value;
  sink.length += 1;
}

export function putBytes(sink: ByteSink, bytes: Uint8Array): void {
  makeRoom(sink, bytes.length);
  sink.bytes.set(bytes, sink.length);
  sink.length += bytes.length;
}

/** A whole number from 0 to 2^53, seven bits a byte, the lowest first. */
export function putVarint(sink: ByteSink, value: number): void {
  makeRoom(sink, longestNumberBytes);
  const { bytes } = sink;
  let rest = value;
  let at = sink.length;
  while (rest >= 0x80) {
    // The remainder and not a bit mask: those cut at 32 bits.
    bytes[at] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  bytes[at] = rest;
  sink.length = at + 1;
}

/** A whole number of either sign, at most 2^52 away from 0. Small ones stay short whatever their sign. */
export function putSigned(sink: ByteSink, value: number): void {
  putVarint(sink, toUnsigned(value));
}

/** 0, −1, 1, −2, 2 … → 0, 1, 2, 3, 4 … */
export function toUnsigned(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

export function toSigned(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

export function putDouble(sink: ByteSink, value: number): void {
  makeRoom(sink, 8);
  sink.view.setFloat64(sink.length, value, true);
  sink.length += 8;
}

export function putFloat(sink: ByteSink, value: number): void {
  makeRoom(sink, 4);
  sink.view.setFloat32(sink.length, value, true);
  sink.length += 4;
}

/** The 32 bits of a single float. */
export function bitsOfFloat(sink: ByteSink, value: number): number {
  makeRoom(sink, 4);
  sink.view.setFloat32(sink.length, value, true);
  return sink.view.getUint32(sink.length, true);
}

/** Reads what a sink took. Every read throws PlantroomError `storage` where the bytes end too soon. */
export interface ByteSource {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

export function createSource(bytes: Uint8Array): ByteSource {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
}

export function hasMore(source: ByteSource): boolean {
  return source.at < source.bytes.length;
}

export function takeByte(source: ByteSource): number {
  const value = source.bytes[source.at];
  if (value === undefined) throw damaged('it ends too soon');
  source.at += 1;
  return value;
}

export function takeVarint(source: ByteSource): number {
  let value = 0;
  let factor = 1;
  for (let count = 0; count < longestNumberBytes; count += 1) {
    const byte = takeByte(source);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 0x80;
  }
  throw damaged('a number in it has no end');
}

export function takeSigned(source: ByteSource): number {
  return toSigned(takeVarint(source));
}

export function takeDouble(source: ByteSource): number {
  return source.view.getFloat64(advance(source, 8), true);
}

export function takeFloat(source: ByteSource): number {
  return source.view.getFloat32(advance(source, 4), true);
}

function advance(source: ByteSource, count: number): number {
  const { at } = source;
  if (at + count > source.bytes.length) throw damaged('it ends too soon');
  source.at += count;
  return at;
}

export function damaged(what: string): PlantroomError {
  return new PlantroomError(`a frame of the history is damaged: ${what}`, {
    kind: 'storage',
    hint: 'the other frames can still be read; look at the disk: the system log tells more',
  });
}
