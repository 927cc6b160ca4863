import { unreachable } from '../../src/base/assert.ts';
import type { Reading } from '../../src/driver.ts';
import type { ModbusAddress, ModbusType } from '../../src/model/point.ts';

/** How many registers a value takes; in a table of bits, how many bits. */
export function widthOf(address: ModbusAddress): number {
  switch (address.type) {
    case 'bool':
    case 'bits':
    case 'u16':
    case 's16':
      return 1;
    case 'u32':
    case 's32':
    case 'f32':
      return 2;
    case 'u64':
    case 's64':
    case 'f64':
      return 4;
    case 'string':
      return address.registerCount;
    default:
      return unreachable(address.type);
  }
}

/** Bit number `offset` of a coil or discrete-input answer: the first bit asked for is the lowest of the first byte. */
export function decodeBit(bytes: Uint8Array, offset: number, reading: Reading): void {
  fill(reading, ((bytes[offset >> 3] ?? 0) >> (offset & 7)) & 1);
}

/**
 * The raw value that begins `offset` registers into a register answer. 64-bit integers are rounded to the nearest
 * double beyond 2^53; a float that is NaN or infinite is bad as `not-a-number`, bits of a register that holds one of its
 * invalid words as `invalid-value`.
 *
 * `wordOrder` is of numbers only: the registers of a text are always in reading order, also in a device whose numbers
 * are not.
 */
export function decodeRegisters(bytes: Uint8Array, offset: number, address: ModbusAddress, reading: Reading): void {
  if (address.type === 'string') {
    fill(reading, Number.NaN);
    reading.text = textAt(bytes, 2 * offset, address);
    return;
  }
  const value = numberAt(bytes, 2 * offset, address.type, address);
  fill(reading, value);
  if (address.invalidWords.length > 0 && address.invalidWords.includes(wordAt(bytes, 2 * offset, address))) {
    reading.value = Number.NaN;
    reading.quality = 'invalid-value';
    return;
  }
  if (Number.isFinite(value)) return;
  reading.value = Number.NaN;
  reading.quality = 'not-a-number';
}

function fill(reading: Reading, value: number): void {
  reading.value = value;
  reading.text = undefined;
  reading.quality = 'good';
}

function numberAt(bytes: Uint8Array, at: number, type: NumberType, address: ModbusAddress): number {
  switch (type) {
    case 'u16':
      return wordAt(bytes, at, address);
    case 's16':
      return (wordAt(bytes, at, address) << 16) >> 16;
    case 'bool':
      return (wordAt(bytes, at, address) >> address.bit) & 1;
    case 'bits':
      return (wordAt(bytes, at, address) >> address.bit) & (2 ** address.bitCount - 1);
    case 'u32':
      return align(bytes, at, address, 2).getUint32(0);
    case 's32':
      return align(bytes, at, address, 2).getInt32(0);
    case 'f32':
      return align(bytes, at, address, 2).getFloat32(0);
    // The upper half times 2^32 is exact, so the sum is rounded once: to the nearest double, as from a BigInt.
    case 'u64':
      return align(bytes, at, address, 4).getUint32(0) * 2 ** 32 + aligned.getUint32(4);
    case 's64':
      return align(bytes, at, address, 4).getInt32(0) * 2 ** 32 + aligned.getUint32(4);
    case 'f64':
      return align(bytes, at, address, 4).getFloat64(0);
    default:
      return unreachable(type);
  }
}

type NumberType = Exclude<ModbusType, 'string'>;

function wordAt(bytes: Uint8Array, at: number, { byteOrder }: ModbusAddress): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  return byteOrder === 'high-first' ? (first << 8) | second : (second << 8) | first;
}

/** Filled and read within one synchronous decode, so one for all is enough. */
const aligned = new DataView(new ArrayBuffer(8));

/** Lays the words of a number out most significant byte first. */
function align(bytes: Uint8Array, at: number, address: ModbusAddress, wordCount: number): DataView {
  for (let word = 0; word < wordCount; word += 1) {
    const from = address.wordOrder === 'high-first' ? word : wordCount - 1 - word;
    aligned.setUint16(2 * word, wordAt(bytes, at + 2 * from, address));
  }
  return aligned;
}

/**
 * Latin-1, up to the first NUL, without the blanks a device fills up with. What a terminal would obey rather than show
 * comes out as \xNN.
 */
function textAt(bytes: Uint8Array, at: number, address: ModbusAddress): string {
  let text = '';
  for (let word = 0; word < address.registerCount; word += 1) {
    const value = wordAt(bytes, at + 2 * word, address);
    text += String.fromCharCode(value >> 8, value & 0xff);
  }
  const end = text.indexOf('\0');
  return (end === -1 ? text : text.slice(0, end)).trimEnd().replace(unprintable, escapeByte);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\x00-\x1f\x7f-\x9f]/g;

function escapeByte(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
