import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBit, decodeRegisters, widthOf } from '../../../drivers/modbus/codec.ts';
import type { Reading } from '../../../src/driver.ts';
import type { ModbusAddress, ModbusType } from '../../../src/model/point.ts';
import { modbusAddress } from './modbus-rig.ts';

function decode(bytes: readonly number[] | Uint8Array, changes: Partial<ModbusAddress>, offset = 0): Reading {
  const reading: Reading = { value: 123, text: 'old', quality: 'not-read' };
  decodeRegisters(Uint8Array.from(bytes), offset, modbusAddress('holding-register', 0, changes), reading);
  return reading;
}

/** The four orders by the letters of the field's manuals: A is the most significant byte. */
const orders = {
  ABCD: { wordOrder: 'high-first', byteOrder: 'high-first' },
  CDAB: { wordOrder: 'low-first', byteOrder: 'high-first' },
  BADC: { wordOrder: 'high-first', byteOrder: 'low-first' },
  DCBA: { wordOrder: 'low-first', byteOrder: 'low-first' },
} as const;

describe('a value in registers', () => {
  test.each([
    ['u16', [0xff, 0xfe], 65_534],
    ['s16', [0xff, 0xfe], -2],
    ['s16', [0x80, 0x00], -32_768],
    ['u32', [0x89, 0xab, 0xcd, 0xef], 0x89abcdef],
    ['s32', [0xff, 0xff, 0xff, 0xfe], -2],
    ['f32', [0x43, 0x66, 0x80, 0x00], 230.5],
    ['u64', [0, 0, 0, 1, 0, 0, 0, 2], 2 ** 32 + 2],
    ['s64', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2],
    ['f64', [0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18], Math.PI],
  ] as const)('%s from the bytes of its specification', (type, bytes, value) => {
    expect(decode(bytes, { type })).toEqual({ value, text: undefined, quality: 'good' });
  });

  test.each([
    ['ABCD', [0x43, 0x66, 0x80, 0x01]],
    ['CDAB', [0x80, 0x01, 0x43, 0x66]],
    ['BADC', [0x66, 0x43, 0x01, 0x80]],
    ['DCBA', [0x01, 0x80, 0x66, 0x43]],
  ] as const)('in the order %s', (order, bytes) => {
    expect(decode(bytes, { type: 'f32', ...orders[order] }).value).toBe(Math.fround(230.50001525878906));
    expect(decode(bytes, { type: 'u32', ...orders[order] }).value).toBe(0x43668001);
  });

  test.each(Object.keys(orders) as (keyof typeof orders)[])(
    'comes back as DataView and BigInt have it, in the order %s',
    order => {
      const { wordOrder, byteOrder } = orders[order];
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(5), (big, offset) => {
          const view = new DataView(big.buffer, big.byteOffset);
          const expected: [ModbusType, number][] = [
            ['u16', view.getUint16(0)],
            ['s16', view.getInt16(0)],
            ['u32', view.getUint32(0)],
            ['s32', view.getInt32(0)],
            ['u64', Number(view.getBigUint64(0))],
            ['s64', Number(view.getBigInt64(0))],
            ['f32', view.getFloat32(0)],
            ['f64', view.getFloat64(0)],
          ];
          for (const [type, value] of expected) {
            const words = Array.from({ length: widthOf(modbusAddress('holding-register', 0, { type })) }, (_, word) => {
              const pair = [big[2 * word] ?? 0, big[2 * word + 1] ?? 0];
              return byteOrder === 'high-first' ? pair : pair.reverse();
            });
            if (wordOrder === 'low-first') words.reverse();
            const bytes = [...new Array<number>(2 * offset).fill(0xee), ...words.flat()];
            const reading = decode(bytes, { type, wordOrder, byteOrder }, offset);
            if (Number.isFinite(value)) expect(reading).toEqual({ value, text: undefined, quality: 'good' });
            else expect(reading).toEqual({ value: Number.NaN, text: undefined, quality: 'not-a-number' });
          }
        }),
      );
    },
  );

  test.each([
    ['f32 quiet NaN', 'f32', [0x7f, 0xc0, 0, 0]],
    ['f32 all ones', 'f32', [0xff, 0xff, 0xff, 0xff]],
    ['f32 infinity', 'f32', [0x7f, 0x80, 0, 0]],
    ['f32 minus infinity', 'f32', [0xff, 0x80, 0, 0]],
    ['f64 NaN', 'f64', [0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['f64 infinity', 'f64', [0x7f, 0xf0, 0, 0, 0, 0, 0, 0]],
  ] as const)('that is no number is bad: %s', (_, type, bytes) => {
    expect(decode(bytes, { type })).toEqual({ value: Number.NaN, text: undefined, quality: 'not-a-number' });
  });

  test('gives single bits and fields of bits, counted from the lowest', () => {
    const word = [0b1010_0101, 0b1100_0011];
    expect(
      Array.from({ length: 16 }, (_, bit) => decode(word, { type: 'bool', bit }).value)
        .reverse()
        .join(''),
    ).toBe('1010010111000011');
    expect(decode(word, { type: 'bits', bit: 6, bitCount: 5 }).value).toBe(0b10111);
    expect(decode(word, { type: 'bits', bit: 0, bitCount: 16 }).value).toBe(0xa5c3);
    expect(decode(word, { type: 'bits', bit: 0, bitCount: 16, byteOrder: 'low-first' }).value).toBe(0xc3a5);
  });
});

test('a bit of a register by which the device says "not available" is no bit: an absent pump has no fault', () => {
  const absent = Uint8Array.of(0xff, 0xff);
  const fault = { type: 'bool', bit: 2, invalidWords: [0xffff] } as const;
  expect(decode(absent, fault)).toMatchObject({ quality: 'invalid-value', value: Number.NaN });
  expect(decode(absent, { ...fault, type: 'bits', bitCount: 4 })).toMatchObject({ quality: 'invalid-value' });
  expect(decode(Uint8Array.of(0xff, 0xfe), fault)).toMatchObject({ quality: 'good', value: 1 });
});

describe('a text in registers', () => {
  const text = (bytes: string, changes: Partial<ModbusAddress> = {}) =>
    decode(Buffer.from(bytes, 'latin1'), { type: 'string', registerCount: bytes.length / 2, ...changes });

  test.each([
    ['filled up with NULs', 'SDM630\0\0', 'SDM630'],
    ['filled up with blanks', 'SDM630  ', 'SDM630'],
    ['ended by NUL before old rubbish', 'OK\0junk!', 'OK'],
    ['in Latin-1', '21 \xb0C', '21 °C'],
    ['with what a terminal would obey', 'A\x1b[2J\x07\x9b!', 'A\\x1b[2J\\x07\\x9b!'],
    ['empty', '\0\0\0\0', ''],
    ['with blanks inside', ' A B ', ' A B'],
  ])('%s', (_, bytes, expected) => {
    expect(text(bytes.length % 2 === 0 ? bytes : `${bytes} `)).toEqual({
      value: Number.NaN,
      text: expected,
      quality: 'good',
    });
  });

  test('has its bytes swapped where the device swaps them, and its registers never', () => {
    expect(text('LPNAT', { byteOrder: 'low-first', registerCount: 2 }).text).toBe('PLAN');
    expect(text('PLANTR', { wordOrder: 'low-first' }).text).toBe('PLANTR');
  });
});

test('a bit of a coil answer lies where the protocol puts it, whatever follows', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 100 }), bits => {
      const bytes = new Uint8Array(Math.ceil(bits.length / 8)).fill(0);
      for (const [index, bit] of bits.entries())
        if (bit) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
      for (const [index, bit] of bits.entries()) {
        const reading: Reading = { value: 9, text: 'old', quality: 'not-read' };
        decodeBit(bytes, index, reading);
        expect(reading).toEqual({ value: bit ? 1 : 0, text: undefined, quality: 'good' });
      }
    }),
  );
});
