/** The numbers `first` to `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** What is still to come: the last range of an uplink has no end. */
export const noEnd = Number.MAX_SAFE_INTEGER;

/*
 * The numbers that an uplink still has to send, as ranges in rising order that neither touch nor overlap. An uplink that
 * has sent everything has one range: from the next number on.
 */

/** Takes the numbers out, whatever their order. */
export function subtractNumbers(ranges: readonly Range[], numbers: readonly number[]): Range[] {
  return runsOf(numbers).reduce<Range[]>((rest, run) => subtractRange(rest, run), [...ranges]);
}

export function subtractRange(ranges: readonly Range[], { first, last }: Range): Range[] {
  return ranges.flatMap(range => {
    if (range.last < first || range.first > last) return range;
    const before = { first: range.first, last: first - 1 };
    const after = { first: last + 1, last: range.last };
    return [before, after].filter(part => part.first <= part.last);
  });
}

/** How many numbers up to `upTo` are in the ranges. */
export function countUpTo(ranges: readonly Range[], upTo: number): number {
  return ranges.reduce((sum, { first, last }) => sum + Math.max(0, Math.min(last, upTo) - first + 1), 0);
}

export function overlapOf(ranges: readonly Range[], { first, last }: Range): number {
  return countUpTo(ranges, last) - countUpTo(ranges, first - 1);
}

/**
 * Joins neighbours, the closest first, until there are no more than `most` ranges. What lies between them counts as unsent
 * again: it is sent twice with the same id, which is better than never.
 */
export function limitRanges(ranges: readonly Range[], most: number): Range[] {
  const joined = [...ranges];
  while (joined.length > most) {
    const gapAfter = (index: number) => (joined[index + 1]?.first ?? noEnd) - (joined[index]?.last ?? 0);
    let closest = 0;
    for (let index = 1; index < joined.length - 1; index += 1) if (gapAfter(index) < gapAfter(closest)) closest = index;
    const [one, other] = joined.slice(closest, closest + 2);
    if (!one || !other) return joined;
    joined.splice(closest, 2, { first: one.first, last: other.last });
  }
  return joined;
}

function runsOf(numbers: readonly number[]): Range[] {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && number <= run.last + 1) run.last = Math.max(run.last, number);
    else runs.push({ first: number, last: number });
  }
  return runs;
}
