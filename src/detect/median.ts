/** The middle one of the values, or between the two in the middle; NaN of none. Sorts them in place. */
export function medianOf(values: Float64Array): number {
  values.sort();
  const half = values.length / 2;
  const low = values[Math.ceil(half) - 1] ?? Number.NaN;
  const high = values[Math.floor(half)] ?? Number.NaN;
  // Two halves, since the sum of two huge values has no number.
  return low / 2 + high / 2;
}
