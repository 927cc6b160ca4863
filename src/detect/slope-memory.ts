import { addRow, type SlidingWindow, windowParts } from '../base/sliding-window.ts';
import type { SavedCondition } from '../model/rule-memory.ts';
import { readNumbers, saveTime } from './saved-numbers.ts';

/** A slope window over a restart: time, value and good time of each of its samples, one after the other. */

export function saveSlopeWindow({ rows, width, head, tail }: SlidingWindow, mono: number): SavedCondition {
  const saved: (number | null)[] = [];
  for (let at = head; at < tail; at += width) {
    saved.push(saveTime(rows[at] as number, mono), rows[at + 1] as number, rows[at + 2] as number);
  }
  return saved;
}

/** Into a new window. What follows is parted from it by a gap. False when what was saved is no such window. */
export function loadSlopeWindow(window: SlidingWindow, saved: SavedCondition, atMono: number): boolean {
  const { width } = window;
  const numbers = readNumbers(saved, 0);
  if (!numbers || numbers.length % width !== 0 || numbers.length > width * (windowParts + 2)) return false;
  const times = numbers.filter((_, at) => at % width === 0);
  const isInOrder = times.every((time, at) => time <= 0 && !(time <= (times[at - 1] ?? Number.NEGATIVE_INFINITY)));
  if (!isInOrder || numbers.some(Number.isNaN)) return false;
  for (let at = 0; at < numbers.length; at += width) {
    window.lastMono = atMono + (numbers[at] as number);
    window.goodMs = numbers[at + 2] as number;
    window.toldMs = window.goodMs;
    addRow(window, numbers[at + 1] as number);
  }
  return true;
}
