import type { ModbusAddress } from '../../model/point.ts';

/** In which order the four bytes of a value come over the wire; A is the most significant. */
export const byteOrders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
export type ByteOrder = (typeof byteOrders)[number];

export const pairTypes = ['f32', 'u32', 's32'] as const;
export type PairType = (typeof pairTypes)[number];

/** The 32 bits of two registers, most significant first. */
function wordInOrder(first: number, second: number, order: ByteOrder): number {
  const [high, low] = order === 'ABCD' || order === 'BADC' ? [first, second] : [second, first];
  const isSwapped = order === 'BADC' || order === 'DCBA';
  return (((isSwapped ? swapBytes(high) : high) << 16) | (isSwapped ? swapBytes(low) : low)) >>> 0;
}

/** Two registers as a number; a float may be NaN or infinite. */
export function pairValue(first: number, second: number, type: PairType, order: ByteOrder): number {
  const word = wordInOrder(first, second, order);
  if (type === 'u32') return word;
  if (type === 's32') return word | 0;
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, word);
  return view.getFloat32(0);
}

/** Shortest digits that name a float32: 230.1 instead of 230.10000610351562. */
export function shortFloat(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

export function signed16(word: number): number {
  return (word << 16) >> 16;
}

export function formatHex(word: number): string {
  return word.toString(16).toUpperCase().padStart(4, '0');
}

/** `0100 0011 0110 0110`, bit 15 first. */
export function formatBits(word: number): string {
  return (word.toString(2).padStart(16, '0').match(/.{4}/g) ?? []).join(' ');
}

/** The two characters of a register; a dot stands for what cannot be printed. */
export function textOfWord(word: number): string {
  return [word >> 8, word & 0xff].map(byte => (isPrintable(byte) ? String.fromCharCode(byte) : '.')).join('');
}

export function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

export function orderOf({ wordOrder, byteOrder }: Pick<ModbusAddress, 'wordOrder' | 'byteOrder'>): ByteOrder {
  if (byteOrder === 'high-first') return wordOrder === 'high-first' ? 'ABCD' : 'CDAB';
  return wordOrder === 'high-first' ? 'BADC' : 'DCBA';
}

function swapBytes(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8);
}
