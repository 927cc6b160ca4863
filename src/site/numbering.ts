/** Gives numbers to names: the same name always gets the same number, and no number is ever given to a second name. */
export interface Numbering {
  /** Number of a device, from 0. */
  device(id: string): number;
  /** Number of a point by its key `device/point`, from 0. */
  point(key: string): number;
}

/**
 * One for the whole life of a process: a reload numbers what stayed as before, so that all that is kept by number stays
 * valid.
 */
export function createNumbering(): Numbering {
  return { device: createCounter(), point: createCounter() };
}

function createCounter(): (name: string) => number {
  const numbers = new Map<string, number>();
  return name => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  };
}
