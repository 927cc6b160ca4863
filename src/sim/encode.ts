import type { ModbusAddress } from '../model/point.ts';

/**
 * Raw values as registers, written from the Modbus specification and on purpose without a look at the driver: a
 * simulator that shares the driver's codec would share its mistakes.
 */

/** How many 16-bit registers a value of this address takes. */
export function registersOf(address: ModbusAddress): number {
  switch (address.type) {
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
      return 1;
  }
}

/**
 * The registers of one raw value in the order in which they lie in the device. Integers are rounded and held at the
 * ends of their range, as a real device's display does; a bit or a bit field comes back shifted into its place with
 * `maskOf` telling which bits are its own.
 */
export function encodeRegisters(address: ModbusAddress, raw: number | string): number[] {
  if (address.type === 'string') return swapBytesIf(address, wordsOf(encodeText(String(raw), address.registerCount)));
  const value = typeof raw === 'string' ? Number.NaN : raw;
  if (address.type === 'bool') return [(value >= 0.5 ? 1 : 0) << address.bit];
  if (address.type === 'bits') return [clampInteger(value, 0, 2 ** address.bitCount - 1) << address.bit];
  const words = wordsOf(encodeNumber(address, value));
  if (address.wordOrder === 'low-first') words.reverse();
  return swapBytesIf(address, words);
}

/** The bits of its register that belong to this address. */
export function maskOf(address: ModbusAddress): number {
  if (address.type === 'bool') return 1 << address.bit;
  if (address.type === 'bits') return (2 ** address.bitCount - 1) << address.bit;
  return 0xffff;
}

/** Most significant byte first. */
function encodeNumber(address: ModbusAddress, value: number): Uint8Array {
  const bytes = new Uint8Array(2 * registersOf(address));
  const view = new DataView(bytes.buffer);
  switch (address.type) {
    case 'u16':
      view.setUint16(0, clampInteger(value, 0, 0xffff));
      break;
    case 's16':
      view.setInt16(0, clampInteger(value, -0x8000, 0x7fff));
      break;
    case 'u32':
      view.setUint32(0, clampInteger(value, 0, 0xffff_ffff));
      break;
    case 's32':
      view.setInt32(0, clampInteger(value, -0x8000_0000, 0x7fff_ffff));
      break;
    case 'u64':
      view.setBigUint64(0, clampBigInteger(value, 0n, 2n ** 64n - 1n));
      break;
    case 's64':
      view.setBigInt64(0, clampBigInteger(value, -(2n ** 63n), 2n ** 63n - 1n));
      break;
    case 'f32':
      view.setFloat32(0, value);
      break;
    case 'f64':
      view.setFloat64(0, value);
      break;
  }
  return bytes;
}

/** One character a byte, filled with zeros, cut at the end of the field. */
function encodeText(text: string, registerCount: number): Uint8Array {
  const bytes = new Uint8Array(2 * registerCount);
  bytes.set(Buffer.from(text, 'latin1').subarray(0, bytes.length));
  return bytes;
}

function wordsOf(bytes: Uint8Array): number[] {
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 2) words.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  return words;
}

function swapBytesIf(address: ModbusAddress, words: number[]): number[] {
  if (address.byteOrder === 'high-first') return words;
  return words.map(word => ((word & 0xff) << 8) | (word >> 8));
}

/** A value that is no number becomes 0: an integer register cannot say otherwise. */
function clampInteger(value: number, low: number, high: number): number {
  return Number.isNaN(value) ? 0 : Math.min(high, Math.max(low, Math.round(value)));
}

function clampBigInteger(value: number, low: bigint, high: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value > 0 ? high : low;
  const whole = BigInt(Math.round(value));
  if (whole < low) return low;
  return whole > high ? high : whole;
}
