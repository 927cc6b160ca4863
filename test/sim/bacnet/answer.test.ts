import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, answerReadMultiple, answerReadProperty } from '../../../src/sim/bacnet/answer.ts';
import { createObjectTable } from '../../../src/sim/bacnet/device-objects.ts';
import { objectTypes, propertyIds } from '../../../src/sim/bacnet/ids.ts';
import { analog, array, createObject, list, one } from '../../../src/sim/bacnet/object.ts';
import { enumerated, text, unsigned } from '../../../src/sim/bacnet/value.ts';

const facts = {
  instance: 4,
  name: 'device',
  vendorId: 999,
  vendor: 'v',
  model: 'm',
  maxApdu: 1_476,
  segmentation: 'both',
  maxSegments: 255,
} as const;
const table = createObjectTable(facts, [
  analog(5, 'a', Math.fround(72.3)),
  analog(16, 'b', Math.fround(72.3)),
  createObject(objectTypes.lift, 1, 'lift', {
    'fault-signals': list(enumerated(5), enumerated(8)),
    'car-door-status': array(enumerated(0), enumerated(1)),
    'floor-text': array(text('G')),
    600: one(unsigned(7)),
  }),
]);

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function hexOf(answer: Answer): string {
  return answer.kind === 'ack' ? answer.body.toString('hex') : JSON.stringify(answer);
}

const read = (hex: string) => hexOf(answerReadProperty(table, bytes(hex)));
const readMultiple = (hex: string) => hexOf(answerReadMultiple(table, bytes(hex)));

describe('ReadProperty', () => {
  test('is answered as in the example F.3.5 of the standard', () => {
    expect(read('0c 00000005 1955')).toBe('0c0000000519553e444290999a3f');
  });

  test.each([
    ['an element of an array', '0c 0ec00001 1a01c2 2902', '0c0ec000011a01c229023e91013f'],
    ['the size of an array', '0c 0ec00001 1a01c2 2900', '0c0ec000011a01c229003e21023f'],
    ['a whole array', '0c 0ec00001 1a01c2', '0c0ec000011a01c23e910091013f'],
    ['a list', '0c 0ec00001 1a01cf', '0c0ec000011a01cf3e910591083f'],
    ['a proprietary property', '0c 0ec00001 1a0258', '0c0ec000011a02583e21073f'],
    ['its object list by index', '0c 02000004 194c 2902', '0c02000004194c29023ec4000000053f'],
    [
      'the device object under the number for any',
      '0c 023fffff 1977',
      '{"kind":"error","error":{"errorClass":2,"errorCode":32}}',
    ],
    ['the instance of any device', '0c 023fffff 194b', '0c02000004194b3ec4020000043f'],
    ['an object that is not there', '0c 00000006 1955', '{"kind":"error","error":{"errorClass":1,"errorCode":31}}'],
    [
      'an element beyond the end',
      '0c 0ec00001 1a01c2 2903',
      '{"kind":"error","error":{"errorClass":2,"errorCode":42}}',
    ],
    [
      'an element of what is no array',
      '0c 0ec00001 1a01cf 2901',
      '{"kind":"error","error":{"errorClass":2,"errorCode":50}}',
    ],
    ['half a request', '0c 000000', '{"kind":"reject","reason":5}'],
    ['a request without a property', '0c 00000005', '{"kind":"reject","reason":5}'],
    ['a request with more behind it', '0c 00000005 1955 00', '{"kind":"reject","reason":7}'],
  ])('%s', (_, request, answer) => {
    expect(read(request)).toBe(answer);
  });
});

describe('ReadPropertyMultiple', () => {
  test('is answered as in the example F.3.7 of the standard', () => {
    expect(readMultiple('0c 00000010 1e 0955 0967 1f')).toBe('0c000000101e29554e444290999a4f29674e91004f1f');
  });

  test('gives each element its own value or its own error', () => {
    expect(readMultiple('0c 00000005 1e 0955 0977 1f  0c 00000009 1e 0955 1f')).toBe(
      '0c000000051e29554e444290999a4f29775e910291205f1f' + '0c000000091e29555e9101911f5f1f',
    );
  });

  test('ALL is every property but the property list, REQUIRED and OPTIONAL share them', () => {
    const ids = (which: 'all' | 'required' | 'optional') =>
      table.propertiesOf(analogObject(), which).toSorted((a, b) => a - b);
    expect(ids('all')).not.toContain(propertyIds['property-list']);
    expect([...ids('required'), ...ids('optional')].toSorted((a, b) => a - b)).toEqual(ids('all'));
    expect(ids('optional')).toEqual([propertyIds.reliability]);
    expect(readMultiple('0c 00000005 1e 0908 1f')).toBe(
      readMultiple(
        `0c 00000005 1e ${table
          .propertiesOf(analogObject(), 'all')
          .map(id => `09${id.toString(16).padStart(2, '0')}`)
          .join('')} 1f`,
      ),
    );
  });

  test.each([
    ['nothing', ''],
    ['an object without properties', '0c 00000005 1e 1f'],
    ['a list that does not end', '0c 00000005 1e 0955'],
    ['an object without a list', '0c 00000005'],
  ])('%s is rejected', (_, request) => {
    expect(JSON.parse(readMultiple(request)).kind).toBe('reject');
  });

  test('whatever comes, there is an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), request => {
        expect(['ack', 'error', 'reject']).toContain(answerReadMultiple(table, Buffer.from(request)).kind);
        expect(['ack', 'error', 'reject']).toContain(answerReadProperty(table, Buffer.from(request)).kind);
      }),
      { numRuns: 5_000 },
    );
  });
});

function analogObject() {
  const object = table.find(0, 5);
  if (!object) throw new Error('no object');
  return object;
}
