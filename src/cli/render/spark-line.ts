const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * A line of bars, oldest first, scaled between the smallest and the largest value shown. A gap (undefined) stays a
 * gap. A series that hardly moves is drawn flat: a rounding error is no trend.
 *
 * @param width columns; the newest values are shown, and a shorter series is filled with spaces on its left
 */
export function renderSparkLine(values: readonly (number | undefined)[], width: number): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const known = shown.filter(value => value !== undefined && Number.isFinite(value)) as number[];
  const low = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const span = high - low;
  const isFlat = span <= 1e-3 * Math.max(Math.abs(low), Math.abs(high));
  const bar = (value: number | undefined) => {
    if (value === undefined || !Number.isFinite(value)) return ' ';
    if (isFlat) return bars[3];
    return bars[Math.min(bars.length - 1, Math.floor(((value - low) / span) * bars.length))] ?? ' ';
  };
  return shown.map(bar).join('').padStart(width, ' ');
}
