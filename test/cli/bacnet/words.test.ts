import { describe, expect, test } from 'vitest';
import { engineeringUnits } from '../../../drivers/bacnet/codec.ts';
import { isChosen, parsePatterns } from '../../../src/cli/bacnet/choose.ts';
import { explainRefusal } from '../../../src/cli/bacnet/failures.ts';
import { scaleOf } from '../../../src/cli/bacnet/read-values.ts';
import { unitName, unitSymbol } from '../../../src/cli/bacnet/units.ts';
import {
  looksLikeObject,
  parseHost,
  parseInstances,
  parseNetwork,
  parseObject,
  parseProperty,
} from '../../../src/cli/bacnet/words.ts';
import { findUnit } from '../../../src/model/unit.ts';

describe('what people write', () => {
  test.each<[string, ReturnType<typeof parseInstances>]>([
    ['1001', { low: 1001, high: 1001 }],
    ['1000..1999', { low: 1000, high: 1999 }],
    ['0-4194302', { low: 0, high: 4_194_302 }],
  ])('%s is a range of instances', (text, range) => {
    expect(parseInstances('--instances', text)).toEqual(range);
  });

  test.each(['', '-1', '5..4', '4194303', '1.5', '1,2', 'all'])('%j is none', text => {
    expect(() => parseInstances('--instances', text)).toThrow('no range of device instances');
  });

  test.each<[string, ReturnType<typeof parseObject>]>([
    ['analog-input 3', { objectType: 0, instance: 3 }],
    ['analog-input:3', { objectType: 0, instance: 3 }],
    ['lift:1', { objectType: 59, instance: 1 }],
    ['130:7', { objectType: 130, instance: 7 }],
    ['device', { objectType: 8, instance: 1001 }],
  ])('%s is an object', (text, object) => {
    expect(parseObject(text, 1001)).toEqual(object);
  });

  test.each(['analog-inptu 3', 'analog-input', 'analog-input 4194303', 'analog-input x', 'analog-input 3 4', ''])(
    '%j is none, and the hint says what would be',
    text => {
      expect(() => parseObject(text, 1001)).toThrow(
        expect.objectContaining({ kind: 'usage', hint: expect.any(String) }),
      );
    },
  );

  test('a hint names the types that begin in the same way', () => {
    expect(() => parseObject('analog 3', 1)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('analog-input, analog-output') }),
    );
  });

  test.each<[string, ReturnType<typeof parseProperty>]>([
    ['present-value', { property: 85, index: undefined }],
    ['state-text[2]', { property: 110, index: 2 }],
    ['object-list[0]', { property: 76, index: 0 }],
    ['512', { property: 512, index: undefined }],
  ])('%s is a property', (text, property) => {
    expect(parseProperty(text)).toEqual(property);
  });

  test.each(['presentvalue', 'state-text[]', 'state-text[-1]', ''])('%j is none', text => {
    expect(() => parseProperty(text)).toThrow('is no property');
  });

  test('an address is IPv4, with a port of its own or the usual one', () => {
    expect(parseHost('--to', '10.0.0.5', 47_808)).toEqual({ host: '10.0.0.5', port: 47_808 });
    expect(parseHost('--to', '10.0.0.5:47809', 47_808)).toEqual({ host: '10.0.0.5', port: 47_809 });
    for (const text of ['10.0.0', 'chiller', '10.0.0.5:', '10.0.0.5:0', '10.0.0.5:1:2', '::1']) {
      expect(() => parseHost('--to', text, 47_808), text).toThrow('no IPv4 address');
    }
  });

  test('a network behind a router is 1 to 65534, with an address in hex or all of it', () => {
    expect(parseNetwork('--network', '200')).toEqual({ network: 200, mac: '' });
    expect(parseNetwork('--network', '200:0C')).toEqual({ network: 200, mac: '0c' });
    for (const text of ['0', '65535', '200:', '200:c', 'x'])
      expect(() => parseNetwork('--network', text), text).toThrow();
  });

  test('tells objects from addresses of Modbus', () => {
    expect(['analog-input', 'lift:1', '130:7', 'analog-input 3'].every(looksLikeObject)).toBe(true);
    expect(['0', '40001', '0x9c40', '300001'].some(looksLikeObject)).toBe(false);
  });
});

describe('choosing objects', () => {
  const object = { type: 'analog-input', instance: 3, name: 'Supply Temp' };

  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ['all', true],
    ['analog-*', true],
    ['analog-input', true],
    ['analog-input 3', true],
    ['analog-input:3', true],
    ['*temp*', true],
    ['binary-*, *TEMP', true],
    ['binary-*', false],
    ['analog-input 4', false],
    ['temp', false],
  ])('%j → %s', (patterns, chosen) => {
    expect(isChosen(object, parsePatterns(patterns))).toBe(chosen);
  });
});

describe('units', () => {
  const numbers = Array.from({ length: 256 }, (_, number) => number);

  test('have a symbol that the site file knows, or none', () => {
    for (const number of numbers) {
      const symbol = unitSymbol(number);
      if (symbol) expect(findUnit(symbol), unitName(number)).toBe(symbol);
    }
    expect([unitSymbol(62), unitSymbol(95), unitSymbol(121), unitSymbol(9_999)]).toEqual([
      '°C',
      '',
      undefined,
      undefined,
    ]);
  });

  test('are called as a table that is not ours calls them', () => {
    const others: Readonly<Record<string, string>> = { 'degrees-kelvin': 'kelvin' };
    for (const number of numbers) {
      if (unitName(number) === `units ${number}`) continue;
      const theirs = engineeringUnits.nameOf(number);
      if (theirs !== String(number)) expect(unitName(number)).toBe(others[theirs] ?? theirs);
    }
  });
});

describe('what a device says', () => {
  test.each<[string, number | undefined]>([
    ['[1] 00', 1],
    ['[1] fe', 0.01],
    ['[1] 03', 1_000],
    ['[0] 3dcccccd', Math.fround(0.1)],
    ['[0] 3dcc', undefined],
    ['[2] 00', undefined],
    ['1', undefined],
  ])('a scale of %s is %s', (text, scale) => {
    const shown = { kind: 'values', values: [{ type: 'tagged', text, number: null }] } as const;
    expect(scaleOf(shown)).toBe(scale);
  });

  test.each<[string, RegExp]>([
    ['error object unknown-object', /no such object/],
    ['error property unknown-property', /no such property/],
    ['error property invalid-array-index', /no such element/],
    ['error device operational-problem', /answers with an error/],
    ['reject unrecognized-service', /does not understand/],
    ['abort segmentation-not-supported', /gave up/],
    ['not answered', /does not tell/],
  ])('%s in plain words', (text, words) => {
    expect(explainRefusal(text).words).toMatch(words);
  });
});
