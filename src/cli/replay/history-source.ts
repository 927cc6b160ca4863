import { createMinuteBuffer, minuteMs } from '../../replay/minutes.ts';
import { codeOfQuality } from '../../replay/records.ts';
import type { HistoryReader, SeriesName, TakeSample } from '../../store/history/reader.ts';
import { createSeriesFinder, nothingFound, type Series, type SeriesPoint, type Source } from './source.ts';

/**
 * So much of the history is looked up at a time: all of it is in memory then, a second's values of two thousand points in
 * some 7 MB.
 */
const sliceMs = 3 * minuteMs;

/** Rows of the file in one page. */
const pageRows = 500;

export interface HistorySlice {
  /** From when on the record of each point is wanted. */
  readonly fromBy: readonly number[];
  readonly to: number;
}

/** What the names of a frame are here; undefined for those that nobody wants. */
type Places = readonly (Series | undefined)[];

/** The raw history of a data folder, before `to`, in the order of its wall times. */
export function historySource(
  reader: HistoryReader,
  points: readonly SeriesPoint[],
  { fromBy, to }: HistorySlice,
): Source {
  const from = fromBy.reduce((least, one) => Math.min(least, one), to);
  const found = nothingFound();
  const find = createSeriesFinder(points, found);
  const keys = new Set(points.map(({ key }) => key));
  // What was recorded at another time is worth telling from what never was.
  for (const { point } of reader.points()) if (keys.has(point)) found.recorded.add(point);
  const buffer = createMinuteBuffer(from);
  /** Frames of a device share their names. */
  const known = new WeakMap<readonly SeriesName[], Places>();

  function placesOf(names: readonly SeriesName[]): Places {
    const before = known.get(names);
    if (before) return before;
    const places = names.map(({ point, unit }) => (keys.has(point) ? find(point, unit) : undefined));
    known.set(names, places);
    return places;
  }

  function readSlice(start: number, end: number): void {
    const isWanted = (one: Series | undefined) => one !== undefined && (fromBy[one.place] as number) < end;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = reader.visit({ from: start, to: end, after, limit: pageRows }, names => {
        const places = placesOf(names);
        return places.some(isWanted) ? taker(places, start, end) : undefined;
      });
      found.damaged += page.damaged;
      after = page.next;
    }
  }

  function taker(places: Places, start: number, end: number): TakeSample {
    return (index, at, value, quality) => {
      const one = places[index];
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
