import { decimalsOf } from './decimals.ts';
import type { ModbusType, Point } from './point.ts';

/** How a counter counts: what is needed to tell how much it rose, and nothing of what it says now. */
export interface CounterTerms {
  /** Its values are whole numbers of 1 / this; undefined where they are no such numbers. */
  readonly divisor: number | undefined;
  /** What it begins with. */
  readonly lowest: number;
  /** From its lowest value over its highest to the lowest again; undefined where nobody can know. */
  readonly range: number | undefined;
}

/** A counter that falls from the top to the bottom of its range, each so large a share of it, has wrapped around. */
const wrapShare = 0.1;

const unsignedBits: Partial<Record<ModbusType, number>> = { u16: 16, u32: 32 };
const wholeTypes: readonly ModbusType[] = ['u16', 's16', 'u32', 's32', 'u64', 's64', 'bits', 'bool'];

export function counterTermsOf(point: Point): CounterTerms {
  const { address, scale, offset } = point;
  const type = address.protocol === 'modbus' ? address.type : undefined;
  const decimals = type !== undefined && wholeTypes.includes(type) ? decimalsOf(point) : undefined;
  const bits = type && unsignedBits[type];
  return {
    divisor: decimals === undefined ? undefined : 10 ** decimals,
    lowest: offset,
    range: bits === undefined || scale <= 0 ? undefined : 2 ** bits * scale,
  };
}

/**
 * How much the counter rose from `last` to `value`. After a reset that is what it has counted since; where it has wrapped
 * around, what it did to both sides of the end of its range. A device that wraps at a number of its own, say at 999,999,
 * cannot be told from one that was reset: what it counted between its last sample and that number is missing then.
 */
export function riseOf(counter: CounterTerms, last: number, value: number): number {
  if (value >= last) return round(counter, value - last);
  if (hasWrapped(counter, last, value)) return round(counter, (counter.range ?? 0) - last + value);
  return round(counter, Math.max(0, value - counter.lowest));
}

function hasWrapped({ lowest, range }: CounterTerms, last: number, value: number): boolean {
  if (range === undefined) return false;
  return last - lowest >= range * (1 - wrapShare) && value - lowest <= range * wrapShare;
}

/** 100.4 − 100.1 is 0.3 and not 0.30000000000001137. */
function round({ divisor }: CounterTerms, difference: number): number {
  return divisor === undefined ? difference : Math.round(difference * divisor) / divisor;
}

export function addRise(counter: CounterTerms, sum: number, rise: number): number {
  return round(counter, sum + rise);
}
