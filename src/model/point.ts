import type { Quality } from './quality.ts';

/** One value in the plant, with its unit and its address. */
export interface Point {
  /** Index into everything that is kept per point; given once per process to a key, never reused for another. */
  readonly number: number;
  /** `device/point`, unique in a site and stable over restarts. */
  readonly key: string;
  readonly id: string;
  readonly name: string;
  /** Number of its device. */
  readonly device: number;
  /** Symbol from model/unit.ts, empty for a number without dimension. */
  readonly unit: string;
  readonly intervalMs: number;
  readonly address: Address;
  /** Engineering value = raw × scale + offset. */
  readonly scale: number;
  readonly offset: number;
  /** Raw numbers by which the device says "not available"; for single bits see ModbusAddress.invalidWords. */
  readonly invalidValues: readonly number[];
  /** Texts of an enumeration or of a two-state point, by engineering value. */
  readonly states: ReadonlyMap<number, string> | undefined;
  /** It only rises, until it is reset or wraps around: an energy or volume counter, an hour meter. */
  readonly isCounter: boolean;
  /** How its raw history is kept; undefined when none is. */
  readonly recording: Recording | undefined;
}

/** Report by exception: a value is kept when it differs from the one kept last, or when that is too old. */
export interface Recording {
  /** In the point's unit; 0 keeps every change. */
  readonly deadband: number;
  /** A value that does not move is kept again after so long, so that a gap in the history is a gap in the plant. */
  readonly longestGapMs: number;
}

export type Address = ModbusAddress | BacnetAddress | SelfAddress | ComputedAddress;

export const modbusTables = ['coil', 'discrete-input', 'holding-register', 'input-register'] as const;
export type ModbusTable = (typeof modbusTables)[number];

export const modbusTypes = ['bool', 'bits', 'u16', 's16', 'u32', 's32', 'u64', 's64', 'f32', 'f64', 'string'] as const;
export type ModbusType = (typeof modbusTypes)[number];

export interface ModbusAddress {
  readonly protocol: 'modbus';
  readonly table: ModbusTable;
  /** Zero-based, as it goes over the wire (PDU address). */
  readonly address: number;
  readonly type: ModbusType;
  /** Which register of a multi-register value comes first. */
  readonly wordOrder: 'high-first' | 'low-first';
  /** Which byte of a register comes first; the standard says high. */
  readonly byteOrder: 'high-first' | 'low-first';
  /** For `bool` in a register and for `bits`: the lowest bit, 0 to 15. */
  readonly bit: number;
  /** For `bits`: how many, 1 to 16. */
  readonly bitCount: number;
  /** For `string`: its length in registers. */
  readonly registerCount: number;
  /** For `bool` and `bits` in a register: values of the whole register by which the device says "not available". */
  readonly invalidWords: readonly number[];
}

/** A property of an object of a BACnet device, or a part of it. Names of the numbers: model/bacnet-names.ts. */
export interface BacnetAddress {
  readonly protocol: 'bacnet';
  readonly objectType: number;
  readonly instance: number;
  readonly property: number;
  /** Of an array: which element, from 1; 0 is their count. Undefined: the whole. */
  readonly index: number | undefined;
  readonly part: BacnetPart;
  /** The device is asked to tell changes by itself; undefined: it is only polled. */
  readonly cov: { readonly increment: number | undefined } | undefined;
}

/** What of a property is the point's value. */
export type BacnetPart =
  /** The number itself; a boolean is 0 or 1, a bit string the sum of its bits, the first one being 1. */
  | { readonly kind: 'whole' }
  /** One bit of a bit string, from 0: 0 or 1. */
  | { readonly kind: 'bit'; readonly bit: number }
  /** Whether a list has this number in it: 0 or 1. */
  | { readonly kind: 'contains'; readonly value: number }
  /** How many a list has. */
  | { readonly kind: 'count' }
  /** A text, or anything else in words. */
  | { readonly kind: 'text' };

/** What the gateway can measure of itself; drivers/self implements exactly these. */
export const selfMeasures = [
  'uptime',
  'memory',
  'loop-delay',
  'backlog',
  'uplink',
  'store',
  'history',
  'store-size',
  'written-per-day',
  'reads-missed',
  'clock',
  'clock-jumps',
  'outputs',
] as const;
export type SelfMeasure = (typeof selfMeasures)[number];

export interface SelfAddress {
  readonly protocol: 'self';
  readonly measure: SelfMeasure;
}

/** The value comes from an expression over other points (model/expression.ts); no wire leads to it. */
export interface ComputedAddress {
  readonly protocol: 'computed';
}

/** A text of the device's own, which has no number. */
export function isText({ address }: Pick<Point, 'address'>): boolean {
  return (
    (address.protocol === 'modbus' && address.type === 'string') ||
    (address.protocol === 'bacnet' && address.part.kind === 'text')
  );
}

/**
 * A value of two states, 0 and 1, by what the wire says, which of BACnet the present values of binary inputs, outputs and
 * values are; others may have just two states as well.
 */
export function isTwoState({ address }: Pick<Point, 'address'>): boolean {
  if (address.protocol === 'modbus')
    return address.type === 'bool' || (address.type === 'bits' && address.bitCount === 1);
  if (address.protocol !== 'bacnet') return false;
  const { objectType, property, part } = address;
  const isBinary = objectType >= 3 && objectType <= 5 && property === 85;
  return part.kind === 'bit' || part.kind === 'contains' || (isBinary && part.kind === 'whole');
}

export function isComputed({ address }: Point): boolean {
  return address.protocol === 'computed';
}

/** A point's value with its quality. The hot path overwrites samples in place: copy what you keep. */
export interface Sample {
  readonly point: Point;
  /** In the point's unit. Meaningless unless the quality is good; a text point carries NaN here. */
  value: number;
  /** Only text points have one. */
  text: string | undefined;
  quality: Quality;
}

/** The samples that one read produced, all with the same time. Reused by the next read of the same points. */
export interface SampleBatch {
  /** Number of the device. */
  readonly device: number;
  readonly samples: readonly Sample[];
  /** True when the device was heard, be it with an exception. */
  isAnswered: boolean;
  /** Monotonic ms at which the answer arrived, or the read failed. */
  sampledAtMono: number;
  /** The same instant by the wall clock. */
  sampledAt: number;
}
