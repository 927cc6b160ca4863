import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Request } from '../../../drivers/modbus/exchange.ts';
import { createModbusBus } from '../../../drivers/modbus/modbus-driver.ts';
import { RtuExchange } from '../../../drivers/modbus/rtu-exchange.ts';
import { createRtuFrame } from '../../../drivers/modbus/rtu-frame.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { ModbusRtuBus, ModbusRtuOverTcpBus } from '../../../src/model/bus.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { createScriptedLine, type ScriptedLine } from '../../fakes/scripted-line.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusAddress, modbusDevice, planOne, rtuBus, rtuOverTcpBus } from './modbus-rig.ts';

/* 9600 8E1: a character takes 1.1458 ms, the silence 4.0104 ms, a request 9.1667 ms. */
const line9600 = { line: { baudRate: 9_600, parity: 'even', stopBits: 1 } } as const;
const characterMs = 11_000 / 9_600;
const silenceMs = 3.5 * characterMs;
const patience = { timeoutMs: 100, worstCaseMs: 1_000 };

const request: Request = { unitId: 7, table: 'holding-register', address: 0x0310, count: 2 };
const neighbour: Request = { unitId: 8, table: 'holding-register', address: 0x0310, count: 2 };
const good = frame(7, 3, 4, 0x12, 0x34, 0x56, 0x78);
const goodOfNeighbour = frame(8, 3, 4, 0xab, 0xcd, 0xef, 0x01);

let clock: VirtualClock;
let line: ScriptedLine;
let exchange: RtuExchange;

beforeEach(() => open(rtuBus('/dev/ttyTEST', line9600)));

function open(bus: ModbusRtuBus | ModbusRtuOverTcpBus): void {
  clock = new VirtualClock();
  line = createScriptedLine(clock);
  exchange = new RtuExchange({ bus, clock, log: silentLog, openLink: line.openLink });
}

/** The CRC of the specification, bit by bit, so that no table of ours judges itself. */
function frame(...bytes: readonly number[]): Buffer {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

/** Asks, and lets the request go out. */
async function ask(what: Request = request): Promise<{ answer: Answer | undefined }> {
  const told: { answer: Answer | undefined } = { answer: undefined };
  const before = line.sent.length;
  exchange.ask(what, patience, answer => {
    told.answer = answer.kind === 'data' ? { ...answer, bytes: Buffer.from(answer.bytes) } : answer;
  });
  await settle();
  for (let step = 0; step < 20 && line.sent.length === before && !told.answer; step += 1) await clock.advance(1);
  return told;
}

/** Delivers a frame that begins `afterMs` after the end of the request, whole at its end. */
async function answerAfter(afterMs: number, bytes: Uint8Array): Promise<void> {
  await clock.advance(8 * characterMs + afterMs + bytes.length * characterMs);
  line.deliver(bytes);
}

const data = (bytes: readonly number[]) => ({ kind: 'data', bytes: Buffer.from(bytes) });

describe('a request on a serial line', () => {
  test('is the frame of the standard, sent after a silence, and its answer is told with the time of the device alone', async () => {
    const told = await ask();
    expect(line.sent.map(sent => sent.frame)).toEqual([frame(7, 3, 0x03, 0x10, 0, 2)]);
    expect(line.sent[0]?.atMono).toBeGreaterThanOrEqual(silenceMs);
    await answerAfter(30, good);
    expect(told.answer).toMatchObject(data([0x12, 0x34, 0x56, 0x78]));
    // The test sees the request go out a millisecond fine.
    expect(told.answer).toMatchObject({ responseMs: expect.closeTo(30.5, 0) });
  });

  test('is followed by the next one not before 3.5 characters and the turnaround of the bus have passed', async () => {
    open(rtuBus('/dev/ttyTEST', { ...line9600, turnaroundMs: 20 }));
    await ask();
    await answerAfter(5, good);
    const answeredMono = clock.monoMs();
    await ask();
    await clock.advance(30);
    const gapMs = (line.sent[1]?.atMono ?? 0) - answeredMono;
    expect(gapMs).toBeGreaterThanOrEqual(silenceMs + 20);
    expect(gapMs).toBeLessThanOrEqual(silenceMs + 20 + 1.6);
  });

  test('waits while bytes come that nobody asked for, each of which begins the silence anew', async () => {
    await ask();
    await answerAfter(5, good);
    exchange.ask(request, patience, () => undefined);
    for (let byte = 0; byte < 50; byte += 1) {
      await clock.advance(3);
      line.deliver([0x55]);
    }
    expect(line.sent).toHaveLength(1);
    const lastByteMono = clock.monoMs();
    await clock.advance(8);
    expect((line.sent[1]?.atMono ?? 0) - lastByteMono).toBeGreaterThanOrEqual(silenceMs);
  });

  test('fails when the line never falls silent, and does not blame the device', async () => {
    await ask();
    await answerAfter(5, good);
    const told: { answer?: Answer } = {};
    exchange.ask(request, patience, answer => Object.assign(told, { answer }));
    for (let byte = 0; byte < 250; byte += 1) {
      await clock.advance(3);
      line.deliver([0x55]);
    }
    expect(told.answer).toMatchObject({ kind: 'failed', reason: 'bad-reply', wasAsked: false });
    expect(line.sent).toHaveLength(1);
  });

  test('times out after the wire times of request and answer and the timeout', async () => {
    const told = await ask();
    const wholeMs = (8 + 9) * characterMs + patience.timeoutMs;
    await clock.advance(wholeMs - 2);
    expect(told.answer).toBeUndefined();
    await clock.advance(3);
    expect(told.answer).toEqual({
      kind: 'failed',
      reason: 'timeout',
      detail: 'no answer within 100 ms',
      wasAsked: true,
    });
  });

  test('is answered by an exception of five bytes', async () => {
    const told = await ask();
    await answerAfter(5, frame(7, 0x83, 2));
    expect(told.answer).toMatchObject({ kind: 'exception', code: 2 });
  });

  test('may ask who made the device, in an answer that tells its length as it goes', async () => {
    const told = await ask({ kind: 'identify', unitId: 7 });
    expect(line.sent[0]?.frame).toEqual(frame(7, 43, 14, 1, 0));
    const identity = frame(7, 43, 14, 1, 1, 0, 0, 2, 0, 4, ...Buffer.from('Acme'), 1, 2, ...Buffer.from('P2'));
    for (const byte of identity) {
      expect(told.answer).toBeUndefined();
      await clock.advance(characterMs);
      line.deliver([byte]);
    }
    expect(told.answer).toMatchObject(data([...identity.subarray(2, -2)]));
  });
});

describe('what is not the answer', () => {
  test.each<[string, Uint8Array | readonly number[]]>([
    ['a wrong CRC', [...good.subarray(0, -1), 0]],
    ['another unit', goodOfNeighbour],
    ['another function', frame(7, 4, 4, 0x12, 0x34, 0x56, 0x78)],
    ['fewer registers than asked for', frame(7, 3, 2, 0x12, 0x34)],
    ['more registers than asked for', frame(7, 3, 6, 1, 2, 3, 4, 5, 6)],
    ['a byte count that lies', frame(7, 3, 5, 0x12, 0x34, 0x56, 0x78)],
    ['a byte behind it', [...good, 0]],
    ['the same answer twice at once', [...good, ...good]],
    ['a byte before it', [0, ...good]],
    ['a byte before it that looks like the unit', [7, ...good]],
    ['more bytes than any answer has', Array.from({ length: 1_100 }, () => 7)],
    ['an exception with a wrong CRC', [7, 0x83, 2, 0, 0]],
  ])('%s makes the read bad, and the unit rests until its answer can no longer come', async (_, bytes) => {
    const told = await ask();
    await clock.advance(20);
    line.deliver(bytes);
    expect(told.answer).toMatchObject({ kind: 'failed', reason: 'bad-reply', wasAsked: true });
    const again = await ask();
    expect(again.answer).toMatchObject({ kind: 'failed', reason: 'timeout', wasAsked: false });
    const other = await ask(neighbour);
    await answerAfter(5, goodOfNeighbour);
    expect(other.answer).toMatchObject(data([0xab, 0xcd, 0xef, 0x01]));
    await clock.advance(patience.worstCaseMs);
    const later = await ask();
    await answerAfter(5, good);
    expect(later.answer).toMatchObject(data([0x12, 0x34, 0x56, 0x78]));
  });

  test('whose answer breaks off at the deadline is waited for as long as an adapter may keep the rest, and no longer', async () => {
    const told = await ask();
    await clock.advance(8 * characterMs + patience.timeoutMs + good.length * characterMs - 2);
    line.deliver(good.subarray(0, 5));
    await clock.advance(20);
    expect(told.answer).toBeUndefined();
    line.deliver(good.subarray(5));
    expect(told.answer).toMatchObject(data([0x12, 0x34, 0x56, 0x78]));
    const other = await ask(neighbour);
    await clock.advance(8 * characterMs + patience.timeoutMs + good.length * characterMs - 2);
    line.deliver(goodOfNeighbour.subarray(0, 5));
    await clock.advance(2 + 4 * characterMs + 21);
    expect(other.answer).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  test('half an answer is a timeout that says how much came', async () => {
    const told = await ask();
    await answerAfter(5, good.subarray(0, 4));
    await clock.advance(200);
    expect(told.answer).toMatchObject({ reason: 'timeout', detail: 'only 4 bytes of an answer within 100 ms' });
  });

  test('whatever bytes come, in whatever pieces: a value is told only for the one right frame', async () => {
    const noise = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(7, 3, 4, 0x83)), { maxLength: 24 });
    const mutated = fc
      .tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, change]) => [...good].map((byte, index) => (index === at ? byte ^ change : byte)));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(noise, mutated),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 }),
        async (bytes, cuts) => {
          open(rtuBus('/dev/ttyTEST', line9600));
          const told = await ask();
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            line.deliver(bytes.slice(at, at + cut));
            at += cut;
            await clock.advance(1);
          }
          await clock.advance(200);
          expect(told.answer?.kind).not.toBe('data');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a late answer', () => {
  test('never becomes the value of the next request to its unit, which is not asked meanwhile', async () => {
    const first = await ask();
    await clock.advance(200);
    expect(first.answer).toMatchObject({ reason: 'timeout' });
    const second = await ask({ ...request, address: 0x0400 });
    line.deliver(good);
    expect(second.answer).toMatchObject({ reason: 'timeout', wasAsked: false });
    expect(line.sent).toHaveLength(1);
    expect(exchange.restsUntilMono(7)).toBeGreaterThan(clock.monoMs());
  });

  test('is set aside while a neighbour is asked, whose own answer counts; then its unit is asked again', async () => {
    await ask();
    await clock.advance(200);
    const other = await ask(neighbour);
    await clock.advance(5);
    line.deliver(good.subarray(0, 3));
    line.deliver(good.subarray(3));
    expect(other.answer).toBeUndefined();
    expect(exchange.restsUntilMono(7)).toBe(0);
    await answerAfter(0, goodOfNeighbour);
    expect(other.answer).toMatchObject(data([0xab, 0xcd, 0xef, 0x01]));
    const again = await ask();
    await answerAfter(5, good);
    expect(again.answer).toMatchObject(data([0x12, 0x34, 0x56, 0x78]));
  });

  test('that falls into the answer of a neighbour spoils that read, and nothing else', async () => {
    await ask();
    await clock.advance(200);
    const other = await ask(neighbour);
    line.deliver([...goodOfNeighbour.subarray(0, 4), ...good, ...goodOfNeighbour.subarray(4)]);
    expect(other.answer).toMatchObject({ kind: 'failed', reason: 'bad-reply' });
  });

  test('of another length than was asked for does not free its unit', async () => {
    await ask();
    await clock.advance(200);
    await ask(neighbour);
    line.deliver(frame(7, 3, 2, 0x12, 0x34));
    expect(exchange.restsUntilMono(7)).toBeGreaterThan(0);
  });
});

describe('a two-wire line that lets us hear ourselves', () => {
  const sent = () => line.sent.at(-1)?.frame ?? Buffer.alloc(0);

  test.each(['auto', 'yes'] as const)('is understood with echo: %s', async echo => {
    open(rtuBus('/dev/ttyTEST', { ...line9600, rs485: { direction: 'adapter', echo } }));
    const told = await ask();
    for (const byte of sent()) line.deliver([byte]);
    await answerAfter(5, good);
    expect(told.answer).toMatchObject(data([0x12, 0x34, 0x56, 0x78]));
  });

  test('is a fault with echo: yes when no echo comes', async () => {
    open(rtuBus('/dev/ttyTEST', { ...line9600, rs485: { direction: 'adapter', echo: 'yes' } }));
    const told = await ask();
    await answerAfter(5, good);
    expect(told.answer).toMatchObject({ reason: 'bad-reply', detail: expect.stringContaining('no echo') });
  });

  test('an echo alone is no answer, even where an answer could look the same', async () => {
    // 24 coils from 0x0310 on: the answer has 3 bytes of data, and may be byte for byte the request.
    const coils: Request = { unitId: 7, table: 'coil', address: 0x0310, count: 24 };
    const told = await ask(coils);
    expect(sent()).toEqual(frame(7, 1, 3, 0x10, 0, 24));
    line.deliver(sent());
    await clock.advance(200);
    expect(told.answer).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });
});

describe('the link', () => {
  test('that breaks ends the request at once, and is opened again by the next', async () => {
    const told = await ask();
    line.breakDown();
    expect(told.answer).toMatchObject({ reason: 'no-connection', detail: 'the port is gone' });
    const refused = await ask(neighbour);
    expect(refused.answer).toMatchObject({ reason: 'no-connection', detail: 'there is no such port' });
    line.mend();
    const again = await ask(neighbour);
    await answerAfter(5, goodOfNeighbour);
    expect(again.answer).toMatchObject({ kind: 'data' });
    expect(line.opened()).toBe(3);
  });

  test('to a device server is made anew after four timeouts in a row, a serial port is not', async () => {
    for (const bus of [rtuOverTcpBus(4_001), rtuBus('/dev/ttyTEST')]) {
      open(bus);
      for (let unitId = 1; unitId <= 5; unitId += 1) {
        await ask({ ...request, unitId });
        await clock.advance(500);
      }
      expect(line.opened()).toBe(bus.protocol === 'modbus-rtu' ? 1 : 2);
    }
  });

  test('is let go of by close, which ends a request under way', async () => {
    const told = await ask();
    await exchange.close();
    expect(told.answer).toMatchObject({ reason: 'no-connection', detail: 'the bus is closed' });
    const after = await ask();
    expect(after.answer).toMatchObject({ kind: 'failed' });
  });
});

test('frames are those of the standard: its own CRC, low byte first', () => {
  expect(createRtuFrame(Uint8Array.of(1, 4, 2, 0xff, 0xff))).toEqual(Buffer.from([1, 4, 2, 0xff, 0xff, 0xb8, 0x80]));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 254 }), bytes => {
      expect(createRtuFrame(bytes)).toEqual(frame(...bytes));
    }),
  );
});

test('a person who waits only briefly does not shorten the time in which a late answer is expected', async () => {
  const options = { bus: rtuBus('/dev/ttyTEST', line9600), clock, log: silentLog };
  const openBus = createModbusBus(options, exchange);
  const addresses = [0x0310, 0x0311].map(address => modbusAddress('holding-register', address));
  const slow = { ...modbusDevice(addresses, { unitId: 7 }), timeoutMs: 3_000 };
  const read = planOne(openBus, slow);
  const answers: unknown[] = [];
  openBus.ask({ kind: 'raw', unitId: 7, table: 'holding-register', address: 0x0400, count: 2 }, 100, answer =>
    answers.push(answer),
  );
  await clock.advance(500);
  expect(answers).toMatchObject([{ kind: 'failed', reason: 'timeout' }]);
  for (const waitedMs of [0, 2_000]) {
    await clock.advance(waitedMs);
    const outcome = readOnce(openBus, read);
    await clock.advance(20);
    line.deliver(good);
    expect(await outcome).toMatchObject({ kind: 'failed', wasAsked: false });
  }
  await clock.advance(1_000);
  const outcome = readOnce(openBus, read);
  await clock.advance(20);
  line.deliver(good);
  expect(await outcome).toMatchObject({ kind: 'answered' });
});
