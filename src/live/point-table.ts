import type { Point, SampleBatch } from '../model/point.ts';
import type { Quality } from '../model/quality.ts';

/**
 * The last sample of a point, and its last good value. NaN stands for "never": a field that is always a number is
 * overwritten in place, one that may be undefined takes new memory ten thousand times a second.
 */
export interface PointNow {
  readonly point: Point;
  /** The last good value; NaN for a text. */
  value: number;
  text: string | undefined;
  quality: Quality;
  /** Wall time of the last sample, good or bad. */
  sampledAt: number;
  /** Monotonic time of the last good sample. */
  goodAtMono: number;
}

/** What every point says now. A bad sample changes the quality and keeps the last good value, whose age goes on. */
export interface PointTable {
  apply(batch: SampleBatch): void;
  /** The points of the site from now on; the values of points that stay are kept. */
  replace(points: readonly Point[]): void;
  all(): readonly PointNow[];
  get(pointNumber: number): PointNow | undefined;
}

export function createPointTable(): PointTable {
  let rows: readonly PointNow[] = [];
  let byNumber: (PointNow | undefined)[] = [];

  return {
    apply({ samples, sampledAt, sampledAtMono }) {
      for (const sample of samples) {
        const row = byNumber[sample.point.number];
        if (!row) continue;
        row.quality = sample.quality;
        row.sampledAt = sampledAt;
        if (sample.quality !== 'good') continue;
        row.value = sample.value;
        row.text = sample.text;
        row.goodAtMono = sampledAtMono;
      }
    },
    replace(points) {
      const before = byNumber;
      rows = points.map(point => ({ ...(before[point.number] ?? unread(point)), point }));
      byNumber = [];
      for (const row of rows) byNumber[row.point.number] = row;
    },
    all: () => rows,
    get: pointNumber => byNumber[pointNumber],
  };
}

function unread(point: Point): PointNow {
  const never = Number.NaN;
  return { point, value: never, text: undefined, quality: 'not-read', sampledAt: never, goodAtMono: never };
}
