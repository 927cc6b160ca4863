import { encodeFrame, type Script } from '../../fakes/scripted-slave.ts';

/** How a read ends that meets the fault. */
export type Ending = 'good' | 'refused' | 'timeout' | 'no-connection' | 'bad-reply';

export interface WireFault {
  readonly name: string;
  readonly script: Script;
  readonly ending: Ending;
  /** The other way it may end, where the network decides whether two pieces arrive as one. */
  readonly otherEnding?: Ending;
  /** Nothing ends the read but its deadline: the test has to move the clock on. */
  readonly needsDeadline?: boolean;
}

const whole = (name: string, ending: Ending, change: (good: Buffer) => Uint8Array): WireFault => ({
  name,
  ending,
  script: (_, good) => ({ pieces: [change(Buffer.from(good))] }),
});

const silent = (name: string, change: (good: Buffer) => Uint8Array[]): WireFault => ({
  name,
  ending: 'timeout',
  needsDeadline: true,
  script: (_, good) => ({ pieces: change(good) }),
});

function withWord(frame: Buffer, at: number, word: number): Buffer {
  frame.writeUInt16BE(word & 0xffff, at);
  return frame;
}

function withByte(frame: Buffer, at: number, change: (byte: number) => number): Buffer {
  frame[at] = change(frame[at] ?? 0) & 0xff;
  return frame;
}

/** A reply that says it has `count` fewer data bytes than asked for, consistently. */
function shortened(good: Buffer, count: number): Buffer {
  const short = Buffer.from(good.subarray(0, good.length - count));
  withWord(short, 4, short.length - 6);
  return withByte(short, 8, byte => byte - count);
}

const headerFaults: readonly WireFault[] = [
  whole('the next transaction id', 'bad-reply', good => withWord(good, 0, good.readUInt16BE(0) + 1)),
  whole('the transaction id before', 'bad-reply', good => withWord(good, 0, good.readUInt16BE(0) - 1)),
  whole('a transaction id cut to its low byte', 'bad-reply', good => withByte(good, 0, byte => byte ^ 1)),
  whole('protocol id 1', 'bad-reply', good => withWord(good, 2, 1)),
  whole('length 0', 'bad-reply', good => withWord(good, 4, 0)),
  whole('length 2', 'bad-reply', good => withWord(good, 4, 2)),
  whole('a length one too short', 'bad-reply', good => withWord(good, 4, good.readUInt16BE(4) - 1)),
  whole('a length one too long', 'bad-reply', good => withWord(good, 4, good.readUInt16BE(4) + 1)),
  whole('length 60000', 'bad-reply', good => withWord(good, 4, 60_000)),
  whole('length 65535', 'bad-reply', good => withWord(good, 4, 65_535)),
  whole('another unit id', 'bad-reply', good => withByte(good, 6, byte => byte + 1)),
  whole('unit id 0', 'bad-reply', good => withByte(good, 6, () => 0)),
  whole('another function code', 'bad-reply', good => withByte(good, 7, byte => (byte === 3 ? 4 : 3))),
  whole('the function code of a write', 'bad-reply', good => withByte(good, 7, () => 16)),
  whole('an exception flag on a whole reply', 'bad-reply', good => withByte(good, 7, byte => byte | 0x80)),
  whole('a byte count one too low', 'bad-reply', good => withByte(good, 8, byte => byte - 1)),
  whole('a byte count two too high', 'bad-reply', good => withByte(good, 8, byte => byte + 2)),
  whole('byte count 0', 'bad-reply', good => withByte(good, 8, () => 0)),
  whole('fewer registers than asked for', 'bad-reply', good => shortened(good, 2)),
  whole('the frame of a serial line', 'bad-reply', good => Buffer.concat([good.subarray(6), Buffer.from([1, 2])])),
];

const exceptionFaults: readonly WireFault[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 255].map(code => exception(code, 'refused')),
  exception(10, 'timeout'),
  exception(11, 'timeout'),
  {
    name: 'an exception to another function',
    ending: 'bad-reply',
    script: ({ transaction, unitId, functionCode }) => ({
      pieces: [encodeFrame(transaction, unitId, [(functionCode ^ 7) | 0x80, 2])],
    }),
  },
  {
    name: 'an exception without its flag',
    ending: 'bad-reply',
    script: ({ transaction, unitId, functionCode }) => ({
      pieces: [encodeFrame(transaction, unitId, [functionCode, 2])],
    }),
  },
];

function exception(code: number, ending: Ending): WireFault {
  return {
    name: `exception ${code}`,
    ending,
    script: ({ transaction, unitId, functionCode }) => ({
      pieces: [encodeFrame(transaction, unitId, [functionCode | 0x80, code])],
    }),
  };
}

const pieceFaults: readonly WireFault[] = [
  {
    name: 'one byte at a time',
    ending: 'good',
    script: (_, good) => ({ pieces: [...good].map(byte => Uint8Array.of(byte)) }),
  },
  whole('the reply twice in one piece', 'bad-reply', good => Buffer.concat([good, good])),
  {
    name: 'the reply twice in two pieces',
    ending: 'good',
    otherEnding: 'bad-reply',
    script: (_, good) => ({ pieces: [good, good] }),
  },
  whole('one byte behind the reply', 'bad-reply', good => Buffer.concat([good, Buffer.from([0])])),
  whole('a thousand bytes behind the reply', 'bad-reply', good => Buffer.concat([good, Buffer.alloc(1_000, 7)])),
  whole('noise before the reply', 'bad-reply', good => Buffer.concat([Buffer.from([0xff, 0, 0xff]), good])),
  whole('300 bytes of 0xff', 'bad-reply', () => Buffer.alloc(300, 0xff)),
  whole('64 kB of zeros', 'bad-reply', () => Buffer.alloc(65_536)),
];

const silences: readonly WireFault[] = [
  silent('silence', () => []),
  silent('half a header', good => [good.subarray(0, 3)]),
  silent('a header and no more', good => [good.subarray(0, 6)]),
  silent('all but the last byte', good => [good.subarray(0, -1)]),
  silent('half a reply, torn in two', good => [good.subarray(0, 4), good.subarray(4, 9)]),
];

const endings: readonly WireFault[] = [
  {
    name: 'a close in the middle of the reply',
    ending: 'no-connection',
    script: (_, good) => ({ pieces: [good.subarray(0, 8)], end: 'close' }),
  },
  {
    name: 'a reset in the middle of the reply',
    ending: 'no-connection',
    script: (_, good) => ({ pieces: [good.subarray(0, 8)], end: 'reset' }),
  },
  { name: 'a close right after the reply', ending: 'good', script: (_, good) => ({ pieces: [good], end: 'close' }) },
  { name: 'a reset right after the reply', ending: 'good', script: (_, good) => ({ pieces: [good], end: 'reset' }) },
];

/** Every way in which we make a slave misbehave within one reply. */
export const wireFaults: readonly WireFault[] = [
  ...headerFaults,
  ...exceptionFaults,
  ...pieceFaults,
  ...silences,
  ...endings,
];
