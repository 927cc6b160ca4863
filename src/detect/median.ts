/** The middle one of the values, or between the two in the middle, of one at least. Sorts them in place. */
export function medianOf(values: Float64Array): number {
  values.sort();
  const half = values.length / 2;
  const low = values[Math.ceil(half) - 1] as number;
  const high = values[Math.floor(half)] as number;
  // Two halves, since the sum of two huge values has no number.
  return low / 2 + high / 2;
}
