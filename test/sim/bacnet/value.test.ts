import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBracket, readContext, readTag, unsignedOf } from '../../../src/sim/bacnet/tag-reader.ts';
import {
  bits,
  boolean,
  encodeValue,
  enumerated,
  group,
  objectId,
  real,
  type SimValue,
  tagged,
  text,
  unsigned,
} from '../../../src/sim/bacnet/value.ts';

const french = 'Français';

describe('a simulated device writes values', () => {
  // The examples of clause 20.2 of the standard, byte for byte.
  test.each<readonly [string, SimValue, string]>([
    ['null', { kind: 'null' }, '00'],
    ['false', boolean(false), '10'],
    ['true', boolean(true), '11'],
    ['unsigned 72', unsigned(72), '2148'],
    ['signed 72', { kind: 'signed', value: 72 }, '3148'],
    ['real 72', real(72), '4442900000'],
    ['double 72', { kind: 'double', value: 72 }, '55084052000000000000'],
    ['octets', { kind: 'octets', bytes: Buffer.from('1234ff', 'hex') }, '631234ff'],
    ['a text', text('This is a BACnet string!'), '751900546869732069732061204241436e657420737472696e6721'],
    ['UTF-8', text(french), '750a004672616ec3a7616973'],
    ['Latin-1', text(french, 'latin-1'), '7509054672616ee7616973'],
    ['UCS-2', text(french, 'ucs-2'), '751104004600720061006e00e7006100690073'],
    ['five bits', bits(true, false, true, false, true), '8203a8'],
    ['enumerated 0', enumerated(0), '9100'],
    ['24 January 1991', { kind: 'date', date: { year: 1991, month: 1, day: 24, weekday: 4 } }, 'a45b011804'],
    ['5:35:45.17', { kind: 'time', time: { hour: 5, minute: 35, second: 45, hundredth: 17 } }, 'b405232d11'],
    ['binary input 15', objectId(3, 15), 'c400c0000f'],
    ['[3] null', tagged(3, { kind: 'null' }), '38'],
    ['[6] false', tagged(6, boolean(false)), '6900'],
    ['[0] unsigned 256', tagged(0, unsigned(256)), '0a0100'],
    ['[5] signed -72', tagged(5, { kind: 'signed', value: -72 }), '59b8'],
    ['[33] real -33.3', tagged(33, real(Math.fround(-33.3))), 'fc21c2053333'],
    ['[0] group', group(0, unsigned(2)), '0e21020f'],
    ['[33] group', group(33, unsigned(2)), 'fe212102ff21'],
    [
      'any date',
      { kind: 'date', date: { year: undefined, month: undefined, day: undefined, weekday: 7 } },
      'a4ffffff07',
    ],
    ['the device with the highest instance', objectId(8, 4_194_303), 'c4023fffff'],
    ['the highest object', objectId(1_023, 4_194_303), 'c4ffffffff'],
  ])('%s', (_, value, hex) => {
    expect(encodeValue(value).toString('hex')).toBe(hex);
  });

  test.each([
    [4, '64'],
    [5, '6505'],
    [253, '65fd'],
    [254, '65fe00fe'],
    [65_535, '65feffff'],
    [65_536, '65ff00010000'],
  ])('%i octets with the length where the standard wants it', (length, head) => {
    const bytes = encodeValue({ kind: 'octets', bytes: new Uint8Array(length) });
    expect(bytes.subarray(0, bytes.length - length).toString('hex')).toBe(head);
    expect(readTag(bytes, 0)).toMatchObject({ number: 6, kind: 'primitive', next: bytes.length });
  });

  test('every unsigned number in as few bytes as hold it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), value => {
        const { content } = readTag(encodeValue(unsigned(value)), 0) ?? { content: Buffer.alloc(0) };
        expect(BigInt(`0x${content.toString('hex')}`)).toBe(value);
        expect(content.length === 1 || content[0] !== 0).toBe(true);
      }),
    );
  });

  test('every signed number in as few bytes as hold it and its sign', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), value => {
        const { content } = readTag(encodeValue({ kind: 'signed', value }), 0) ?? { content: Buffer.alloc(0) };
        const width = 8 * content.length;
        expect(BigInt.asIntN(width, BigInt(`0x${content.toString('hex')}`))).toBe(value);
        expect(content.length === 1 || BigInt.asIntN(width - 8, value) !== value).toBe(true);
      }),
    );
  });

  test('every bit string with the first bit highest', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), flags => {
        const { content } = readTag(encodeValue(bits(...flags)), 0) ?? { content: Buffer.alloc(0) };
        const text = [...content.subarray(1)].map(byte => byte.toString(2).padStart(8, '0')).join('');
        expect(text.length - (content[0] ?? 0)).toBe(flags.length);
        expect([...text.slice(0, flags.length)].map(bit => bit === '1')).toEqual(flags);
        expect(text.slice(flags.length)).toMatch(/^0*$/);
      }),
    );
  });
});

describe('the reader of requests', () => {
  test('takes any bytes without failing, and never reads past their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(22), (bytes, at) => {
        const tag = readTag(Buffer.from(bytes), at);
        if (!tag) return;
        expect(tag.next).toBeGreaterThan(at);
        expect(tag.next).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 5_000 },
    );
  });

  test('tells context tags from those of types, and brackets from values', () => {
    const bytes = Buffer.from('19010e0f2105', 'hex');
    expect(readContext(bytes, 0, 1)).toMatchObject({ next: 2 });
    expect(readContext(bytes, 0, 2)).toBeUndefined();
    expect(isBracket(Buffer.from('0e', 'hex'), 0, 'opening', 0)).toBe(true);
    expect(isBracket(Buffer.from('0f', 'hex'), 0, 'opening', 0)).toBe(false);
    const number = readContext(Buffer.from('0a0100', 'hex'), 0, 0);
    expect(number && unsignedOf(number)).toBe(256);
  });
});
