import { asyncProperty, constantFrom, integer, assert as propertyAssert, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silenceMs } from '../../src/model/serial-line.ts';
import { encodeRtu, isCrcRight } from '../../src/sim/frame.ts';
import { type WireFault, wireFaults, wireFaultsOn } from '../../src/sim/wire-fault.ts';
import { hex, line9600, openRig, readTwo, sampleUnit, twoRegisters } from './slave-rig.ts';

const silence = silenceMs(line9600);

/** Whether the right answer is among what a fault leaves on the wire. */
function isLeft(fault: WireFault): boolean {
  return wireFaults[fault].leaves === 'right' || wireFaults[fault].leaves === 'late';
}

describe('faults', () => {
  const request = { tcp: '0007 0000 0006 01 03 0000 0002', rtu: readTwo };
  const right = { tcp: '0007 0000 0007 01 03 04 0001 0002'.replaceAll(' ', ''), rtu: twoRegisters };
  const flat = (text: string) => text.replaceAll(' ', '');
  const whole = (pdu: string) => encodeRtu(1, hex(pdu)).toString('hex');

  async function play(framing: 'tcp' | 'rtu', fault: Parameters<typeof sampleUnit>[1], seed = 1) {
    const rig = openRig({ framing, units: [sampleUnit(1, fault)], seed });
    rig.ask(request[framing]);
    await rig.clock.advance(5_000);
    return rig;
  }

  test.each([
    ['silent', 'tcp', ''],
    ['silent', 'rtu', ''],
    ['refuse', 'rtu', whole('83 02')],
    ['busy', 'rtu', whole('83 06')],
    ['exception-1', 'rtu', whole('83 01')],
    ['exception-11', 'tcp', '0007 0000 0003 01 83 0b'],
    ['wrong-unit', 'rtu', encodeRtu(2, hex('03 04 0001 0002')).toString('hex')],
    ['wrong-function', 'rtu', whole('04 04 0001 0002')],
    ['wrong-transaction', 'tcp', '0008 0000 0007 01 03 04 0001 0002'],
    ['duplicated', 'rtu', twoRegisters + twoRegisters],
    ['duplicated-late', 'tcp', right.tcp + right.tcp],
    ['echo', 'rtu', flat(readTwo) + twoRegisters],
    ['byte-by-byte', 'tcp', right.tcp],
    ['late', 'rtu', twoRegisters],
    ['close', 'tcp', ''],
  ] as const)('%s on %s sends these bytes and no others', async (fault, framing, bytes) => {
    expect((await play(framing, { fault })).answer()).toBe(flat(bytes));
  });

  test('each leaves on the wire what its table says', async () => {
    for (const framing of ['tcp', 'rtu'] as const) {
      for (const name of wireFaultsOn(framing)) {
        for (let seed = 1; seed <= 50; seed += 1) {
          const rig = await play(framing, { fault: name }, seed);
          const isRight = rig.answer().includes(right[framing]);
          expect([name, seed, isRight]).toEqual([name, seed, isLeft(name)]);
        }
      }
    }
  });

  test('all that are not right have a frame that cannot be taken for the right one', async () => {
    const wrong = ['wrong-length', 'wrong-byte-count', 'torn', 'bad-crc', 'close-mid-reply'] as const;
    for (const name of wrong) {
      for (let seed = 1; seed <= 200; seed += 1) {
        const answer = hex((await play('rtu', { fault: name }, seed)).answer());
        const isTakenForRight = answer.length === 9 && answer[1] === 3 && answer[2] === 4 && isCrcRight(answer);
        expect([name, seed, isTakenForRight]).toEqual([name, seed, false]);
        if (name === 'wrong-length') expect([(answer[2] ?? 0) + 5, isCrcRight(answer)]).toEqual([answer.length, true]);
        if (name === 'wrong-byte-count') expect([answer.length, isCrcRight(answer)]).toEqual([9, true]);
      }
    }
  });

  test('the second of two answers comes after its pause, the bytes of a slow one each for itself', async () => {
    const late = await play('tcp', { fault: { name: 'duplicated-late', delayMs: 30 } });
    expect(late.sent.map(({ atMono }) => atMono)).toEqual([0, 30]);
    const slow = await play('tcp', { fault: 'byte-by-byte' });
    expect(slow.sent.map(({ bytes }) => bytes.length)).toEqual(Array.from({ length: 13 }, () => 1));
    expect(new Set(slow.sent.map(({ atMono }) => atMono)).size).toBe(13);
  });

  test('a cut connection is cut behind the last byte', async () => {
    for (const fault of ['close', 'close-mid-reply'] as const)
      expect((await play('tcp', { fault })).closedAt).toEqual([0]);
  });

  test('a babbling unit goes on for as long as it is told, and a line is never silent meanwhile', async () => {
    const rig = openRig({ line: line9600, units: [sampleUnit(1, { fault: { name: 'babble', delayMs: 500 } })] });
    rig.ask(readTwo);
    await rig.clock.advance(5_000);
    const times = rig.sent.map(({ atMono }) => atMono);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(490);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(silence);
  });

  test('may be chosen for each request, by its number and the framing', async () => {
    const asked: (readonly [number, string])[] = [];
    const unit = sampleUnit(1, {
      fault: (number, framing) => {
        asked.push([number, framing]);
        return number === 1 ? 'silent' : undefined;
      },
    });
    const rig = openRig({ units: [unit] });
    for (let count = 0; count < 3; count += 1) rig.ask(readTwo);
    expect(rig.answer()).toBe(twoRegisters + twoRegisters);
    expect(asked).toEqual([
      [0, 'rtu'],
      [1, 'rtu'],
      [2, 'rtu'],
    ]);
  });

  test('the same seed damages the same bytes', async () => {
    const same = asyncProperty(
      record({ seed: integer(), fault: constantFrom(...wireFaultsOn('rtu')) }),
      async ({ seed, fault }) => {
        const [one, two] = [await play('rtu', { fault }, seed), await play('rtu', { fault }, seed)];
        expect(one.sent).toEqual(two.sent);
      },
    );
    await propertyAssert(same);
  });
});
