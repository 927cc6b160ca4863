import { expect, test } from 'vitest';
import type { Answer } from '../../../drivers/modbus/exchange.ts';
import { TcpExchange } from '../../../drivers/modbus/tcp-exchange.ts';
import { silentLog } from '../../../src/base/log.ts';
import { createScriptedLine, type ScriptedLine } from '../../fakes/scripted-line.ts';
import { contentOf } from '../../fakes/stamped-registers.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusBus } from './modbus-rig.ts';

/*
 * An answer over TCP stops in its middle, and another frame comes behind it. TCP has no check sum, so the other one would
 * fill the first one up to its right length. Every place where it may stop, every other frame, every way in which the
 * network may cut the two.
 */

const patience = { timeoutMs: 500, worstCaseMs: 500 };
/** A frame is known by so many of its bytes: header, unit id and function code. */
const knownByBytes = 8;

interface Asked {
  readonly unitId: number;
  readonly count: number;
  readonly frame: Buffer;
  answer: Answer | undefined;
}

/** A connection over which so many requests were answered well before; the last ones of them are given back. */
async function connect(requestsInFlight: number, requestsBefore: number) {
  const clock = new VirtualClock();
  const line = createScriptedLine(clock);
  const bus = { ...modbusBus(502), requestsInFlight };
  const exchange = new TcpExchange({ bus, clock, log: silentLog, openLink: line.openLink });
  const ask = (unitId: number, count: number): Asked => {
    const asked: Asked = { unitId, count, frame: Buffer.alloc(12), answer: undefined };
    line.onSent = frame => frame.copy(asked.frame);
    exchange.ask({ unitId, table: 'holding-register', address: 100, count }, patience, answer => {
      asked.answer = answer.kind === 'data' ? { ...answer, bytes: Buffer.from(answer.bytes) } : answer;
    });
    return asked;
  };
  const before: Asked[] = [];
  for (let request = 0; request < requestsBefore; request += 1) {
    const asked = ask(1 + (request % 3), 1 + (request % 5));
    if (request === 0) await settle();
    line.deliver(replyTo(asked));
    before.push(asked);
  }
  return { line, ask, before: before.slice(-5) };
}

/** The right answer: registers that say whose they are. */
function replyTo({ unitId, count, frame }: Asked): Buffer {
  const reply = Buffer.alloc(9 + 2 * count);
  frame.copy(reply, 0, 0, 4);
  reply.set([0, 3 + 2 * count, unitId, 3, 2 * count], 4);
  for (let index = 0; index < count; index += 1) {
    reply.writeUInt16BE(contentOf(unitId, 100 + index, transactionOf(frame), false), 9 + 2 * index);
  }
  return reply;
}

function refusalOf({ unitId, frame }: Asked): Buffer {
  return Buffer.from([...frame.subarray(0, 4), 0, 3, unitId, 0x83, 6]);
}

function transactionOf(frame: Buffer): number {
  return frame.readUInt16BE(0);
}

/** Data are right to the last byte, or they are none. */
function expectNoWrongValue(asked: Asked, what: string): void {
  if (asked.answer?.kind === 'data') expect(asked.answer.bytes, what).toEqual(replyTo(asked).subarray(9));
}

/**
 * Where the network cuts the other frame within its first bytes, and the answer is whole by then, nothing is there yet
 * by which it could be known: with several requests under way two bytes that follow may begin the answer to one of them.
 */
function isUndecidable(hole: number, cut: number, window: number): boolean {
  return cut < knownByBytes && cut >= hole && cut <= hole + (window > 1 ? 2 : 0);
}

interface Frames {
  readonly torn: Buffer;
  readonly other: Buffer;
}

/** The ways in which the two may arrive: at once, one by one, and the other one cut anywhere. */
function* arrivals({ torn, other }: Frames, hole: number, window: number): Generator<readonly Uint8Array[]> {
  yield [Buffer.concat([torn, other])];
  yield [torn, other];
  for (let cut = 1; cut < other.length; cut += 1) {
    if (isUndecidable(hole, cut, window)) continue;
    const [head, tail] = [other.subarray(0, cut), other.subarray(cut)];
    yield [torn, head, tail];
    yield [Buffer.concat([torn, head]), tail];
  }
}

interface Scene {
  readonly line: ScriptedLine;
  /** What is under way; the first of them is answered by half. */
  readonly asked: readonly [Asked, ...Asked[]];
  /** Answered before, the newest last. */
  readonly before: readonly [Asked, ...Asked[]];
}

/** The frames that may come behind the half, and how many requests have to be under way for them. */
const others: readonly (readonly [number, string, (scene: Scene) => Buffer])[] = [
  [1, 'the double of the answer before', ({ before }) => replyTo(before.at(-1) ?? before[0])],
  [1, 'the double of an answer five requests ago', ({ before }) => replyTo(before[0])],
  [1, 'the double of a refusal', ({ before }) => refusalOf(before.at(-1) ?? before[0])],
  [1, 'its own repetition', ({ asked }) => replyTo(asked[0])],
  [2, 'the answer to the request behind it', ({ asked }) => replyTo(asked[1] ?? asked[0])],
  [2, 'the answer to the last request under way', ({ asked }) => replyTo(asked.at(-1) ?? asked[0])],
];

const cases = [1, 4].flatMap(window =>
  others.filter(([leastUnderWay]) => leastUnderWay <= window).map(([, name, otherOf]) => ({ window, name, otherOf })),
);

/** Transaction ids that look like parts of a frame: a small number as lengths are, and function code with byte count. */
const requestsBefore = [5, 0x0306 / 3 - 1];

async function sceneOf(window: number, before: number, registers: number): Promise<Scene> {
  const { line, ask, before: answered } = await connect(window, before);
  const [first, ...more] = Array.from({ length: window }, (_, index) => ask(1 + index, registers + (index % 3)));
  const [oldest, ...newer] = answered;
  if (!first || !oldest) throw new Error('nothing was asked');
  return { line, asked: [first, ...more], before: [oldest, ...newer] };
}

test.each(cases)(
  'with $window in flight, a torn answer never takes its end from $name',
  async ({ window, otherOf }) => {
    for (const before of requestsBefore) {
      for (const registers of [1, 6]) {
        const wholeBytes = 9 + 2 * registers;
        for (let at = 1; at < wholeBytes; at += 1) {
          // Every arrival needs a connection of its own.
          for (let way = 0, isLast = false; !isLast; way += before < 256 ? 1 : 7) {
            const scene = await sceneOf(window, before, registers);
            const frames = { torn: replyTo(scene.asked[0]).subarray(0, at), other: otherOf(scene) };
            const ways = [...arrivals(frames, wholeBytes - at, window)];
            for (const piece of ways[way] ?? []) scene.line.deliver(piece);
            const what = `${before} before, ${registers} registers, torn at ${at}, arrival ${way}`;
            for (const asked of scene.asked) expectNoWrongValue(asked, what);
            isLast = way >= ways.length - 1;
          }
        }
      }
    }
  },
);

test('an answer that is torn ends as soon as another one begins in it, and costs the others nothing', async () => {
  const { line, ask } = await connect(4, 5);
  const [torn, ...others] = [ask(1, 20), ask(2, 1), ask(3, 1)];
  if (!torn || !others[0]) throw new Error('nothing was asked');
  line.deliver(replyTo(torn).subarray(0, 12));
  line.deliver(replyTo(others[0]));
  expect(torn.answer).toMatchObject({ kind: 'failed', reason: 'bad-reply' });
  expect(others.map(({ answer }) => answer)).toEqual([undefined, undefined]);
  await settle();
  expect(line.opened()).toBe(2);
});

test('registers that look like the header of another answer cost one read, and the next one is right', async () => {
  const { line, ask } = await connect(1, 5);
  const registers = [15, 0, 5, 0x0103, 0x0200];
  const replyWith = (asked: Asked) => {
    const reply = replyTo(asked);
    for (const [index, register] of registers.entries()) reply.writeUInt16BE(register, 9 + 2 * index);
    return reply;
  };
  for (const expected of ['failed', 'data', 'data', 'data']) {
    const asked = ask(1, registers.length);
    await settle();
    line.deliver(replyWith(asked));
    expect(asked.answer?.kind).toBe(expected);
  }
});

test('bytes that belong to nobody put the answer before them in doubt, not a neighbour that waits', async () => {
  const { line, ask } = await connect(4, 1);
  const [noisy, neighbour] = [ask(1, 2), ask(2, 2)];
  line.deliver(Buffer.concat([replyTo(noisy), Buffer.from([0xab, 0xcd, 0xef])]));
  expect(noisy.answer).toMatchObject({ kind: 'failed', reason: 'bad-reply', detail: 'bytes after the answer' });
  expect(neighbour.answer).toBeUndefined();
});
