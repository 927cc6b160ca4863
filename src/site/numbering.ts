/** Gives numbers to names: the same name always gets the same number, and no number is ever given to a second name. */
export interface Numbering {
  /** Number of a device, from 0. */
  device(id: string): number;
  /** Number of a point by its key `device/point`, from 0. */
  point(key: string): number;
}

/** The numbers given so far; plain data that goes from thread to thread. */
export interface GivenNumbers {
  readonly devices: Map<string, number>;
  readonly points: Map<string, number>;
}

export function noNumbers(): GivenNumbers {
  return { devices: new Map(), points: new Map() };
}

/**
 * One for the whole life of a process: a reload numbers what stayed as before, so that all that is kept by number stays
 * valid. Adds to `given`.
 */
export function createNumbering(given: GivenNumbers = noNumbers()): Numbering {
  return { device: createCounter(given.devices), point: createCounter(given.points) };
}

function createCounter(numbers: Map<string, number>): (name: string) => number {
  return name => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  };
}
