import {
  type Arbitrary,
  array,
  asyncProperty,
  constantFrom,
  integer,
  property,
  assert as propertyAssert,
  record,
  uint8Array,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import { characterMs, silenceMs } from '../../src/model/serial-line.ts';
import { crc16 } from '../../src/sim/crc.ts';
import { encodeRtu, isCrcRight } from '../../src/sim/frame.ts';
import { type WireFault, wireFaults, wireFaultsOn } from '../../src/sim/wire-fault.ts';
import { hex, line9600, openRig, sampleUnit } from './slave-rig.ts';

const characterTime = characterMs(line9600);
const silence = silenceMs(line9600);
const readTwo = '01 03 0000 0002 c40b';
const twoRegisters = '010304' + '0001' + '0002' + '2a32';

async function propertyAssertAsync<Case>(cases: Arbitrary<Case>, check: (one: Case) => Promise<void>): Promise<void> {
  await propertyAssert(asyncProperty(cases, check));
}

/** Whether the right answer is among what a fault leaves on the wire. */
function isLeft(fault: WireFault): boolean {
  return wireFaults[fault].leaves === 'right' || wireFaults[fault].leaves === 'late';
}

describe('the check sum', () => {
  // Modbus over Serial Line 1.02, and frames that are printed in many manuals.
  test.each([
    ['01 04 02 ff ff', 'b880'],
    ['02 07', '4112'],
    ['01 03 00 00 00 0a', 'c5cd'],
    ['11 03 00 6b 00 03', '7687'],
  ])('of %s goes over the wire as %s', (bytes, onTheWire) => {
    const crc = crc16(hex(bytes));
    expect(Buffer.from([crc & 0xff, crc >> 8]).toString('hex')).toBe(onTheWire);
  });

  test('finds every single wrong bit', () => {
    propertyAssert(
      property(uint8Array({ minLength: 1, maxLength: 250 }), integer({ min: 0, max: 2_047 }), (pdu, place) => {
        const frame = encodeRtu(7, pdu);
        expect(isCrcRight(frame)).toBe(true);
        const at = (place >> 3) % frame.length;
        frame[at] = (frame[at] ?? 0) ^ (1 << (place & 7));
        expect(isCrcRight(frame)).toBe(false);
      }),
    );
  });
});

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
      await propertyAssertAsync(array(piece, { maxLength: 8 }), async pieces => {
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
      });
    }
  });
});

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
    await propertyAssertAsync(
      record({ seed: integer(), fault: constantFrom(...wireFaultsOn('rtu')) }),
      async ({ seed, fault }) => {
        const [one, two] = [await play('rtu', { fault }, seed), await play('rtu', { fault }, seed)];
        expect(one.sent).toEqual(two.sent);
      },
    );
  });
});

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
