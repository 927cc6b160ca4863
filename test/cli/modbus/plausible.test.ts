import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readProbed } from '../../../src/cli/modbus/probe-readings.ts';
import {
  type ByteOrder,
  byteOrders,
  formatBits,
  shortFloat,
  signed16,
  textOfWord,
} from '../../../src/cli/modbus/readings.ts';
import type { PlantPoint } from '../../../src/model/plant.ts';
import type { ModbusAddress } from '../../../src/model/point.ts';

/** The words of a value in an order, made with a DataView and by moving bytes: not by the code under test. */
function encode(write: (view: DataView) => void, order: ByteOrder): number[] {
  const view = new DataView(new ArrayBuffer(4));
  write(view);
  const bytes = Object.fromEntries([0, 1, 2, 3].map(index => ['ABCD'[index], view.getUint8(index)]));
  const [one = 0, two = 0, three = 0, four = 0] = [...order].map(letter => bytes[letter] ?? 0);
  return [(one << 8) | two, (three << 8) | four];
}

function probe(values: number[], points: PlantPoint[] = []) {
  return readProbed({ table: 'holding-register', address: 100, values, points });
}

function point(address: Partial<ModbusAddress>, changes: Partial<PlantPoint> = {}): PlantPoint {
  return {
    key: 'feeder/u-l1',
    name: '',
    unit: '',
    scale: 1,
    offset: 0,
    address: {
      ...{ protocol: 'modbus', table: 'holding-register', address: 100, type: 'u16', bit: 0, bitCount: 1 },
      ...{ wordOrder: 'high-first', byteOrder: 'high-first', registerCount: 1, invalidWords: [], ...address },
    } as ModbusAddress,
    ...changes,
  };
}

const order = fc.constantFrom(...byteOrders);

describe('a value that a device holds, in whatever order', () => {
  test('as a float of sane size is shown and marked', () => {
    const size = fc.double({ min: 0.01, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(size, fc.boolean(), order, (magnitude, isNegative, order) => {
        const value = Math.fround(isNegative ? -magnitude : magnitude);
        const words = encode(view => view.setFloat32(0, value), order);
        const [pair] = probe(words).pairs;
        expect(Math.fround(pair?.f32[order] ?? Number.NaN)).toBe(value);
        // Four printable bytes are a text as well, and then that is marked instead.
        const isText = probe(words).registers.every(({ plausible }) => plausible.includes('text'));
        if (!isText) expect(pair?.plausible).toContain(`f32 ${order}`);
      }),
    );
  });

  test('as a counter of up to eight digits is shown and marked', () => {
    const counter = fc.integer({ min: 1, max: 99_999_999 }).filter(value => value % 65_536 !== 0);
    fc.assert(
      fc.property(counter, order, (value, order) => {
        const [pair] = probe(encode(view => view.setUint32(0, value), order)).pairs;
        expect(pair?.u32[order]).toBe(value);
        const isText = pair?.plausible.length === 0;
        if (!isText) expect(pair?.plausible).toContain(`u32 ${order}`);
      }),
    );
  });

  test('as a negative number of 32 bits is shown and marked', () => {
    fc.assert(
      fc.property(fc.integer({ min: -65_535, max: -2 }), order, (value, order) => {
        const [pair] = probe(encode(view => view.setInt32(0, value), order)).pairs;
        expect(pair?.s32[order]).toBe(value);
        expect(pair?.plausible).toContain(`s32 ${order}`);
      }),
    );
  });

  test('as a number of up to four digits is marked in its register', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9_999, max: 9_999 }).filter(value => value !== 0 && value !== -1),
        value => {
          const [register] = probe([value & 0xffff]).registers;
          const type = value < 0 ? 's16' : 'u16';
          expect(register?.[type]).toBe(value);
          expect(register?.plausible).toContain(type);
        },
      ),
    );
  });

  test('as a text is marked register by register, and its letters are no floats', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{6,20}$/), text => {
        const bytes = Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1');
        const words = Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(2 * index));
        const { registers, pairs } = probe(words);
        expect(registers.map(register => register.plausible)).toEqual(words.map(() => ['text']));
        expect(pairs.flatMap(pair => pair.plausible)).toEqual([]);
        expect(
          registers
            .map(register => register.text)
            .join('')
            .slice(0, text.length),
        ).toBe(text);
      }),
    );
  });
});

describe('what says nothing', () => {
  test.each([[0], [0xffff], [0x8000], [0x7fff]])('%i is not marked', word => {
    const { registers, pairs } = probe([word, word]);
    expect(registers.flatMap(register => register.plausible)).toEqual([]);
    // Each byte order is a reading of its own: only what is the same in all of them says nothing at all.
    const isSame = word === 0 || word === 0xffff;
    expect(pairs.flatMap(pair => pair.plausible).filter(name => isSame || !/BADC|DCBA/.test(name))).toEqual([]);
  });

  test('a small number beside a zero is no big one in another order', () => {
    expect(probe([0, 5]).pairs[0]?.plausible).toEqual(['u32 ABCD', 'u32 BADC']);
    expect(probe([5, 0]).pairs[0]?.plausible).toEqual(['u32 CDAB', 'u32 DCBA']);
  });

  test('a float that is no number is shown as none', () => {
    expect(probe([0x7fc0, 0x0000]).pairs[0]?.f32.ABCD).toBeNull();
  });

  test('nothing but one register has no pairs, and a read of bits only bits', () => {
    expect(probe([7]).pairs).toEqual([]);
    const bits = readProbed({ table: 'coil', address: 3, values: [1, 0], points: [] });
    expect(bits).toMatchObject({
      registers: [],
      pairs: [],
      bits: [
        { address: 3, value: 1 },
        { address: 4, value: 0 },
      ],
    });
  });
});

describe('a point of the site', () => {
  test('is named where it begins, with what it makes of the registers', () => {
    const words = encode(view => view.setFloat32(0, 230.5), 'CDAB');
    const [register, second] = probe(words, [point({ type: 'f32', wordOrder: 'low-first' }, { unit: 'V' })]).registers;
    expect(register?.points).toEqual([{ key: 'feeder/u-l1', unit: 'V', type: 'f32 CDAB', value: 230.5 }]);
    expect(second?.points).toEqual([]);
  });

  test.each<[Partial<ModbusAddress>, number, number]>([
    [{ type: 'u16' }, 0xfffe, 65_534],
    [{ type: 's16' }, 0xfffe, -2],
    [{ type: 'u16', byteOrder: 'low-first' }, 0x0100, 1],
    [{ type: 'bool', bit: 3 }, 0b1000, 1],
    [{ type: 'bits', bit: 2, bitCount: 2 }, 0b1100, 3],
  ])('reads its own register: %j', (address, word, expected) => {
    expect(probe([word], [point(address)]).registers[0]?.points[0]?.value).toBe(expected);
  });

  test('of a type that needs more registers than were read has no value', () => {
    expect(probe([1], [point({ type: 'u32' })]).registers[0]?.points[0]?.value).toBeNull();
    expect(probe([1, 2], [point({ type: 'u64' })]).registers[0]?.points[0]?.value).toBeNull();
  });

  test('tells by its unit which order is right, and marks what only looks right no more', () => {
    // 0x4248 0x42c8: 50 Hz and a bit in one order, 100 in the other; both sane, and both possible.
    const words = [0x4248, 0x42c8];
    expect(probe(words).pairs[0]?.plausible).toEqual(expect.arrayContaining(['f32 ABCD', 'f32 CDAB']));
    const temperature = point({ type: 'f32' }, { unit: '°C', scale: 2.2 });
    expect(probe(words, [temperature]).pairs[0]?.plausible).not.toContain('f32 CDAB');
    expect(probe(words, [temperature]).pairs[0]?.plausible).toContain('f32 ABCD');
  });

  test('in another table is another point', () => {
    expect(probe([1], [point({ table: 'input-register' })]).registers[0]?.points).toEqual([]);
  });
});

describe('the readings', () => {
  test('of one word', () => {
    expect(signed16(0x8000)).toBe(-32_768);
    expect(formatBits(0x4363)).toBe('0100 0011 0110 0011');
    expect(textOfWord(0x4107)).toBe('A.');
  });

  test('of a float have the fewest digits that name it', () => {
    expect(shortFloat(Math.fround(230.1))).toBe(230.1);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), value => {
        expect(Math.fround(shortFloat(value)) === value).toBe(true);
      }),
    );
  });
});
