import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeIAm, decodeIHave } from '../../../drivers/bacnet/announcements.ts';
import { decodeCovNotification } from '../../../drivers/bacnet/cov-notification.ts';
import { decodeDatagram } from '../../../drivers/bacnet/datagram.ts';
import { decodeValuesUntil, readTagged } from '../../../drivers/bacnet/decode-values.ts';
import { decodeErrorPayload } from '../../../drivers/bacnet/error-payload.ts';
import { decodeReadMultiple, matchReadMultiple } from '../../../drivers/bacnet/read-multiple.ts';
import { matchReadProperty } from '../../../drivers/bacnet/read-property.ts';
import { cursorOn } from '../../../drivers/bacnet/tags.ts';
import type { BacnetValue } from '../../../drivers/bacnet/values.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';
import { hex } from '../../torture/bacnet/datagrams.ts';

/** What stands between an opening and a closing tag 3. */
function decode(bytes: Buffer): readonly BacnetValue[] | undefined {
  return decodeValuesUntil(cursorOn(Buffer.concat([bytes, hex('3f')])), 3);
}

const long = 'x'.repeat(300);

describe('a value is decoded to what it says:', () => {
  test.each<[string, BacnetValue]>([
    ['00', { kind: 'null' }],
    ['10', { kind: 'boolean', value: false }],
    ['11', { kind: 'boolean', value: true }],
    ['2100', { kind: 'unsigned', value: 0 }],
    ['21ff', { kind: 'unsigned', value: 255 }],
    ['220100', { kind: 'unsigned', value: 256 }],
    ['24ffffffff', { kind: 'unsigned', value: 4_294_967_295 }],
    ['2505 0100000000', { kind: 'unsigned', value: 2 ** 32 }],
    ['2507 1fffffffffffff', { kind: 'unsigned', value: 2 ** 53 - 1 }],
    ['2508 0020000000000000', { kind: 'too-large' }],
    ['2508 ffffffffffffffff', { kind: 'too-large' }],
    ['2508 0000000000000007', { kind: 'unsigned', value: 7 }],
    ['31ff', { kind: 'signed', value: -1 }],
    ['317f', { kind: 'signed', value: 127 }],
    ['3180', { kind: 'signed', value: -128 }],
    ['32ff7f', { kind: 'signed', value: -129 }],
    ['33800000', { kind: 'signed', value: -8_388_608 }],
    ['3480000000', { kind: 'signed', value: -2_147_483_648 }],
    ['3508 ffe0000000000001', { kind: 'signed', value: -(2 ** 53) + 1 }],
    ['3508 8000000000000000', { kind: 'too-large' }],
    ['4441a80000', { kind: 'real', value: 21 }],
    ['44ff800000', { kind: 'real', value: Number.NEGATIVE_INFINITY }],
    ['447fc00000', { kind: 'real', value: Number.NaN }],
    ['5508 3ff0000000000001', { kind: 'double', value: 1.0000000000000002 }],
    ['63010203', { kind: 'octets', bytes: hex('010203') }],
    ['60', { kind: 'octets', bytes: hex('') }],
    ['7100', { kind: 'text', text: '' }],
    ['7505 00c3a4e6 b0', { kind: 'text', text: undefined }],
    ['7506 00c3a4e6b0b4', { kind: 'text', text: 'ä水' }],
    ['7505 046c346e29', { kind: 'text', text: '水温' }],
    ['7507 04feff6c346e29', { kind: 'text', text: '水温' }],
    ['7507 04fffe346c296e', { kind: 'text', text: '水温' }],
    ['74 046c346e', { kind: 'text', text: undefined }],
    ['73 05e4b5', { kind: 'text', text: 'äµ' }],
    ['7505 0300006c34', { kind: 'text', text: '水' }],
    ['7505 0300110000', { kind: 'text', text: undefined }],
    ['7505 01035441 42', { kind: 'text', text: undefined }],
    [`75fe012d 00${Buffer.from(long).toString('hex')}`, { kind: 'text', text: long }],
    [`75ff0000012d 00${Buffer.from(long).toString('hex')}`, { kind: 'text', text: long }],
    ['820400', { kind: 'bits', bits: [false, false, false, false] }],
    ['8204a0', { kind: 'bits', bits: [true, false, true, false] }],
    ['8306 0140', { kind: 'bits', bits: [false, false, false, false, false, false, false, true, false, true] }],
    ['8100', { kind: 'bits', bits: [] }],
    ['9103', { kind: 'enumerated', value: 3 }],
    ['92012c', { kind: 'enumerated', value: 300 }],
    ['a47e0b1701', { kind: 'date', year: 2026, month: 11, day: 23, weekday: 1 }],
    ['a4ffffffff', { kind: 'date', year: undefined, month: undefined, day: undefined, weekday: undefined }],
    ['a4ff0d22ff', { kind: 'date', year: undefined, month: 13, day: 34, weekday: undefined }],
    ['b4173b3b63', { kind: 'time', hour: 23, minute: 59, second: 59, hundredth: 99 }],
    ['b40cffffff', { kind: 'time', hour: 12, minute: undefined, second: undefined, hundredth: undefined }],
    ['c40ec00001', { kind: 'object', type: 59, instance: 1 }],
    ['c4ffffffff', { kind: 'object', type: 1_023, instance: 4_194_303 }],
    ['0905', { kind: 'tagged', context: 0, bytes: hex('05') }],
    ['f91405', { kind: 'tagged', context: 20, bytes: hex('05') }],
    ['1e 2101 1f', { kind: 'constructed', context: 1, values: [{ kind: 'unsigned', value: 1 }] }],
    ['fe14 11 ff14', { kind: 'constructed', context: 20, values: [{ kind: 'boolean', value: true }] }],
  ])('%s', (bytes, value) => {
    expect(decode(hex(bytes))).toEqual([value]);
  });

  test('landing calls of an elevator group, lists within a list', () => {
    // [0] { floor [0] 3, up [1] command 1, text [2] } twice, as in clause 12.57.
    const call = '0e 0903 1901 2e 720047 2f 0f';
    const values = decode(hex(`${call}${call}`));
    const [first] = values ?? [];
    expect(values).toHaveLength(2);
    expect(first).toEqual({
      kind: 'constructed',
      context: 0,
      values: [
        { kind: 'tagged', context: 0, bytes: hex('03') },
        { kind: 'tagged', context: 1, bytes: hex('01') },
        { kind: 'constructed', context: 2, values: [{ kind: 'text', text: 'G' }] },
      ],
    });
  });
});

test('what stands in a tagged value is read by the type that the standard gives to its place', () => {
  expect(readTagged(hex('012c'), 'unsigned')).toEqual({ kind: 'unsigned', value: 300 });
  expect(readTagged(hex('ff'), 'signed')).toEqual({ kind: 'signed', value: -1 });
  expect(readTagged(hex('01'), 'boolean')).toEqual({ kind: 'boolean', value: true });
  expect(readTagged(hex('02'), 'boolean')).toBeUndefined();
  expect(readTagged(hex('0041'), 'text')).toEqual({ kind: 'text', text: 'A' });
  expect(readTagged(hex('41'), 'real')).toBeUndefined();
  expect(readTagged(hex(''), 'enumerated')).toBeUndefined();
});

describe('bytes that are no value are none:', () => {
  test.each([
    ['a null with something in it', '0100'],
    ['a boolean of 2', '12'],
    ['a number of no bytes', '20'],
    ['a signed number of no bytes', '30'],
    ['a real of 3 bytes', '4341a800'],
    ['a double of 4 bytes', '5441a80000'],
    ['a text without its character set', '70'],
    ['bits with 8 unused', '8208ff'],
    ['fewer than no bits', '8101'],
    ['bits without their first byte', '80'],
    ['a date of 3 bytes', 'a37e0b17'],
    ['a time of 5 bytes', 'b505 173b3b6300'],
    ['an object of 3 bytes', 'c3000001'],
    ['a reserved tag', 'd100'],
    ['a length that is longer than all', '75ff ffffffff 00'],
    ['a length that is cut off', '75fe01'],
    ['an opening tag that is not closed', '1e 2101'],
    ['a closing tag of another', '1e 2101 2f'],
    ['an application tag that opens', '26'],
    ['a long tag number that is a short one', 'f90e05'],
    ['lists nine deep', `${'1e'.repeat(9)}2101${'1f'.repeat(9)}`],
  ])('%s', (_, bytes) => {
    expect(decode(hex(bytes))).toBeUndefined();
  });
});

const object = { objectType: 0, instance: 3 };
const present = { ...object, property: 85, index: undefined };
const flags = { ...object, property: 111, index: undefined };

describe('an answer to ReadProperty', () => {
  test('is taken when all that it repeats is what was asked for', () => {
    const answer = hex('0c00000003 1955 3e 4441a80000 3f');
    expect(matchReadProperty(present, answer)).toEqual({ kind: 'values', values: [{ kind: 'real', value: 21 }] });
    const element = hex('0c00000003 1955 2907 3e 2101 3f');
    expect(matchReadProperty({ ...present, index: 7 }, element)).toMatchObject({ kind: 'values' });
  });

  test.each([
    ['another object', '0c00000004 1955 3e 4441a80000 3f', 'an answer for another object'],
    ['another type', '0c00400003 1955 3e 4441a80000 3f', 'an answer for another object'],
    ['another property', '0c00000003 1956 3e 4441a80000 3f', 'an answer for another property'],
    ['an element of it', '0c00000003 1955 2901 3e 4441a80000 3f', 'an answer for another array index'],
    ['nothing', '', 'an answer to ReadProperty that is not well formed'],
    ['a torn value', '0c00000003 1955 3e 4441a8', 'an answer to ReadProperty that is not well formed'],
    ['a byte too many', '0c00000003 1955 3e 4441a80000 3f 00', 'an answer to ReadProperty that is not well formed'],
  ])('of %s is not', (_, bytes, detail) => {
    expect(matchReadProperty(present, hex(bytes))).toEqual({ kind: 'wrong', detail });
  });

  test('may be of an empty list', () => {
    expect(matchReadProperty(present, hex('0c00000003 1955 3e 3f'))).toEqual({ kind: 'values', values: [] });
  });
});

describe('an answer to ReadPropertyMultiple', () => {
  const value = '2955 4e 4441a80000 4f';
  const fault = '296f 5e 9102 9120 5f';

  test('has a result or an error for each property, in the order in which they were asked for', () => {
    const results = [
      { kind: 'values', values: [{ kind: 'real', value: 21 }] },
      { kind: 'error', errorClass: 2, errorCode: 32 },
    ];
    expect(matchReadMultiple([present, flags], hex(`0c00000003 1e ${value} ${fault} 1f`))).toEqual({
      kind: 'results',
      results,
    });
    // In another order, and with the object named twice.
    expect(matchReadMultiple([present, flags], hex(`0c00000003 1e ${fault} 1f 0c00000003 1e ${value} 1f`))).toEqual({
      kind: 'results',
      results,
    });
  });

  test('answers a property that was asked for twice twice', () => {
    const answer = hex(`0c00000003 1e ${value} ${value} 1f`);
    expect(matchReadMultiple([present, present], answer)).toMatchObject({ kind: 'results' });
    expect(matchReadMultiple([present, flags], answer)).toMatchObject({ kind: 'wrong' });
  });

  test.each([
    ['with one missing', `0c00000003 1e ${value} 1f`],
    ['with one too many', `0c00000003 1e ${value} ${fault} ${fault} 1f`],
    ['of another object', `0c00000004 1e ${value} ${fault} 1f`],
    ['of an element', `0c00000003 1e 2955 3901 4e 4441a80000 4f ${fault} 1f`],
    ['that ends too soon', `0c00000003 1e ${value} ${fault}`],
    ['with an error that is none', `0c00000003 1e ${value} 296f 5e 9102 5f 1f`],
    ['with neither value nor error', `0c00000003 1e ${value} 296f 1f`],
    ['of nothing', ''],
  ])('%s is no answer', (_, bytes) => {
    expect(matchReadMultiple([present, flags], hex(bytes))).toMatchObject({ kind: 'wrong' });
  });
});

describe('what devices say by themselves', () => {
  test('I-Am: who, how much, how', () => {
    const iAm = { instance: 1_001, maxApdu: 1_476, segmentation: 'none', vendorId: 260 };
    expect(decodeIAm(hex('c4020003e9 2205c4 9103 220104'))).toEqual(iAm);
    for (const bytes of [
      'c4000003e9 2205c4 9103 220104',
      'c4023fffff 2205c4 9103 220104',
      'c4020003e9 2205c4 9104 220104',
      'c4020003e9 2205c4 9103',
      'c4020003e9 2205c4 9103 220104 00',
    ]) {
      expect(decodeIAm(hex(bytes)), bytes).toBeUndefined();
    }
  });

  test('I-Have: which device has an object of that name', () => {
    expect(decodeIHave(hex('c4020003e9 c40ec00001 73004c31'))).toEqual({
      ...{ deviceInstance: 1_001, objectType: 59, instance: 1, name: 'L1' },
    });
    expect(decodeIHave(hex('c4020003e9 c40ec00001 73004c'))).toBeUndefined();
  });

  test('COV: whose subscription, which object, what it is now', () => {
    const notification = '0907 1c020003e9 2c00000003 39c8 4e 0955 2e 4441a00000 2f 096f 1901 2e 820400 2f 3908 4f';
    expect(decodeCovNotification(hex(notification))).toEqual({
      processId: 7,
      deviceInstance: 1_001,
      objectType: 0,
      instance: 3,
      timeRemainingSeconds: 200,
      values: [
        { property: 85, index: undefined, values: [{ kind: 'real', value: 20 }] },
        { property: 111, index: 1, values: [{ kind: 'bits', bits: [false, false, false, false] }] },
      ],
    });
    expect(decodeCovNotification(hex(notification.slice(0, -3)))).toBeUndefined();
    expect(decodeCovNotification(hex(`${notification}00`))).toBeUndefined();
  });

  test('an error says class and code, or is none', () => {
    expect(decodeErrorPayload(hex('9102 9120'))).toEqual({ kind: 'error', errorClass: 2, errorCode: 32 });
    expect(decodeErrorPayload(hex('9102'))).toBeUndefined();
    expect(decodeErrorPayload(hex('9102 2120'))).toBeUndefined();
  });
});

test('no bytes make a decoder throw, or read past their end', () => {
  const decoders = [
    (bytes: Buffer) => decodeDatagram(bytes, '10.0.0.1', 47_808),
    decode,
    decodeIAm,
    decodeIHave,
    decodeCovNotification,
    decodeErrorPayload,
    decodeReadMultiple,
    (bytes: Buffer) => matchReadProperty(present, bytes),
    (bytes: Buffer) => matchReadMultiple([present, flags], bytes),
  ];
  const tagLike = fc.constantFrom(
    0x0c,
    0x1e,
    0x1f,
    0x2e,
    0x2f,
    0x3e,
    0x3f,
    0x4e,
    0x4f,
    0x75,
    0x65,
    0x85,
    0xfe,
    0xff,
    0x81,
  );
  const byte = fc.oneof(fc.nat(255), tagLike);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), numbers => {
      // Within a larger buffer, whose other bytes must not be seen.
      const whole = Buffer.alloc(numbers.length + 40, 0xa5);
      whole.set(numbers, 20);
      const other = Buffer.alloc(numbers.length + 40, 0x3f);
      other.set(numbers, 20);
      for (const decoder of decoders) {
        const seen = decoder(whole.subarray(20, 20 + numbers.length));
        expect(decoder(other.subarray(20, 20 + numbers.length))).toEqual(seen);
      }
    }),
    { numRuns: propertyRuns(5_000) },
  );
});

test('every integer comes back as it was', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), integer => {
      const bytes = Buffer.alloc(10, 0x35);
      bytes[1] = 8;
      bytes.writeBigInt64BE(integer, 2);
      const fits = integer >= -(2n ** 53n) + 1n && integer <= 2n ** 53n - 1n;
      const value: BacnetValue = fits ? { kind: 'signed', value: Number(integer) } : { kind: 'too-large' };
      expect(decode(bytes)).toEqual([value]);
    }),
    { numRuns: propertyRuns(1_000) },
  );
});
