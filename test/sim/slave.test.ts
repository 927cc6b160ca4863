import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ModbusType } from '../../src/model/point.ts';
import { createImage, writePoint } from '../../src/sim/register-image.ts';
import type { SlaveServer } from '../../src/sim/slave-server.ts';
import { openSocketServer } from '../../src/sim/socket-server.ts';
import { createUnit } from '../../src/sim/unit.ts';
import { mbpoll } from './mbpoll.ts';
import { type SamplePoint, samplePoint } from './sample-site.ts';

const servers: SlaveServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()));
});

/** Serves the points of unit 1, with these values in them. */
async function serve(samples: readonly (SamplePoint & { value?: number | string })[]): Promise<number> {
  const points = samples.map(({ value: _, ...sample }, index) => samplePoint(sample, index));
  const unit = createUnit({ unitId: 1, image: createImage(points) });
  points.forEach((point, index) => {
    const value = samples[index]?.value;
    if (value !== undefined) writePoint(unit.image, point, value);
  });
  const options = { framing: 'tcp', host: '127.0.0.1', port: 0, clock: systemClock, random: seededRandom(1) } as const;
  const server = await openSocketServer({ ...options, units: [unit] });
  servers.push(server);
  return server.port ?? 0;
}

/** Sends bytes, resolves with everything that comes back until so many bytes came or the connection ended. */
function exchange(port: number, hex: string, expectedBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let received = Buffer.alloc(0);
    const finish = () => {
      socket.destroy();
      resolve(received.toString('hex'));
    };
    socket.on('error', reject);
    socket.on('close', finish);
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= expectedBytes) finish();
    });
    socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  });
}

interface Layout {
  readonly type: ModbusType;
  readonly value: number | string;
  readonly words: readonly string[];
  readonly more?: Partial<SamplePoint>;
}

const low = { wordOrder: 'low-first' } as const;
const swapped = { byteOrder: 'low-first' } as const;

// By hand: Modbus sends the high byte of a register first, and IEEE 754 gives the floats.
const layouts: readonly Layout[] = [
  { type: 'u16', value: 0x1234, words: ['0x1234'] },
  { type: 'u16', value: 0x1234, words: ['0x3412'], more: swapped },
  { type: 's16', value: -2, words: ['0xFFFE'] },
  { type: 'u32', value: 0x12345678, words: ['0x1234', '0x5678'] },
  { type: 'u32', value: 0x12345678, words: ['0x5678', '0x1234'], more: low },
  { type: 'u32', value: 0x12345678, words: ['0x3412', '0x7856'], more: swapped },
  { type: 'u32', value: 0x12345678, words: ['0x7856', '0x3412'], more: { ...low, ...swapped } },
  { type: 's32', value: -2, words: ['0xFFFF', '0xFFFE'] },
  { type: 's32', value: -2, words: ['0xFFFE', '0xFFFF'], more: low },
  { type: 'u64', value: 0x1_2345_6789, words: ['0x0000', '0x0001', '0x2345', '0x6789'] },
  { type: 'u64', value: 0x1_2345_6789, words: ['0x6789', '0x2345', '0x0001', '0x0000'], more: low },
  { type: 's64', value: -3, words: ['0xFFFF', '0xFFFF', '0xFFFF', '0xFFFD'] },
  { type: 's64', value: -3, words: ['0xFDFF', '0xFFFF', '0xFFFF', '0xFFFF'], more: { ...low, ...swapped } },
  { type: 'f32', value: 230.5, words: ['0x4366', '0x8000'] },
  { type: 'f32', value: 230.5, words: ['0x8000', '0x4366'], more: low },
  { type: 'f64', value: -0.1, words: ['0xBFB9', '0x9999', '0x9999', '0x999A'] },
  { type: 'f64', value: -0.1, words: ['0x999A', '0x9999', '0x9999', '0xBFB9'], more: low },
  { type: 'bool', value: 1, words: ['0x0400'], more: { bit: 10 } },
  { type: 'bits', value: 5, words: ['0x0050'], more: { bit: 4, bitCount: 4 } },
  { type: 'string', value: 'pump', words: ['0x7075', '0x6D70', '0x0000'], more: { registerCount: 3 } },
  { type: 'string', value: 'pump', words: ['0x7570', '0x706D'], more: { ...swapped, registerCount: 2 } },
  // The engineering value goes back through scale and offset, is rounded, and is held at the end of the range.
  { type: 'u16', value: 2.345, words: ['0x0929'], more: { scale: 0.001 } },
  { type: 'u16', value: 35, words: ['0x785F'], more: { scale: 0.01, offset: -273.15 } },
  { type: 'u16', value: 70_000, words: ['0xFFFF'] },
  { type: 'u16', value: -1, words: ['0x0000'] },
  { type: 's16', value: -40_000, words: ['0x8000'] },
  { type: 'u64', value: 1e30, words: ['0xFFFF', '0xFFFF', '0xFFFF', '0xFFFF'] },
];

describe('registers as an independent master sees them', () => {
  test.each(layouts)('$type $value lies as $words ($more)', async ({ type, value, words, more }) => {
    const port = await serve([{ id: 'a', type, address: 100, value, ...more }]);
    expect((await mbpoll(port, '4:hex', 100, words.length)).values).toEqual(words);
  });

  test.each([
    { type: 's32', value: -123_456_789, as: 'int' },
    { type: 'f32', value: 49.975, as: 'float' },
  ] as const)('mbpoll decodes $type in both word orders by itself', async ({ type, value, as }) => {
    const port = await serve([
      { id: 'high', table: 'input-register', type, address: 0, value },
      { id: 'low', table: 'input-register', type, address: 2, value, ...low },
    ]);
    const high = await mbpoll(port, `3:${as}`, 0, 1, ['-B']);
    const lowFirst = await mbpoll(port, `3:${as}`, 2, 1);
    expect([high.values, lowFirst.values]).toEqual([[String(value)], [String(value)]]);
  });

  test('bits come from coils and from discrete inputs, and the two are not the same', async () => {
    const pattern = [1, 0, 1, 1, 0, 0, 0, 0, 1, 1];
    const port = await serve([
      ...pattern.map((value, index) => ({
        id: `c${index}`,
        table: 'coil' as const,
        type: 'bool' as const,
        address: index + 5,
        value,
      })),
      ...pattern.map((value, index) => ({
        id: `d${index}`,
        table: 'discrete-input' as const,
        type: 'bool' as const,
        address: index + 5,
        value: 1 - value,
      })),
    ]);
    expect((await mbpoll(port, '0', 5, 10)).values).toEqual(pattern.map(String));
    expect((await mbpoll(port, '1', 5, 10)).values).toEqual(pattern.map(bit => String(1 - bit)));
  });

  test('bit fields share a register without touching each other', async () => {
    const port = await serve([
      { id: 'state', type: 'bits', address: 0, bit: 4, bitCount: 4, value: 15 },
      { id: 'flag', type: 'bool', address: 0, bit: 0, value: 1 },
      { id: 'state again', type: 'bits', address: 0, bit: 4, bitCount: 4, value: 2 },
    ]);
    expect((await mbpoll(port, '4:hex', 0, 1)).values).toEqual(['0x0021']);
  });

  test('a register between two points reads 0, one outside of them is refused', async () => {
    const port = await serve([
      { id: 'a', address: 10, value: 1 },
      { id: 'b', address: 14, value: 2 },
    ]);
    expect((await mbpoll(port, '4', 10, 5)).values).toEqual(['1', '0', '0', '0', '2']);
    expect((await mbpoll(port, '4', 10, 6)).text).toContain('Illegal data address');
    expect((await mbpoll(port, '4', 9, 2)).text).toContain('Illegal data address');
    expect((await mbpoll(port, '3', 10, 1)).text).toContain('Illegal data address');
  });

  test('a write is refused as illegal function and changes nothing', async () => {
    const port = await serve([{ id: 'a', address: 0, value: 7 }]);
    expect(await exchange(port, '0001 0000 0006 01 06 0000 0063', 9)).toBe('000100000003018601');
    expect(await exchange(port, '0002 0000 0009 01 10 0000 0001 02 0063', 9)).toBe('000200000003019001');
    expect((await mbpoll(port, '4', 0, 1)).values).toEqual(['7']);
  });
});

describe('frames', () => {
  const served: SamplePoint[] = [
    { id: 'a', address: 0 },
    { id: 'b', address: 199 },
  ];

  test.each([
    { what: 'no register at all', request: '01 03 0000 0000', answer: '018303' },
    { what: '126 registers', request: '01 03 0000 007e', answer: '018303' },
    { what: 'a read past the last address', request: '01 03 ffff 0002', answer: '018302' },
    { what: 'a request that is too short', request: '01 03 00', answer: '018303' },
    { what: 'a unit that is not there', request: '09 03 0000 0001', answer: '09830b' },
    { what: 'a function that nobody has', request: '01 64', answer: '01e401' },
  ])('$what is answered with an exception', async ({ request, answer }) => {
    const port = await serve(served);
    const body = request.replaceAll(' ', '');
    const length = (body.length / 2).toString(16).padStart(4, '0');
    expect(await exchange(port, `abcd0000${length}${body}`, 9)).toBe(`abcd00000003${answer}`);
  });

  test('125 registers come in one answer', async () => {
    const port = await serve(served);
    const answer = await exchange(port, '0001 0000 0006 01 03 0000 007d', 9 + 250);
    expect(answer).toBe(`0001000000fd0103fa${'0000'.repeat(125)}`);
  });

  test('two requests in one packet get two answers, each under its own transaction id', async () => {
    const port = await serve([{ id: 'a', address: 0, value: 5 }]);
    const both = '0001 0000 0006 01 03 0000 0001  0002 0000 0006 01 03 0000 0001';
    expect(await exchange(port, both, 22)).toBe('00010000000501030200050002000000050103020005');
  });

  test.each([
    ['another protocol', '0001 1234 0006 01 03 0000 0001'],
    ['an impossible length', '0001 0000 ffff 01 03 0000 0001'],
  ])('%s ends the connection, for the next frame cannot be found', async (_, request) => {
    const port = await serve(served);
    expect(await exchange(port, request, 1)).toBe('');
  });
});
