import type { BandRule } from '../../model/alarm.ts';
import type { SavedCondition } from '../../model/rule-memory.ts';
import { beginDay, createDayTable, type DayTable, dayMs, isNewDay, learn, learned, rowOf } from '../day-table.ts';
import type { Judgement } from '../judgement.ts';
import { readNumbers, readTime, saveNumber, saveTime } from '../saved-numbers.ts';

/** Ms since midnight where the plant is; undefined while nobody can say. */
export type TimeOfDay = (wallMs: number) => number | undefined;

/** A value that is not as it was at this time of day. */
export interface BandCondition {
  readonly kind: 'band';
  readonly slotMs: number;
  readonly width: BandRule['width'];
  readonly minChange: number;
  readonly deadband: number;
  readonly direction: BandRule['direction'];
  readonly timeOfDay: TimeOfDay;
  readonly table: DayTable;
  /** The part of the day that low and high are of; -1 before the first. */
  slot: number;
  /** NaN while too little is learned. */
  low: number;
  high: number;
  isChanged: boolean;
}

/** Before so many days of a part of the day are learned, nothing is said of it. */
const leastBandDays = 3;

export function createBandCondition(rule: BandRule, timeOfDay: TimeOfDay): BandCondition {
  const { slotMs, width, minChange, deadband, direction, days } = rule;
  const table = createDayTable(slotMs, days);
  const unknown = { slot: -1, low: Number.NaN, high: Number.NaN };
  const terms = { slotMs, width, minChange, deadband, direction };
  return { kind: 'band', ...terms, timeOfDay, table, ...unknown, isChanged: false };
}

/**
 * Compares with the days before today, and learns from today for the days to come: good values only, and none while the
 * alarm stands. The wall clock tells the part of the day and nothing else.
 */
export function judgeBand(
  condition: BandCondition,
  mono: number,
  value: number,
  isGood: boolean,
  wall: number,
  isActive: boolean,
): Judgement {
  const timeMs = condition.timeOfDay(wall);
  if (!isGood || timeMs === undefined || !(timeMs >= 0 && timeMs < dayMs)) return 'unsure';
  const { slotMs, table, direction } = condition;
  const slot = Math.floor(timeMs / slotMs);
  const isNew = isNewDay(table, slot, mono);
  if (isNew) beginDay(table, slot, mono);
  if (isNew || slot !== condition.slot) enterSlot(condition, slot);
  if (!isActive) {
    const part = Math.floor(((timeMs % slotMs) / slotMs) * table.parts);
    if (learn(table, slot, part, value)) condition.isChanged = true;
  }
  if (Number.isNaN(condition.low)) return 'unsure';
  const back = isActive ? condition.deadband : 0;
  const isAbove = value > condition.high - back && direction !== 'below';
  const isOut = isAbove || (value < condition.low + back && direction !== 'above');
  return isOut ? 'met' : 'gone';
}

function enterSlot(condition: BandCondition, slot: number): void {
  const { table, width, minChange } = condition;
  condition.slot = slot;
  const known = learned(table, slot, Math.min(leastBandDays, table.days));
  if (known === undefined) {
    condition.low = Number.NaN;
    condition.high = Number.NaN;
    return;
  }
  const { median, deviation } = known;
  const spread = width.value * (width.kind === 'factor' ? deviation : Math.abs(median));
  condition.low = median - Math.max(minChange, spread);
  condition.high = median + Math.max(minChange, spread);
}

/** Of each slot that has anything: its number, the row of today, when that was begun, and the values of all rows. */
export function saveBand({ table }: BandCondition, mono: number): SavedCondition {
  const saved: (number | null)[] = [];
  for (let slot = 0; slot < table.slots; slot += 1) {
    const begunMono = table.begunMono[slot] as number;
    if (Number.isNaN(begunMono)) continue;
    saved.push(slot, table.today[slot] as number, saveTime(begunMono, mono));
    for (let row = 0; row <= table.days; row += 1) saved.push(...[...rowOf(table, slot, row)].map(saveNumber));
  }
  return saved;
}

/** False when what was saved makes no sense; the condition is then as new. */
export function loadBand({ table }: BandCondition, saved: SavedCondition, atMono: number): boolean {
  const numbers = readNumbers(saved, 0);
  const perSlot = (table.days + 1) * table.parts;
  const step = 3 + perSlot;
  if (!numbers || numbers.length % step !== 0) return false;
  const starts = Array.from({ length: numbers.length / step }, (_, index) => index * step);
  const isKnown = (start: number) =>
    isIndex(numbers[start], table.slots) && isIndex(numbers[start + 1], table.days + 1);
  if (!starts.every(isKnown)) return false;
  for (const start of starts) {
    const slot = numbers[start] as number;
    table.today[slot] = numbers[start + 1] as number;
    table.begunMono[slot] = readTime(numbers[start + 2], atMono);
    table.values.set(numbers.slice(start + 3, start + step), slot * perSlot);
  }
  return true;
}

function isIndex(number: number | undefined, count: number): boolean {
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) < count;
}
