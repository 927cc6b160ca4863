import { describe, expect, test } from 'vitest';
import { encodeRtu } from '../../src/sim/frame.ts';
import { hex, openRig, sampleUnit } from './slave-rig.ts';

describe('device identification', () => {
  const identification = { vendor: 'Grundfos', product: 'CIM 200', revision: '1.0' };

  function identify(access: string, objectId: string): string {
    const rig = openRig({ units: [sampleUnit(1, { identification })] });
    rig.endpoint.receive(encodeRtu(1, hex(`2b 0e ${access} ${objectId}`)));
    return rig.answer().slice(2, -4);
  }

  const text = (value: string) => Buffer.from(value).toString('hex');
  const objects = `0008${text('Grundfos')}0107${text('CIM 200')}0203${text('1.0')}`;

  test.each([
    ['the basic stream', '01', '00', `2b0e018100${'0003'}${objects}`],
    ['a stream from an object on', '01', '02', `2b0e0181000001${'0203'}${text('1.0')}`],
    ['a stream from an object that is not there', '01', '09', `2b0e018100${'0003'}${objects}`],
    ['one object', '04', '01', `2b0e0481000001${'0107'}${text('CIM 200')}`],
    ['an object that is not there', '04', '07', 'ab02'],
    ['an access that is none', '05', '00', 'ab03'],
  ])('answers %s', (_, access, objectId, answer) => {
    expect(identify(access, objectId)).toBe(answer);
  });

  test('says in two parts what does not fit into one', () => {
    const rig = openRig({
      units: [sampleUnit(1, { identification: { vendor: 'v'.repeat(200), product: 'p'.repeat(100), revision: 'r' } })],
    });
    rig.endpoint.receive(encodeRtu(1, hex('2b 0e 01 00')));
    expect(rig.answer().slice(2, 18)).toBe('2b0e0181ff010100');
  });

  test('a unit that has none refuses the question', () => {
    const rig = openRig({});
    rig.endpoint.receive(encodeRtu(1, hex('2b 0e 01 00')));
    expect(rig.answer()).toBe(encodeRtu(1, hex('ab 01')).toString('hex'));
  });
});
