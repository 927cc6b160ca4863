/** The values of one point over a long time. A NaN is a time of which nothing is known. */
export interface Series {
  readonly count: number;
  readonly at: Float64Array;
  readonly value: Float64Array;
}

/** Some 32 MB. Beyond it every second value goes, again and again: a distribution does not mind. */
const mostValues = 2_000_000;

export interface SeriesCollector {
  add(at: number, value: number): void;
  readonly series: Series;
}

export function createSeriesCollector(most = mostValues): SeriesCollector {
  const at = new Float64Array(most);
  const value = new Float64Array(most);
  let count = 0;
  let stride = 1;
  let skipped = 0;

  function halve(): void {
    count = Math.ceil(count / 2);
    for (let row = 0; row < count; row += 1) {
      at[row] = at[2 * row] as number;
      value[row] = value[2 * row] as number;
    }
    stride *= 2;
  }

  return {
    add(time, sample) {
      skipped += 1;
      if (skipped < stride) return;
      skipped = 0;
      if (count === most) halve();
      at[count] = time;
      value[count] = sample;
      count += 1;
    },
    get series() {
      return { count, at: at.subarray(0, count), value: value.subarray(0, count) };
    },
  };
}
