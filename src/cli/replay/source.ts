import type { Point } from '../../model/point.ts';
import { convertValue, findUnit } from '../../model/unit.ts';
import type { Minute } from '../../replay/minutes.ts';

/** A recording, handed out a few minutes at a time, so that it needs little memory however long it is. */
export interface Source {
  steps(): AsyncIterable<SourceStep>;
  /** Known when all steps were taken. */
  readonly found: Found;
}

export interface SourceStep {
  readonly minutes: Iterable<Minute>;
  /** For a progress bar. */
  readonly done: number;
  readonly total: number;
}

/** What was met in the recording beside its values. */
export interface Found {
  /** Keys of points that the recording has. */
  readonly recorded: Set<string>;
  /** Keys of points that it has in a unit that does not convert. */
  readonly otherUnit: Set<string>;
  /** Names in it that the site does not know. */
  readonly unknown: Set<string>;
  /** Wall ms of the first and the last value; undefined where there is none. */
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly values: number;
  /** Stretches that could not be read. */
  damaged: number;
  /** Values that came too late to be put in their order. */
  late: number;
}

export interface FoundSoFar extends Found {
  /** Notes the time of one value. */
  readonly note: (at: number) => void;
}

export function nothingFound(): FoundSoFar {
  // Numbers in an array are written in place; a field that may be undefined would take new memory for each.
  const times = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0);
  const known = (at: number | undefined) => (times[2] === 0 ? undefined : at);
  return {
    ...{ recorded: new Set<string>(), otherUnit: new Set<string>(), unknown: new Set<string>(), damaged: 0, late: 0 },
    note(at) {
      if (at < (times[0] as number)) times[0] = at;
      if (at > (times[1] as number)) times[1] = at;
      times[2] = (times[2] as number) + 1;
    },
    get firstAt() {
      return known(times[0]);
    },
    get lastAt() {
      return known(times[1]);
    },
    get values() {
      return times[2] as number;
    },
  };
}

/** What a recording knows a point by. */
export type SeriesPoint = Pick<Point, 'key' | 'unit'>;

/** Where a name of the recording belongs. */
export interface Series {
  readonly place: number;
  /** From the recorded unit to that of the point; undefined where they are the same. */
  readonly convert: ((value: number) => number) | undefined;
}

/** Looks up names of the recording; notes those that cannot be used. */
export function createSeriesFinder(points: readonly SeriesPoint[], found: Found) {
  const places = new Map(points.map(({ key }, place) => [key, place]));
  const known = new Map<string, Series | undefined>();

  function find(key: string, unit: string | undefined): Series | undefined {
    const place = places.get(key);
    const point = place === undefined ? undefined : points[place];
    if (place === undefined || !point) {
      found.unknown.add(key);
      return undefined;
    }
    found.recorded.add(key);
    if (unit === undefined || unit === point.unit) return { place, convert: undefined };
    const symbol = findUnit(unit);
    const isAlike = symbol !== undefined && convertValue(0, symbol, point.unit) !== undefined;
    if (!isAlike) {
      found.otherUnit.add(key);
      return undefined;
    }
    return { place, convert: value => convertValue(value, symbol, point.unit) ?? Number.NaN };
  }

  /** @param unit undefined where the recording does not say it: that of the point */
  return (key: string, unit: string | undefined): Series | undefined => {
    const name = `${key}\n${unit}`;
    if (!known.has(name)) known.set(name, find(key, unit));
    return known.get(name);
  };
}
