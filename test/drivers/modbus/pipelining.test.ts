import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../../drivers/modbus/exchange.ts';
import { TcpExchange } from '../../../drivers/modbus/tcp-exchange.ts';
import { silentLog } from '../../../src/base/log.ts';
import { createScriptedLine, type ScriptedLine } from '../../fakes/scripted-line.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusBus } from './modbus-rig.ts';

/* An endpoint that takes several requests at once, and what happens when one of them goes wrong. */

const patience = { timeoutMs: 500, worstCaseMs: 500 };

let clock: VirtualClock;
let line: ScriptedLine;
let exchange: TcpExchange;
let answers: (Answer | undefined)[];

beforeEach(() => {
  clock = new VirtualClock();
  line = createScriptedLine(clock);
  const bus = { ...modbusBus(502), requestsInFlight: 4 };
  exchange = new TcpExchange({ bus, clock, log: silentLog, openLink: line.openLink });
  answers = [];
});

/** Request number `index` asks unit `index + 1` for register 10 × index. */
async function askAll(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    exchange.ask({ unitId: index + 1, table: 'holding-register', address: 10 * index, count: 1 }, patience, answer => {
      answers[index] = answer.kind === 'data' ? { ...answer, bytes: Buffer.from(answer.bytes) } : answer;
    });
  }
  await settle();
}

/** The right answer to a frame that was sent: its register holds its address. */
function reply(frame: Buffer): Buffer {
  const head = [...frame.subarray(0, 2), 0, 0, 0, 5, frame[6] ?? 0, 3, 2];
  return Buffer.from([...head, ...frame.subarray(8, 10)]);
}

const frames = () => line.sent.map(({ frame }) => frame);
const registerOf = (answer: Answer | undefined) =>
  answer?.kind === 'data' ? Buffer.from(answer.bytes).readUInt16BE(0) : answer;

describe('several requests at once', () => {
  test('go out together over one connection, each with an id of its own', async () => {
    await askAll(4);
    expect(line.opened()).toBe(1);
    expect(new Set(frames().map(frame => frame.readUInt16BE(0))).size).toBe(4);
  });

  test('get their own answers, in whatever order and pieces these come', async () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
    const cuts = fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 12 });
    await askAll(4);
    await fc.assert(
      fc.asyncProperty(order, cuts, async (indexes, pieces) => {
        const bytes = Buffer.concat(indexes.map(index => reply(frames().at(-4 + index) ?? Buffer.alloc(12))));
        let at = 0;
        for (const piece of [...pieces, bytes.length]) {
          if (at < bytes.length) line.deliver(bytes.subarray(at, at + piece));
          at += piece;
        }
        expect(answers.map(registerOf)).toEqual([0, 10, 20, 30]);
        answers = [];
        await askAll(4);
      }),
      { numRuns: 100 },
    );
    expect(line.opened()).toBe(1);
  });

  test('that are answered by an exception cost nobody else anything', async () => {
    await askAll(2);
    const [first = Buffer.alloc(12), second = Buffer.alloc(12)] = frames();
    line.deliver([...first.subarray(0, 2), 0, 0, 0, 3, 1, 0x83, 6]);
    line.deliver(reply(second));
    expect(answers[0]).toMatchObject({ kind: 'exception', code: 6 });
    expect(registerOf(answers[1])).toBe(10);
  });
});

describe('a doubt about the connection', () => {
  test('by a timeout ends that request; the others go out again over a new connection', async () => {
    await askAll(1);
    await clock.advance(400);
    for (const index of [1, 2]) {
      exchange.ask(
        { unitId: index + 1, table: 'holding-register', address: 10 * index, count: 1 },
        patience,
        answer => {
          answers[index] = answer.kind === 'data' ? { ...answer, bytes: Buffer.from(answer.bytes) } : answer;
        },
      );
    }
    await clock.advance(101);
    expect(answers[0]).toMatchObject({ kind: 'failed', reason: 'timeout' });
    expect(line.opened()).toBe(2);
    for (const frame of frames().slice(-2)) line.deliver(reply(frame));
    expect(answers.slice(1).map(registerOf)).toEqual([10, 20]);
  });

  test('by a reply that is nobody’s never lets it become a value', async () => {
    await askAll(3);
    const stranger = reply(frames()[1] ?? Buffer.alloc(12));
    stranger.writeUInt16BE(0xbeef, 0);
    line.deliver(stranger);
    expect(answers[0]).toMatchObject({ kind: 'failed', reason: 'bad-reply' });
    await settle();
    expect(line.opened()).toBe(2);
    for (const frame of frames().slice(-2)) line.deliver(reply(frame));
    expect(answers.slice(1).map(registerOf)).toEqual([10, 20]);
  });

  test('by a second answer to a request before costs nobody anything: those under way go out again', async () => {
    await askAll(3);
    const first = reply(frames()[0] ?? Buffer.alloc(12));
    line.deliver(first);
    line.deliver(first);
    await settle();
    expect(line.opened()).toBe(2);
    expect(frames()).toHaveLength(5);
    for (const frame of frames().slice(-2)) line.deliver(reply(frame));
    expect(answers.map(registerOf)).toEqual([0, 10, 20]);
  });

  test('by an id that is wrong by one is told as such, also while other requests are under way', async () => {
    await askAll(3);
    for (const step of [-1, 1]) {
      const shifted = reply(frames().at(-2) ?? Buffer.alloc(12));
      shifted.writeUInt16BE(shifted.readUInt16BE(0) + step, 0);
      line.deliver(shifted);
      await settle();
    }
    expect(answers.filter(answer => answer?.kind === 'data')).toEqual([]);
    expect(answers[0]).toMatchObject({ kind: 'failed', reason: 'bad-reply' });
  });

  test('by another unit in the reply ends the request whose id it has', async () => {
    await askAll(2);
    const wrong = reply(frames()[1] ?? Buffer.alloc(12));
    wrong[6] = 1;
    line.deliver(wrong);
    expect(answers[1]).toMatchObject({ kind: 'failed', reason: 'bad-reply', detail: 'unit id 1 instead of 2' });
  });

  test('is not carried on for ever: what went out a second time and fails again is told', async () => {
    await askAll(3);
    for (let round = 0; round < 3; round += 1) {
      await clock.advance(600);
    }
    expect(answers.map(answer => answer?.kind)).toEqual(['failed', 'failed', 'failed']);
    expect(clock.pending).toBeLessThanOrEqual(1);
  });
});
