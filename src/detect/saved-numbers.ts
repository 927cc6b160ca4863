/** What is kept of a condition is a list of numbers. Here it is written, and read with all distrust. */

/** The time before `mono`, which is when it is saved; null for none (NaN). */
export function saveTime(timeMono: number, mono: number): number | null {
  return saveNumber(Math.min(0, timeMono - mono));
}

export function saveNumber(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The numbers of a list, NaN for none; undefined for what is no such list or shorter than `least`. */
export function readNumbers(saved: unknown, least: number): number[] | undefined {
  if (!Array.isArray(saved) || saved.length < least) return undefined;
  const numbers = saved.map(item => (item === null ? Number.NaN : item));
  return numbers.every(item => typeof item === 'number') ? numbers : undefined;
}

/** A saved time by the clock of this process: it was saved at `atMono`. */
export function readTime(saved: number | undefined, atMono: number): number {
  return atMono + Math.min(0, saved ?? Number.NaN);
}

/** A saved duration or count: none is 0, and so is one below it. */
export function readAmount(saved: number | undefined): number {
  return Math.max(0, saved || 0);
}
