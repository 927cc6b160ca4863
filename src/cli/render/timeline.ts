/** A time in which something stood. Wall ms; undefined: it still does. */
export interface Stretch {
  readonly from: number;
  readonly to: number | undefined;
}

const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** When something stood, as one line: each column by the share of its time, and never nothing where it stood at all. */
export function renderTimeline(stretches: readonly Stretch[], from: number, to: number, width: number): string {
  const columnMs = (to - from) / width;
  const stood = new Float64Array(width);
  for (const stretch of stretches) {
    const start = Math.max(from, stretch.from);
    const end = Math.min(to, stretch.to ?? to);
    const first = Math.max(0, Math.floor((start - from) / columnMs));
    for (let column = first; column < width; column += 1) {
      const left = from + column * columnMs;
      if (left >= end && column > first) break;
      // A moment without a length has stood, too.
      const ms = Math.max(columnMs * 1e-9, Math.min(end, left + columnMs) - Math.max(start, left));
      stood[column] = (stood[column] as number) + ms;
    }
  }
  return Array.from(stood, ms => (ms === 0 ? '·' : levels[Math.min(7, Math.floor((8 * ms) / columnMs))])).join('');
}

/** The times of a line: its beginning, its middle and its end where there is room. */
export function renderTimeAxis(from: number, to: number, width: number, format: (at: number) => string): string {
  const [first, middle, last] = [from, (from + to) / 2, to].map(format) as [string, string, string];
  const room = width - first.length - last.length;
  if (room < 1) return first.slice(0, width);
  if (room < middle.length + 4) return first + ' '.repeat(room) + last;
  const left = Math.max(2, Math.floor((width - middle.length) / 2) - first.length);
  return first + ' '.repeat(left) + middle + ' '.repeat(room - middle.length - left) + last;
}
