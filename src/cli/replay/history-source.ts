import type { Point } from '../../model/point.ts';
import { createMinuteBuffer, minuteMs } from '../../replay/minutes.ts';
import { codeOfQuality } from '../../replay/records.ts';
import type { HistoryReader } from '../../store/history/reader.ts';
import { createSeriesFinder, nothingFound, type Series, type Source } from './source.ts';

/**
 * So much of the history is looked up at a time: all of it is in memory then, a second's values of two thousand points in
 * some 25 MB.
 */
const sliceMs = 10 * minuteMs;

/** Rows of the file in one page. */
const pageRows = 500;

export interface HistoryRange {
  /** From when on the record of a point is wanted. */
  readonly fromOf: (point: Point) => number;
  readonly to: number;
}

/** The raw history of a data folder, before `to`, in the order of its wall times. */
export function historySource(reader: HistoryReader, points: readonly Point[], { fromOf, to }: HistoryRange): Source {
  const from = points.reduce((least, point) => Math.min(least, fromOf(point)), to);
  const fromBy = Float64Array.from(points, fromOf);
  const found = nothingFound();
  const find = createSeriesFinder(points, found);
  const keys = new Set(points.map(({ key }) => key));
  // What was recorded at another time is worth telling from what never was.
  for (const { point } of reader.points()) if (keys.has(point)) found.recorded.add(point);
  const buffer = createMinuteBuffer(from);

  function readSlice(start: number, end: number): void {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = reader.visit({ from: start, to: end, after, limit: pageRows }, names => {
        const series = names.map(({ point, unit }) =>
          keys.has(point) ? wantedBefore(end, find(point, unit)) : undefined,
        );
        return series.some(one => one !== undefined) ? taker(series, start, end) : undefined;
      });
      found.damaged += page.damaged;
      after = page.next;
    }
  }

  function wantedBefore(end: number, series: Series | undefined): Series | undefined {
    return series && (fromBy[series.place] as number) < end ? series : undefined;
  }

  function taker(series: readonly (Series | undefined)[], start: number, end: number) {
    return (index: number, at: number, value: number, quality: Parameters<typeof codeOfQuality>[0]): void => {
      const one = series[index];
      if (one === undefined || at < start || at >= end || at < (fromBy[one.place] as number)) return;
      found.note(at);
      buffer.add(one.place, at, one.convert ? one.convert(value) : value, codeOfQuality(quality));
    };
  }

  return {
    found,
    async *steps() {
      // Whole minutes, as the record has them: a frame is then looked at once.
      const first = Math.floor(from / minuteMs) * minuteMs;
      for (let start = first; start < to; start += sliceMs) {
        const end = Math.min(start + sliceMs, to);
        readSlice(start, end);
        yield { minutes: buffer.takeBefore(end), done: end - from, total: to - from };
      }
    },
  };
}
