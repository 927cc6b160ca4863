import type { SavedCondition } from '../model/rule-memory.ts';
import { readNumbers, saveTime } from './saved-numbers.ts';
import { maxWindowSamples, type SlopeWindow } from './slope-window.ts';

/** A slope window over a restart: time, value and good time of each of its samples, one after the other. */

const width = 3;

export function saveSlopeWindow({ rows, head, tail }: SlopeWindow, mono: number): SavedCondition {
  const saved: (number | null)[] = [];
  for (let at = head * width; at < tail * width; at += width) {
    saved.push(saveTime(rows[at] as number, mono), rows[at + 1] as number, rows[at + 2] as number);
  }
  return saved;
}

/** Into a new window. What follows is parted from it by a gap. False when what was saved is no such window. */
export function loadSlopeWindow(window: SlopeWindow, saved: SavedCondition, atMono: number): boolean {
  const numbers = readNumbers(saved, 0);
  if (!numbers || numbers.length % width !== 0 || numbers.length > width * (maxWindowSamples + 2)) return false;
  const times = numbers.filter((_, at) => at % width === 0);
  const isInOrder = times.every((time, at) => time <= 0 && !(time <= (times[at - 1] ?? Number.NEGATIVE_INFINITY)));
  if (!isInOrder || numbers.some(Number.isNaN)) return false;
  // A window has rows for 16 samples or a multiple of it.
  window.rows = new Float64Array(Math.max(16, 2 ** Math.ceil(Math.log2(times.length + 1))) * width);
  window.rows.set(numbers.map((number, at) => (at % width === 0 ? atMono + number : number)));
  window.tail = times.length;
  if (times.length > 0) {
    window.lastMono = atMono + (times.at(-1) as number);
    window.goodMs = numbers.at(-1) as number;
  }
  return true;
}
