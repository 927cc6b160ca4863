import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../../drivers/modbus/codec.ts';
import { type ReadCost, readCost, silencesOf } from '../../../drivers/modbus/read-cost.ts';
import { type ModbusRead, planReads } from '../../../drivers/modbus/read-plan.ts';
import type { ModbusBus } from '../../../src/model/bus.ts';
import type { ReadLimits } from '../../../src/model/device.ts';
import { type ModbusAddress, type ModbusTable, modbusTables } from '../../../src/model/point.ts';
import { referencePoints, referenceReads } from '../../bench/reference-site.ts';
import { modbusAddress, modbusBus, modbusDevice } from './modbus-rig.ts';

/** 9600 baud, 8E1: 11 bits to a character. */
const serial: ModbusBus = {
  protocol: 'modbus-rtu',
  id: 'bus',
  path: '/dev/ttyUSB0',
  line: { baudRate: 9_600, parity: 'even', stopBits: 1 },
  turnaroundMs: 0,
  rs485: { direction: 'adapter', echo: 'auto' },
  timeoutMs: 1_000,
  deadDeviceShare: 0.1,
};

const tcp = modbusBus(502);

function plan(
  addresses: readonly ModbusAddress[],
  readLimits: Partial<ReadLimits> = {},
  { bus = tcp, turnaroundMs }: { bus?: ModbusBus; turnaroundMs?: number } = {},
): ModbusRead[] {
  const device = modbusDevice(addresses, { readLimits });
  return planReads(bus, device, device.points, turnaroundMs);
}

const registers = (...starts: number[]) => starts.map(start => modbusAddress('holding-register', start));
const labels = (reads: readonly ModbusRead[]) => reads.map(({ label }) => label);

describe('the reads of a device', () => {
  test('are none for no points', () => {
    expect(plan([])).toEqual([]);
  });

  test('fetch neighbours together, in whatever order they are listed', () => {
    expect(labels(plan(registers(2, 0, 1)))).toEqual(['holding-register 0–2']);
  });

  test('run across a gap only as far as the device allows', () => {
    expect(labels(plan(registers(0, 4), { maxGap: 2 }))).toEqual(['holding-register 0', 'holding-register 4']);
    expect(labels(plan(registers(0, 4), { maxGap: 3 }))).toEqual(['holding-register 0–4']);
  });

  test('never exceed what the device takes', () => {
    const all = registers(...Array.from({ length: 30 }, (_, index) => index));
    expect(labels(plan(all, { maxRegisters: 12 }))).toEqual([
      'holding-register 0–11',
      'holding-register 12–23',
      'holding-register 24–29',
    ]);
  });

  test('never exceed what the protocol allows, whatever the limits say', () => {
    const all = registers(...Array.from({ length: 126 }, (_, index) => index));
    expect(plan(all, { maxRegisters: 1_000 }).map(({ count }) => count)).toEqual([125, 1]);
    const bits = Array.from({ length: 2_001 }, (_, index) => modbusAddress('coil', index));
    expect(plan(bits, { maxBits: 9_999 }).map(({ count }) => count)).toEqual([2_000, 1]);
  });

  test('never cut a value in two', () => {
    const floats = [0, 2, 4].map(start => modbusAddress('input-register', start, { type: 'f32' }));
    expect(labels(plan(floats, { maxRegisters: 3 }))).toEqual([
      'input-register 0–1',
      'input-register 2–3',
      'input-register 4–5',
    ]);
  });

  test('give a value that is wider than the limit a read of its own', () => {
    const name = modbusAddress('holding-register', 10, { type: 'string', registerCount: 20 });
    expect(labels(plan([...registers(9, 30), name], { maxRegisters: 12 }))).toEqual([
      'holding-register 9',
      'holding-register 10–29',
      'holding-register 30',
    ]);
  });

  test('share a register that several points are made of', () => {
    const bits = [0, 3, 7].map(bit => modbusAddress('holding-register', 5, { type: 'bool', bit }));
    const reads = plan(bits);
    expect(labels(reads)).toEqual(['holding-register 5']);
    expect(reads[0]?.points.length).toBe(3);
  });

  test('never run across a barrier, but a value that lies across one is read whole', () => {
    const barriers = [{ table: 'holding-register', address: 4 }] as const;
    expect(labels(plan(registers(2, 3, 4, 5), { barriers }))).toEqual(['holding-register 2–3', 'holding-register 4–5']);
    const across = modbusAddress('holding-register', 3, { type: 'u32' });
    expect(labels(plan([...registers(2, 3, 4, 5), across], { barriers }))).toEqual([
      'holding-register 2',
      'holding-register 3–4',
      'holding-register 5',
    ]);
    const elsewhere = [{ table: 'input-register', address: 4 }] as const;
    expect(labels(plan(registers(3, 4), { barriers: elsewhere }))).toEqual(['holding-register 3–4']);
  });

  test('keep the four tables apart', () => {
    expect(labels(plan(modbusTables.map(table => modbusAddress(table, 7)))).sort()).toEqual([
      'coil 7',
      'discrete-input 7',
      'holding-register 7',
      'input-register 7',
    ]);
  });
});

describe('the cost of a gap', () => {
  const prompt = { bus: serial, turnaroundMs: 0 };

  test('on a serial line is weighed against another frame with its silences: 20 characters, 10 registers', () => {
    const atDistance = (gap: number) => plan(registers(0, gap + 1), { maxGap: undefined }, prompt).length;
    expect(atDistance(10)).toBe(1);
    expect(atDistance(11)).toBe(2);
  });

  test('is worth more where the device is slow to answer', () => {
    const slow = { bus: serial, turnaroundMs: 100 };
    expect(plan(registers(0, 50), { maxGap: undefined }, slow).length).toBe(1);
    expect(plan(registers(0, 50), { maxGap: 0 }, slow).length).toBe(2);
  });

  test('counts the rest that the bus keeps after each answer', () => {
    const rested = { bus: { ...serial, turnaroundMs: 100 }, turnaroundMs: 0 };
    expect(plan(registers(0, 50), { maxGap: undefined }, rested).length).toBe(1);
  });

  test('over TCP is always less than another request, as far as the device takes it', () => {
    expect(labels(plan(registers(0, 124), { maxGap: undefined }))).toEqual(['holding-register 0–124']);
    expect(plan(registers(0, 125), { maxGap: undefined }).length).toBe(2);
  });

  test('of bits is an eighth of a character', () => {
    const coils = [0, 150].map(address => modbusAddress('coil', address));
    expect(plan(coils, { maxGap: undefined }, prompt).length).toBe(1);
  });
});

describe('the silences of a bus', () => {
  test('are 3.5 characters on either side of an answer, and the rest of the bus after it', () => {
    const { beforeAnswerMs, afterAnswerMs } = silencesOf({ ...serial, turnaroundMs: 20 });
    expect(beforeAnswerMs).toBeCloseTo(4.01, 2);
    expect(afterAnswerMs).toBeCloseTo(24.01, 2);
  });

  test('are none over TCP', () => {
    expect(silencesOf(tcp)).toEqual({ beforeAnswerMs: 0, afterAnswerMs: 0 });
  });
});

describe('the reference device', () => {
  const addresses = referencePoints.map(({ address, type }) => modbusAddress('holding-register', address, { type }));

  test('takes exactly 8 reads over TCP', () => {
    const reads = plan(addresses, { maxGap: undefined });
    expect(reads.map(({ address, count }) => ({ address, count }))).toEqual(referenceReads);
    expect(reads.every(({ wireMs }) => wireMs === 0)).toBe(true);
  });

  test('takes the wire of a 9600-baud line no longer than the optimum, whatever the device takes to answer', () => {
    const optimumMs = leastWireMs(addresses);
    expect(optimumMs).toBeCloseTo(470, 0);
    for (const turnaroundMs of [0, undefined, 20]) {
      const reads = plan(
        addresses,
        { maxGap: undefined },
        { bus: serial, ...(turnaroundMs !== undefined && { turnaroundMs }) },
      );
      const wireMs = reads.reduce((sum, read) => sum + read.wireMs, 0);
      expect(reads.length).toBe(9);
      expect(wireMs).toBeLessThanOrEqual(1.02 * optimumMs);
    }
  });
});

/** The best of all ways to cut the run of points, by hand-counted characters of 11 bits at 9600 baud. */
function leastWireMs(addresses: readonly ModbusAddress[]): number {
  const best = [0];
  for (let end = 1; end <= addresses.length; end += 1) {
    best[end] = Math.min(
      ...Array.from({ length: end }, (_, from) => {
        const last = addresses[end - 1] as ModbusAddress;
        const count = endOf(last) - (addresses[from]?.address ?? 0);
        return count > 125 ? Number.POSITIVE_INFINITY : (best[from] ?? 0) + ((8 + 5 + 2 * count + 7) * 11) / 9.6;
      }),
    );
  }
  return best[addresses.length] ?? 0;
}

interface PlanCase {
  readonly addresses: readonly ModbusAddress[];
  readonly limits: ReadLimits;
}

/** At least as wide as the widest value, so that every read can be legal. */
const limitsArbitrary = fc.record({
  maxRegisters: fc.integer({ min: 4, max: 12 }),
  maxBits: fc.integer({ min: 1, max: 9 }),
  maxGap: fc.option(fc.nat(4), { nil: undefined }),
  barriers: fc.array(fc.record({ table: fc.constantFrom(...modbusTables), address: fc.nat(24) }), { maxLength: 2 }),
});

function addressArbitrary(table: ModbusTable, mostStart: number): fc.Arbitrary<ModbusAddress> {
  const isBits = table === 'coil' || table === 'discrete-input';
  const type = isBits
    ? fc.constant('bool' as const)
    : fc.constantFrom('u16' as const, 'bool' as const, 's32' as const, 'f64' as const, 'string' as const);
  return fc
    .record({ address: fc.nat(mostStart), type, registerCount: fc.integer({ min: 1, max: 4 }) })
    .map(({ address, ...rest }) => modbusAddress(table, address, rest));
}

const manyTables: fc.Arbitrary<PlanCase> = fc.record({
  addresses: fc.array(fc.oneof(...modbusTables.map(table => addressArbitrary(table, 60))), { maxLength: 60 }),
  limits: limitsArbitrary,
});

const fewPoints: fc.Arbitrary<PlanCase> = fc.record({
  addresses: fc.array(addressArbitrary('holding-register', 24), { minLength: 1, maxLength: 7 }),
  limits: limitsArbitrary,
});

describe('for any points', () => {
  test('every point is in exactly one read, at its place', () => {
    fc.assert(
      fc.property(manyTables, ({ addresses, limits }) => {
        const reads = plan(addresses, limits);
        const numbers = reads.flatMap(read => read.points.map(({ number }) => number));
        expect(numbers.sort((a, b) => a - b)).toEqual(addresses.map((_, index) => index));
        for (const read of reads) {
          expect(read.readings.length).toBe(read.points.length);
          for (const [index, point] of read.points.entries()) {
            const slot = read.slots[index];
            expect(slot?.address).toBe(point.address);
            expect(read.address + (slot?.offset ?? -1)).toBe((point.address as ModbusAddress).address);
          }
        }
      }),
    );
  });

  test('every read is one that the device takes: whole values, one table, no wide gaps, not too long', () => {
    fc.assert(
      fc.property(manyTables, ({ addresses, limits }) => {
        for (const read of plan(addresses, limits)) {
          const inside = read.points.map(({ address }) => address as ModbusAddress);
          expect(inside.every(({ table }) => table === read.table)).toBe(true);
          expect(isLegal(inside, limits)).toBe(true);
          expect(read.address).toBe(Math.min(...inside.map(({ address }) => address)));
          expect(read.address + read.count).toBe(Math.max(...inside.map(endOf)));
        }
      }),
    );
  });

  test.each([
    ['a serial line', serial],
    ['TCP', tcp],
  ])('no other way to share the points out costs less time on %s', (_, bus) => {
    fc.assert(
      fc.property(fewPoints, fc.constantFrom(0, 3, 40), ({ addresses, limits }, turnaroundMs) => {
        const cost = readCost(bus, 'holding-register', turnaroundMs);
        const planned = plan(addresses, limits, { bus, turnaroundMs });
        expect(planned.reduce((sum, { count }) => sum + cost(count), 0)).toBeCloseTo(
          leastCost(addresses, limits, cost),
        );
      }),
      { numRuns: 300 },
    );
  });
});

function endOf(address: ModbusAddress): number {
  return address.address + widthOf(address);
}

/** The rule itself, in the plainest words: a block may be read at once. */
function isLegal(block: readonly ModbusAddress[], limits: ReadLimits): boolean {
  const start = Math.min(...block.map(({ address }) => address));
  const end = Math.max(...block.map(endOf));
  // What one value needs anyway is read, be it too long or across a barrier.
  if (block.some(address => address.address === start && endOf(address) === end)) return true;
  const table = block[0]?.table;
  const isBits = table === 'coil' || table === 'discrete-input';
  if (end - start > (isBits ? limits.maxBits : limits.maxRegisters)) return false;
  if (limits.barriers.some(barrier => barrier.table === table && start < barrier.address && barrier.address < end)) {
    return false;
  }
  let gap = 0;
  for (let at = start; at < end; at += 1) {
    const isWanted = block.some(address => address.address <= at && at < endOf(address));
    gap = isWanted ? 0 : gap + 1;
    if (gap > (limits.maxGap ?? end)) return false;
  }
  return true;
}

/** Tries every way to share the points out over reads. */
function leastCost(addresses: readonly ModbusAddress[], limits: ReadLimits, cost: ReadCost): number {
  let best = Number.POSITIVE_INFINITY;
  const place = (index: number, blocks: ModbusAddress[][]): void => {
    const next = addresses[index];
    if (next === undefined) {
      if (blocks.every(block => isLegal(block, limits))) best = Math.min(best, costOf(blocks, cost));
      return;
    }
    for (const block of blocks) {
      block.push(next);
      place(index + 1, blocks);
      block.pop();
    }
    place(index + 1, [...blocks, [next]]);
  };
  place(0, []);
  return best;
}

function costOf(blocks: readonly (readonly ModbusAddress[])[], cost: ReadCost): number {
  const counts = blocks.map(block => Math.max(...block.map(endOf)) - Math.min(...block.map(({ address }) => address)));
  return counts.reduce((sum, count) => sum + cost(count), 0);
}
