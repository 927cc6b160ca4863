import { badReasons, type Quality } from '../model/quality.ts';

/** What was recorded, as columns: a day of a large plant has too many values for an object each. */
export interface Records {
  count: number;
  /** Place of the point in the list that is replayed. */
  place: Int32Array;
  /** Whole wall ms. */
  at: Float64Array;
  /** Means something only where the quality is good. */
  value: Float64Array;
  /** Index in `qualities`. */
  quality: Uint8Array;
}

export const qualities: readonly Quality[] = ['good', ...badReasons];

const codes = new Map(qualities.map((quality, code) => [quality, code]));

export function codeOfQuality(quality: Quality): number {
  return quality === 'good' ? 0 : (codes.get(quality) ?? 0);
}

const firstRows = 256;

export function createRecords(): Records {
  return {
    count: 0,
    place: new Int32Array(firstRows),
    at: new Float64Array(firstRows),
    value: new Float64Array(firstRows),
    quality: new Uint8Array(firstRows),
  };
}

export function addRecord(records: Records, place: number, at: number, value: number, quality: number): void {
  const row = records.count;
  if (row === records.place.length) grow(records);
  records.place[row] = place;
  records.at[row] = at;
  records.value[row] = value;
  records.quality[row] = quality;
  records.count = row + 1;
}

/** In columns of their own, as long as they have to be. */
export function copyRecords({ count, place, at, value, quality }: Records): Records {
  return {
    count,
    place: place.slice(0, count),
    at: at.slice(0, count),
    value: value.slice(0, count),
    quality: quality.slice(0, count),
  };
}

function grow(records: Records): void {
  const { place, at, value, quality } = records;
  const rows = place.length * 2;
  records.place = new Int32Array(rows);
  records.place.set(place);
  records.at = new Float64Array(rows);
  records.at.set(at);
  records.value = new Float64Array(rows);
  records.value.set(value);
  records.quality = new Uint8Array(rows);
  records.quality.set(quality);
}
