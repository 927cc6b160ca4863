import { assert } from '../../src/base/assert.ts';
import { createReadings, type Read } from '../../src/driver.ts';
import type { ModbusBus } from '../../src/model/bus.ts';
import type { Device, ReadLimits } from '../../src/model/device.ts';
import { type ModbusAddress, type ModbusTable, modbusTables, type Point } from '../../src/model/point.ts';
import { widthOf } from './codec.ts';
import { isBitTable, type ReadCost, readCost, wireMsOf } from './read-cost.ts';
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

/** What one read may be. */
interface Rules {
  readonly mostWide: number;
  readonly maxGap: number;
  /** Addresses that no read may begin before and end behind, rising. */
  readonly barriers: readonly number[];
  readonly cost: ReadCost;
}

/**
 * The cheapest reads that fetch these points of one device. Points of one table share a read where the registers (or
 * bits) between them cost less than another request, within what the device takes. A value is never cut: one that is
 * wider than the device's limit, or that lies across a barrier, gets a read of its own, in which others may ride along.
 *
 * @param turnaroundMs how long the device takes to answer, as measured; undefined before that is known
 */
export function planReads(
  bus: ModbusBus,
  device: Device,
  points: readonly Point[],
  turnaroundMs?: number,
): ModbusRead[] {
  return modbusTables.flatMap(table => {
    const rules = rulesFor(table, device.readLimits, readCost(bus, table, turnaroundMs));
    return blocksOf(spansIn(table, points), rules).map(block => createRead(bus, device, table, block));
  });
}

/** In the order of their addresses, the widest first of those that begin in one. */
function spansIn(table: ModbusTable, points: readonly Point[]): Span[] {
  const spans: Span[] = [];
  for (const point of points) {
    const { address } = point;
    assert(address.protocol === 'modbus', `${point.key} has no Modbus address`);
    if (address.table !== table) continue;
    spans.push({ point, address, start: address.address, end: address.address + widthOf(address) });
  }
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}

function rulesFor(table: ModbusTable, limits: ReadLimits, cost: ReadCost): Rules {
  return {
    mostWide: isBitTable(table) ? Math.min(limits.maxBits, mostBits) : Math.min(limits.maxRegisters, mostRegisters),
    maxGap: limits.maxGap ?? Number.POSITIVE_INFINITY,
    barriers: limits.barriers
      .filter(barrier => barrier.table === table)
      .map(({ address }) => address)
      .sort((a, b) => a - b),
    cost,
  };
}

/**
 * For each span, and for the end behind them: what the cheapest way from there on costs, in how many blocks, and the first
 * span of the block after the one that begins there. Numbers alone: two hundred devices are planned in one go at the start,
 * and what that leaves behind on the heap stays for as long as the process lives.
 */
interface Ways {
  readonly cost: number[];
  readonly blocks: number[];
  readonly next: number[];
}

/**
 * Shares the spans out, by dynamic programming from the last span to the first. Blocks are runs of spans in their order:
 * two blocks that lie within each other could swap spans until they do not, and cost no more.
 */
function blocksOf(spans: readonly Span[], rules: Rules): Span[][] {
  const numbers = () => Array.from(spans, () => 0).concat(0);
  const ways: Ways = { cost: numbers(), blocks: numbers(), next: numbers() };
  for (let from = spans.length - 1; from >= 0; from -= 1) findCheapest(spans, from, ways, rules);
  const blocks: Span[][] = [];
  for (let from = 0; from < spans.length; ) {
    const next = ways.next[from] ?? spans.length;
    blocks.push(spans.slice(from, next));
    from = next;
  }
  return blocks;
}

/** Sums of the same costs in another order differ in their last digits. */
const equalMs = 1e-6;

/** Of equally cheap ways the one with fewer reads, and of those the one that fills its first read further. */
function findCheapest(spans: readonly Span[], from: number, ways: Ways, rules: Rules): void {
  const own = spans[from];
  if (!own) return;
  let { end } = own;
  let best = Number.POSITIVE_INFINITY;
  let fewest = 0;
  for (let next = from + 1; ; next += 1) {
    const cost = rules.cost(end - own.start) + (ways.cost[next] ?? 0);
    const blocks = 1 + (ways.blocks[next] ?? 0);
    if (Math.abs(cost - best) <= equalMs ? blocks <= fewest : cost < best) {
      best = cost;
      fewest = blocks;
      ways.next[from] = next;
    }
    const span = spans[next];
    if (!span || span.start - end > rules.maxGap) break;
    end = Math.max(end, span.end);
    // What lies within the first value rides along, whatever that value may break.
    if (end > own.end && !isLegal(own.start, end, rules)) break;
  }
  ways.cost[from] = best;
  ways.blocks[from] = fewest;
}

/** Once this is false, it is for every greater end. */
function isLegal(start: number, end: number, { mostWide, barriers }: Rules): boolean {
  return end - start <= mostWide && !barriers.some(barrier => start < barrier && barrier < end);
}

function createRead(bus: ModbusBus, device: Device, table: ModbusTable, block: readonly Span[]): ModbusRead {
  assert(device.unitId !== undefined, `${device.id} has no unit id`);
  const first = Math.min(...block.map(({ start }) => start));
  const last = Math.max(...block.map(({ end }) => end)) - 1;
  const points = block.map(({ point }) => point);
  return {
    device,
    label: last === first ? `${table} ${first}` : `${table} ${first}–${last}`,
    points,
    readings: createReadings(points),
    wireMs: wireMsOf(bus, table, last - first + 1),
    unitId: device.unitId,
    table,
    address: first,
    count: last - first + 1,
    slots: block.map(({ address, start }) => ({ offset: start - first, address })),
    lastException: undefined,
    split: undefined,
  };
}
