import { array, asyncProperty, integer, assert as propertyAssert, record, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { characterMs, silenceMs } from '../../src/model/serial-line.ts';
import { encodeRtu, isCrcRight } from '../../src/sim/frame.ts';
import { hex, line9600, openRig, readTwo, sampleUnit, twoRegisters } from './slave-rig.ts';

const characterTime = characterMs(line9600);
const silence = silenceMs(line9600);

describe('a slave on a paced line', () => {
  test('answers after the silence and its own time, one character after the other', async () => {
    const rig = openRig({ line: line9600, units: [sampleUnit(1, { turnaroundMs: 5 })] });
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe(twoRegisters);
    const start = 8 * characterTime + silence + 5;
    expect(rig.sent.map(({ bytes }) => bytes.length)).toEqual(Array.from({ length: 9 }, () => 1));
    for (const [index, { atMono }] of rig.sent.entries()) {
      expect(atMono).toBeCloseTo(start + (index + 1) * characterTime, 6);
    }
  });

  test('keeps its schedule when the machine was asleep: what is due goes out at once, the rest when it is due', async () => {
    const rig = openRig({ line: line9600 });
    rig.ask(readTwo);
    const start = 8 * characterTime + silence;
    await rig.clock.advance(start + 0.1);
    rig.clock.freeze(4.5 * characterTime);
    await rig.clock.advance(1_000);
    expect(rig.sent.map(({ bytes }) => bytes.length)).toEqual([4, 1, 1, 1, 1, 1]);
    expect(rig.sent.at(-1)?.atMono).toBeCloseTo(start + 9 * characterTime, 6);
  });

  test('waits 1.75 ms instead of 3.5 characters above 19,200 baud', async () => {
    const line = { baudRate: 115_200, parity: 'none', stopBits: 1 } as const;
    const rig = openRig({ line });
    rig.ask(readTwo);
    await rig.clock.advance(100);
    expect(rig.sent[0]?.atMono).toBeCloseTo(9 * characterMs(line) + 1.75, 6);
  });

  test('takes bytes that come one by one for one frame, and forgets one that was cut short', async () => {
    const rig = openRig({ line: line9600 });
    for (const byte of hex(readTwo)) {
      rig.endpoint.receive(Uint8Array.of(byte));
      await rig.clock.advance(characterTime);
    }
    await rig.clock.advance(100);
    expect(rig.answer()).toBe(twoRegisters);
    rig.ask('01 03 0000');
    await rig.clock.advance(100);
    rig.ask('0002 c40b');
    await rig.clock.advance(100);
    expect(rig.answer()).toBe(twoRegisters);
    expect(rig.endpoint.counts.badFrames).toBe(2);
  });

  test.each([
    ['a broadcast', '00 03 0000 0002 c5da'],
    ['another unit', '09 03 0000 0002 c543'],
    ['a wrong check sum', '01 03 0000 0002 c40c'],
  ])('is silent after %s', async (_, request) => {
    const rig = openRig({ line: line9600 });
    rig.ask(request);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe('');
  });

  test('a request within the silence after an answer is counted and lost', async () => {
    const rig = openRig({ line: line9600 });
    rig.ask(readTwo);
    const end = 17 * characterTime + silence;
    await rig.clock.advance(end + silence - 0.5);
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe(twoRegisters);
    expect(rig.endpoint.counts).toMatchObject({ requests: 1, shortSilences: 1, collisions: 0 });
  });

  test('a request right after that silence is answered', async () => {
    const rig = openRig({ line: line9600 });
    rig.ask(readTwo);
    await rig.clock.advance(17 * characterTime + 2 * silence);
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe(twoRegisters + twoRegisters);
    expect(rig.endpoint.counts).toMatchObject({ requests: 2, shortSilences: 0 });
  });

  test('where it is asked to be lenient, a short silence is only counted', async () => {
    const rig = openRig({ line: line9600, shortSilence: 'answered' });
    rig.ask(readTwo);
    await rig.clock.advance(17 * characterTime + silence + 0.5);
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe(twoRegisters + twoRegisters);
    expect(rig.endpoint.counts).toMatchObject({ requests: 2, shortSilences: 1 });
  });

  test('two requests without a silence between them are one frame that nobody understands', async () => {
    const rig = openRig({ line: line9600 });
    rig.ask(readTwo);
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe('');
    expect(rig.endpoint.counts).toMatchObject({ requests: 0, shortSilences: 1 });
  });

  test('a request while it still answers spoils the answer and is lost', async () => {
    const rig = openRig({ line: line9600 });
    rig.ask(readTwo);
    await rig.clock.advance(8 * characterTime + silence + 3.5 * characterTime);
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.sent.length).toBe(9);
    expect(rig.answer()).not.toBe(twoRegisters);
    expect(isCrcRight(hex(rig.answer()))).toBe(false);
    expect(rig.endpoint.counts).toMatchObject({ requests: 1, collisions: 1 });
  });

  test('a late answer that meets the request to another unit spoils both', async () => {
    const rig = openRig({
      line: line9600,
      units: [sampleUnit(1, { fault: { name: 'late', delayMs: 50 } }), sampleUnit(2)],
    });
    rig.ask(readTwo);
    await rig.clock.advance(8 * characterTime + silence + 50 - 2);
    rig.ask('02 03 0000 0002 c438');
    await rig.clock.advance(1_000);
    expect(rig.endpoint.counts).toMatchObject({ requests: 1, collisions: 1 });
    expect(isCrcRight(hex(rig.answer()))).toBe(false);
  });

  test('a late answer comes whole when nobody else speaks', async () => {
    const rig = openRig({ line: line9600, units: [sampleUnit(1, { fault: 'late', lateMs: 500 })] });
    rig.ask(readTwo);
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe(twoRegisters);
    expect(rig.sent[0]?.atMono).toBeCloseTo(9 * characterTime + silence + 500, 6);
  });

  test('on a two-wire line every request is heard by its master while it goes out', async () => {
    const rig = openRig({ line: line9600, isEchoing: true });
    rig.ask(readTwo);
    await rig.clock.advance(8 * characterTime + 0.1);
    expect(rig.answer()).toBe(readTwo.replaceAll(' ', ''));
    await rig.clock.advance(1_000);
    expect(rig.answer()).toBe(readTwo.replaceAll(' ', '') + twoRegisters);
    expect(rig.endpoint.counts.collisions).toBe(0);
  });

  test('leaves no timer when its wire is gone', async () => {
    const rig = openRig({ line: line9600, units: [sampleUnit(1, { fault: 'babble' })] });
    rig.ask(readTwo);
    await rig.clock.advance(100);
    expect(rig.clock.pending).toBeGreaterThan(0);
    rig.endpoint.end();
    expect(rig.clock.pending).toBe(0);
  });
});

describe('a slave on a line that takes no time', () => {
  test('answers at once, and parts requests by their lengths', () => {
    const rig = openRig({});
    rig.ask(`${readTwo} ${readTwo}`);
    expect(rig.answer()).toBe(twoRegisters + twoRegisters);
  });

  test.each([
    ['a function that nobody has', '01 64', '01e401'],
    ['a write of one register', '01 06 0000 0001', '018601'],
    ['a write of two registers', '01 10 0000 0002 04 0001 0002', '019001'],
    ['a write of a coil', '01 05 0000 ff00', '018501'],
    ['a mask write', '01 16 0000 ffff 0000', '019601'],
    ['a read and write', '01 17 0000 0001 0000 0001 02 0001', '019701'],
  ])('%s is refused as illegal function', async (_, request, answer) => {
    const rig = openRig({});
    const frame = hex(request);
    rig.endpoint.receive(encodeRtu(frame[0] ?? 0, frame.subarray(1)));
    await rig.clock.advance(60);
    expect(rig.answer()).toBe(encodeRtu(1, hex(answer).subarray(1)).toString('hex'));
  });

  test('any pieces of requests and junk between them never stop it for longer than the gap', async () => {
    const piece = record({
      bytes: uint8Array({ maxLength: 20 }),
      pauseMs: integer({ min: 0, max: 80 }),
    });
    for (const framing of [undefined, line9600]) {
      await propertyAssert(
        asyncProperty(array(piece, { maxLength: 8 }), async pieces => {
          const rig = openRig({ line: framing });
          for (const { bytes, pauseMs } of pieces) {
            rig.endpoint.receive(bytes);
            await rig.clock.advance(pauseMs);
          }
          await rig.clock.advance(1_000);
          const before = rig.answer().length;
          rig.ask(readTwo);
          await rig.clock.advance(1_000);
          expect(rig.answer().slice(before)).toBe(twoRegisters);
          expect(rig.clock.pending).toBe(0);
        }),
      );
    }
  });
});
