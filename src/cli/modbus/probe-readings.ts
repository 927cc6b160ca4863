import type { PlantPoint } from '../../model/plant.ts';
import type { ModbusTable } from '../../model/point.ts';
import { findText, isPlausiblePair, isPlausibleWord } from './plausible.ts';
import {
  type ByteOrder,
  byteOrders,
  formatHex,
  orderOf,
  type PairType,
  pairTypes,
  pairValue,
  shortFloat,
  signed16,
  textOfWord,
} from './readings.ts';

/** What a device answered, read in every way that makes sense. Plain JSON data. */
export interface ProbeReadings {
  /** Empty where bits were asked for. */
  readonly registers: readonly RegisterReading[];
  /** Every two registers that follow each other. */
  readonly pairs: readonly PairReading[];
  readonly bits: readonly BitReading[];
}

export interface RegisterReading {
  readonly address: number;
  readonly hex: string;
  readonly u16: number;
  readonly s16: number;
  readonly text: string;
  readonly plausible: readonly ('u16' | 's16' | 'text')[];
  readonly points: readonly PointReading[];
}

export interface PairReading {
  /** Of the first register. */
  readonly address: number;
  readonly u32: Orders;
  readonly s32: Orders;
  /** A float that is no number is null. */
  readonly f32: Orders;
  readonly plausible: readonly PairName[];
}

export type PairName = `${PairType} ${ByteOrder}`;

type Orders = Readonly<Record<ByteOrder, number | null>>;

export interface BitReading {
  readonly address: number;
  readonly value: number;
  readonly points: readonly PointReading[];
}

/** A point of the site file that begins at an address, and what it makes of what was read. */
export interface PointReading {
  readonly key: string;
  readonly unit: string;
  /** As the site file has it: `u16`, `f32 CDAB`. */
  readonly type: string;
  /** In its unit; null where the probe does not read its type, or not far enough. */
  readonly value: number | null;
}

/** What is read and what is known of it. */
export interface ProbedRegisters {
  readonly table: ModbusTable;
  readonly address: number;
  readonly values: readonly number[];
  /** Points of the device that was asked. */
  readonly points: readonly PlantPoint[];
}

export function isBitTable(table: ModbusTable): boolean {
  return table === 'coil' || table === 'discrete-input';
}

export function readProbed(probed: ProbedRegisters): ProbeReadings {
  const { address, values } = probed;
  const pointsAt = groupPoints(probed);
  if (isBitTable(probed.table)) {
    const bits = values.map((value, index) => ({
      address: address + index,
      value,
      points: (pointsAt.get(index) ?? []).map(point => readPoint(point, values, index)),
    }));
    return { registers: [], pairs: [], bits };
  }
  const isText = findText(values);
  return {
    registers: values.map((_, index) => readRegister(probed, index, isText[index] ?? false, pointsAt.get(index))),
    pairs: values.slice(1).map((_, index) => readPair(probed, index, isText, pointsAt.get(index))),
    bits: [],
  };
}

/** By the index of the register or bit at which they begin. */
function groupPoints({ table, address, values, points }: ProbedRegisters): Map<number, PlantPoint[]> {
  const here = points.filter(
    point =>
      point.address.table === table &&
      point.address.address >= address &&
      point.address.address < address + values.length,
  );
  return Map.groupBy(here, point => point.address.address - address);
}

function readRegister(
  { address, values }: ProbedRegisters,
  index: number,
  isText: boolean,
  points: readonly PlantPoint[] = [],
): RegisterReading {
  const word = values[index] ?? 0;
  const isPlausible = (type: 'u16' | 's16') => {
    const point = points.find(known => known.address.type === type);
    return isPlausibleWord(word, type, point);
  };
  const plausible = (['u16', 's16'] as const).filter(type => isPlausible(type));
  return {
    address: address + index,
    hex: formatHex(word),
    u16: word,
    s16: signed16(word),
    text: textOfWord(word),
    plausible: isText ? ['text'] : plausible,
    points: points.map(point => readPoint(point, values, index)),
  };
}

function readPair(
  { address, values }: ProbedRegisters,
  index: number,
  isText: readonly boolean[],
  points: readonly PlantPoint[] = [],
): PairReading {
  const [first = 0, second = 0] = values.slice(index, index + 2);
  const readAs = (type: PairType, order: ByteOrder) => pairValue(first, second, type, order);
  const ordersOf = (type: PairType) =>
    Object.fromEntries(byteOrders.map(order => [order, tidy(readAs(type, order), type)])) as Record<
      ByteOrder,
      number | null
    >;
  // Four letters make a fine float: a text is the better reading of them.
  const mayBeNumber = !(isText[index] && isText[index + 1]);
  const plausible = pairTypes.flatMap(type => {
    const point = points.find(known => known.address.type === type);
    const orders = byteOrders.filter(order => mayBeNumber && isPlausiblePair(readAs(type, order), type, point));
    return orders.map((order): PairName => `${type} ${order}`);
  });
  return { address: address + index, u32: ordersOf('u32'), s32: ordersOf('s32'), f32: ordersOf('f32'), plausible };
}

function tidy(value: number, type: PairType): number | null {
  if (type !== 'f32') return value;
  return Number.isFinite(value) ? shortFloat(value) : null;
}

function readPoint(
  { key, unit, scale, offset, address }: PlantPoint,
  values: readonly number[],
  index: number,
): PointReading {
  const raw = rawOf(address, values, index);
  const isPair = address.type in pairWidths;
  const value = raw === undefined ? null : Number((raw * scale + offset).toPrecision(7));
  return { key, unit, type: isPair ? `${address.type} ${orderOf(address)}` : address.type, value };
}

const pairWidths: Readonly<Record<string, true>> = { f32: true, u32: true, s32: true };

function rawOf(address: PlantPoint['address'], values: readonly number[], index: number): number | undefined {
  const [first = 0, second] = values.slice(index, index + 2);
  if (isBitTable(address.table)) return first;
  const word = address.byteOrder === 'high-first' ? first : ((first & 0xff) << 8) | (first >> 8);
  switch (address.type) {
    case 'u16':
      return word;
    case 's16':
      return signed16(word);
    case 'bool':
      return (word >> address.bit) & 1;
    case 'bits':
      return (word >> address.bit) & (2 ** address.bitCount - 1);
    case 'u32':
    case 's32':
    case 'f32': {
      if (second === undefined) return undefined;
      const value = pairValue(first, second, address.type, orderOf(address));
      return Number.isFinite(value) ? value : undefined;
    }
    default:
      return undefined;
  }
}
