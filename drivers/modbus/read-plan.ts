import { assert } from '../../src/base/assert.ts';
import { createReadings, type Read } from '../../src/driver.ts';
import type { Device, ReadLimits } from '../../src/model/device.ts';
import { type ModbusAddress, type ModbusTable, modbusTables, type Point } from '../../src/model/point.ts';
import { widthOf } from './codec.ts';
import type { Split } from './split-read.ts';

/** One Modbus read request, and where in its answer each point lies. */
export interface ModbusRead extends Read {
  readonly unitId: number;
  readonly table: ModbusTable;
  /** Of the first register or bit. */
  readonly address: number;
  /** Registers or bits. */
  readonly count: number;
  /** One for each point: registers or bits from the start of the answer. */
  readonly slots: readonly Slot[];
  /** The exception code of the last answer, if it was one; so that a refusal is told once, not at every poll. */
  lastException: number | undefined;
  /** What has become of it since the device refused it whole. */
  split: Split | undefined;
}

interface Slot {
  readonly offset: number;
  readonly address: ModbusAddress;
}

/** The protocol's own limits on one read (Modbus Application Protocol 1.1b3, sections 6.1 to 6.4). */
const mostRegisters = 125;
const mostBits = 2_000;

/** A point and the registers or bits it lies in: from `start` up to, without, `end`. */
interface Span {
  readonly point: Point;
  readonly address: ModbusAddress;
  readonly start: number;
  readonly end: number;
}

/**
 * The fewest reads that fetch these points of one device. Points of one table share a read when no more than
 * `maxGap` unwanted registers (or bits) lie between neighbours and the whole fits the device's limit. A value is never
 * cut: one that is wider than the device's limit gets a read of its own.
 *
 * Taking the points in the order of their addresses and filling each read as far as it goes is optimal: a later point
 * that would have fitted into a closed read lies within the point that closed it, so it rides along for nothing.
 */
export function planReads(device: Device, points: readonly Point[]): ModbusRead[] {
  return modbusTables.flatMap(table =>
    blocksOf(spansIn(table, points), limitsFor(table, device.readLimits)).map(block =>
      createRead(device, table, block),
    ),
  );
}

export function isBitTable(table: ModbusTable): boolean {
  return table === 'coil' || table === 'discrete-input';
}

function spansIn(table: ModbusTable, points: readonly Point[]): Span[] {
  const spans: Span[] = [];
  for (const point of points) {
    const { address } = point;
    assert(address.protocol === 'modbus', `${point.key} has no Modbus address`);
    if (address.table !== table) continue;
    spans.push({ point, address, start: address.address, end: address.address + widthOf(address) });
  }
  return spans.sort((a, b) => a.start - b.start || a.end - b.end);
}

function limitsFor(table: ModbusTable, limits: ReadLimits): { mostWide: number; maxGap: number } {
  const mostWide = isBitTable(table)
    ? Math.min(limits.maxBits, mostBits)
    : Math.min(limits.maxRegisters, mostRegisters);
  return { mostWide, maxGap: limits.maxGap ?? 0 };
}

function blocksOf(spans: readonly Span[], { mostWide, maxGap }: { mostWide: number; maxGap: number }): Span[][] {
  const blocks: Span[][] = [];
  let start = 0;
  let end = 0;
  for (const span of spans) {
    const block = blocks.at(-1);
    if (block && span.start - end <= maxGap && Math.max(end, span.end) - start <= mostWide) {
      block.push(span);
      end = Math.max(end, span.end);
    } else {
      blocks.push([span]);
      ({ start, end } = span);
    }
  }
  return blocks;
}

function createRead(device: Device, table: ModbusTable, block: readonly Span[]): ModbusRead {
  assert(device.unitId !== undefined, `${device.id} has no unit id`);
  const first = Math.min(...block.map(({ start }) => start));
  const last = Math.max(...block.map(({ end }) => end)) - 1;
  const points = block.map(({ point }) => point);
  return {
    device,
    label: last === first ? `${table} ${first}` : `${table} ${first}–${last}`,
    points,
    readings: createReadings(points),
    unitId: device.unitId,
    table,
    address: first,
    count: last - first + 1,
    slots: block.map(({ address, start }) => ({ offset: start - first, address })),
    lastException: undefined,
    split: undefined,
  };
}
