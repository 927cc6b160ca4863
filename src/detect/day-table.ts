import { medianOf } from './median.ts';

/**
 * What a value was at each part of the day, over the last days on which it was learned. A day is what comes half a day or
 * more after the one before, by the monotonic clock: the wall clock only says which part of the day it is. Changed in
 * place; its size never changes.
 */
export interface DayTable {
  readonly slots: number;
  /** How many learned days count, beside the present one. */
  readonly days: number;
  /** Values of one day in one slot, spread over it. */
  readonly parts: number;
  /** By slot, row and part. A slot has a row for each day and one for today; NaN where nothing was learned. */
  readonly values: Float64Array;
  /** By slot: the row of today, and the monotonic ms at which it was begun (NaN for never). */
  readonly today: Uint8Array;
  readonly begunMono: Float64Array;
}

export const dayMs = 86_400_000;
const halfDayMs = dayMs / 2;

/** A value is learned so often: four times in an hour, twice in a quarter of one. */
function partsOf(slotMs: number): number {
  return slotMs >= 3_600_000 ? 4 : 2;
}

export function createDayTable(slotMs: number, days: number): DayTable {
  const slots = dayMs / slotMs;
  const parts = partsOf(slotMs);
  return {
    slots,
    days,
    parts,
    values: new Float64Array(slots * (days + 1) * parts).fill(Number.NaN),
    today: new Uint8Array(slots),
    begunMono: new Float64Array(slots).fill(Number.NaN),
  };
}

/** Whether the row of today is another day's, so that a new one has to be begun. */
export function isNewDay({ begunMono }: DayTable, slot: number, mono: number): boolean {
  return !(mono - (begunMono[slot] as number) < halfDayMs);
}

/** Begins a day in a slot, in place of the oldest one. A day on which nothing was learned is no day. */
export function beginDay(table: DayTable, slot: number, mono: number): void {
  const { today, begunMono, days } = table;
  begunMono[slot] = mono;
  if (!rowOf(table, slot, today[slot] as number).some(isLearned)) return;
  today[slot] = ((today[slot] as number) + 1) % (days + 1);
  rowOf(table, slot, today[slot] as number).fill(Number.NaN);
}

/** Learns a value of today, the first one of each part. Returns whether it was learned. */
export function learn(table: DayTable, slot: number, part: number, value: number): boolean {
  const row = rowOf(table, slot, table.today[slot] as number);
  if (isLearned(row[part] as number)) return false;
  row[part] = shorten(value);
  return true;
}

/** Median and median deviation of what was learned in a slot before today; undefined before `leastDays` days. */
export function learned(
  table: DayTable,
  slot: number,
  leastDays: number,
): { readonly median: number; readonly deviation: number } | undefined {
  const rows = Array.from({ length: table.days + 1 }, (_, row) => rowOf(table, slot, row).filter(isLearned));
  const before = rows.filter((row, index) => index !== table.today[slot] && row.length > 0);
  if (before.length < leastDays) return undefined;
  const values = Float64Array.from(before.flatMap(row => [...row]));
  const median = medianOf(values);
  return { median, deviation: medianOf(values.map(value => Math.abs(value - median))) };
}

export function rowOf({ values, days, parts }: DayTable, slot: number, row: number): Float64Array {
  const start = (slot * (days + 1) + row) * parts;
  return values.subarray(start, start + parts);
}

function isLearned(value: number): boolean {
  return !Number.isNaN(value);
}

/** Five digits are enough to learn from, and keep what is stored short. */
function shorten(value: number): number {
  const short = Number(value.toPrecision(5));
  return Number.isFinite(short) ? short : value;
}
