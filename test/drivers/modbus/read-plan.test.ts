import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../../drivers/modbus/codec.ts';
import { type ModbusRead, planReads } from '../../../drivers/modbus/read-plan.ts';
import type { ReadLimits } from '../../../src/model/device.ts';
import { type ModbusAddress, type ModbusTable, modbusTables } from '../../../src/model/point.ts';
import { modbusAddress, modbusDevice } from './modbus-rig.ts';

function plan(addresses: readonly ModbusAddress[], readLimits: Partial<ReadLimits> = {}): ModbusRead[] {
  const device = modbusDevice(addresses, { readLimits });
  return planReads(device, device.points);
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

  test('keep the four tables apart', () => {
    expect(labels(plan(modbusTables.map(table => modbusAddress(table, 7)))).sort()).toEqual([
      'coil 7',
      'discrete-input 7',
      'holding-register 7',
      'input-register 7',
    ]);
  });
});

interface PlanCase {
  readonly addresses: readonly ModbusAddress[];
  readonly limits: ReadLimits;
}

/** At least as wide as the widest value, so that every read can be legal. */
const limitsArbitrary = fc.record({
  maxRegisters: fc.integer({ min: 4, max: 12 }),
  maxBits: fc.integer({ min: 1, max: 9 }),
  maxGap: fc.nat(4),
  barriers: fc.constant([]),
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
  addresses: fc.array(addressArbitrary('holding-register', 24), { minLength: 1, maxLength: 8 }),
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

  test('no other way to share the points out needs fewer reads', () => {
    fc.assert(
      fc.property(fewPoints, ({ addresses, limits }) => {
        expect(plan(addresses, limits).length).toBe(fewestBlocks(addresses, limits));
      }),
      { numRuns: 500 },
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
  const isBits = block[0]?.table === 'coil' || block[0]?.table === 'discrete-input';
  if (end - start > (isBits ? limits.maxBits : limits.maxRegisters)) return false;
  let gap = 0;
  for (let at = start; at < end; at += 1) {
    const isWanted = block.some(address => address.address <= at && at < endOf(address));
    gap = isWanted ? 0 : gap + 1;
    if (gap > (limits.maxGap ?? 0)) return false;
  }
  return true;
}

/** Tries every way to share the points out over blocks. */
function fewestBlocks(addresses: readonly ModbusAddress[], limits: ReadLimits): number {
  let best = Number.POSITIVE_INFINITY;
  const place = (index: number, blocks: ModbusAddress[][]): void => {
    if (blocks.length >= best) return;
    const next = addresses[index];
    if (next === undefined) {
      if (blocks.every(block => isLegal(block, limits))) best = blocks.length;
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
