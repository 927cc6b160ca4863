import type { Point, Sample, SampleBatch } from '../model/point.ts';
import { isCommunicationLoss } from '../model/quality.ts';
import { type Minute, minuteMs } from './minutes.ts';
import { addRecord, codeOfQuality, createRecords, qualities, type Records } from './records.ts';

/**
 * Makes the samples again that a recording by exception left out. A recorded value stands until the next one, and is
 * sampled again every interval of its point. When the next one does not come within the longest gap, nobody knows what
 * was: one bad sample (`not-read`) says so, and there are none until the record goes on.
 *
 * With a deadband of 0 these are the values that were sampled; with another one each may be off by as much.
 */
export interface Rebuilder {
  /**
   * Hands over the batches of one minute in the order of time, and in that of their devices where times are the same. Minutes
   * must come one after the other, the empty ones too. Batches and samples are used again for the next ones.
   *
   * The wall time of the record is also the monotonic time.
   */
  play(minute: Minute, take: (batch: SampleBatch) => void): void;
  /** How many samples of a place were good, since the count began: together, so much time is known. */
  readonly good: Float64Array;
  /** All samples so far. */
  readonly samples: number;
}

/** A point with how its record is to be understood. */
export interface RecordedPoint {
  readonly point: Point;
  /** How long a recorded value stands when no other comes. */
  readonly holdMs: number;
}

/** So long a part of a minute is put in order at once: what it has fits into the processor's cache. */
const partMs = 5_000;

const gap = codeOfQuality('not-read');

/** Whether the device was heard: of anything but silence, and reads that were not made. */
const isHeard = qualities.map(
  quality => !isCommunicationLoss(quality) && quality !== 'not-read' && quality !== 'overrun',
);

/** @param points in the order of their devices; their places are what records call them */
export function createRebuilder(points: readonly RecordedPoint[]): Rebuilder {
  const count = points.length;
  const value = new Float64Array(count);
  const quality = new Uint8Array(count);
  /** When the point is sampled again if nothing is recorded before; infinite where nothing is known. */
  const due = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const standsUntil = new Float64Array(count);
  const interval = Float64Array.from(points, ({ point }) => point.intervalMs);
  // The next record is made by the first sample that is older than the longest gap: up to an interval later.
  const hold = Float64Array.from(points, ({ point, holdMs }) => holdMs + point.intervalMs);
  const good = new Float64Array(count);
  const device = Int32Array.from(points, ({ point }) => point.device);
  const pool = points.map(({ point }): Sample => ({ point, value: Number.NaN, text: undefined, quality: 'not-read' }));
  const lists: Sample[][] = [];
  const batch: { -readonly [Key in keyof SampleBatch]: SampleBatch[Key] } = {
    ...{ device: 0, samples: [], isAnswered: false, sampledAtMono: 0, sampledAt: 0 },
  };
  const events = createRecords();
  const next = new Int32Array(count);
  const ends = new Int32Array(count);
  const unsorted = new Set<number>();
  const buckets = new Int32Array(partMs + 1);
  let byPlace = new Int32Array(0);
  let byTime = new Int32Array(0);
  let samples = 0;
  /** The earliest of all that are due. */
  let firstDue = Number.POSITIVE_INFINITY;

  /** Samples again what stands, up to the next record or the end of the minute. */
  function fill(place: number, before: number): void {
    let at = due[place] as number;
    if (at >= before) return;
    const isGood = quality[place] === 0;
    let count = 0;
    const step = interval[place] as number;
    const last = standsUntil[place] as number;
    while (at < before) {
      if (at > last) {
        addRecord(events, place, at, Number.NaN, gap);
        quality[place] = gap;
        at = Number.POSITIVE_INFINITY;
      } else {
        addRecord(events, place, at, value[place] as number, quality[place] as number);
        at += step;
        count += 1;
      }
    }
    due[place] = at;
    if (isGood) good[place] = (good[place] as number) + count;
  }

  /** All of a place before the end of a part. Returns the first row of the next one. */
  function takeRecords(
    place: number,
    { at, value: values, quality: codes }: Records,
    from: number,
    to: number,
    before: number,
  ): number {
    const step = interval[place] as number;
    let index = from;
    for (; index < to; index += 1) {
      const row = byPlace[index] as number;
      const time = at[row] as number;
      // A sample that comes a little earlier than the record of the same read would be one too many.
      fill(place, Math.min(time - step / 2, before));
      if (time >= before) return index;
      addRecord(events, place, time, values[row] as number, codes[row] as number);
      if (codes[row] === 0) good[place] = (good[place] as number) + 1;
      value[place] = values[row] as number;
      quality[place] = codes[row] as number;
      due[place] = time + step;
      standsUntil[place] = time + (hold[place] as number);
    }
    fill(place, before);
    return index;
  }

  /** The rows of each place together, in the order of time: rows of `place` are those from next[place] to ends[place]. */
  function groupByPlace(records: Records): void {
    if (byPlace.length < records.count) byPlace = new Int32Array(records.place.length);
    ends.fill(0);
    for (let row = 0; row < records.count; row += 1) {
      const place = records.place[row] as number;
      ends[place] = (ends[place] as number) + 1;
    }
    let end = 0;
    for (let place = 0; place < count; place += 1) {
      next[place] = end;
      end += ends[place] as number;
      ends[place] = next[place] as number;
    }
    for (let row = 0; row < records.count; row += 1) {
      const place = records.place[row] as number;
      const to = ends[place] as number;
      byPlace[to] = row;
      ends[place] = to + 1;
      // The clock was set back within the minute.
      if (
        to > (next[place] as number) &&
        (records.at[byPlace[to - 1] as number] as number) > (records.at[row] as number)
      )
        unsorted.add(place);
    }
    for (const place of unsorted)
      byPlace.subarray(next[place], ends[place]).sort((a, b) => (records.at[a] as number) - (records.at[b] as number));
    unsorted.clear();
  }

  function sortByTime(startAt: number): void {
    if (byTime.length < events.count) byTime = new Int32Array(events.place.length);
    buckets.fill(0);
    for (let row = 0; row < events.count; row += 1) {
      const next = Math.floor((events.at[row] as number) - startAt) + 1;
      buckets[next] = (buckets[next] as number) + 1;
    }
    for (let ms = 1; ms <= partMs; ms += 1) buckets[ms] = (buckets[ms] as number) + (buckets[ms - 1] as number);
    for (let row = 0; row < events.count; row += 1) {
      const ms = Math.floor((events.at[row] as number) - startAt);
      const to = buckets[ms] as number;
      byTime[to] = row;
      buckets[ms] = to + 1;
    }
  }

  /** The samples of a batch, in the list that is kept for batches of its size. */
  function samplesOf(from: number, to: number): Sample[] {
    const size = to - from;
    const list = lists[size] ?? new Array<Sample>(size);
    lists[size] = list;
    const { place: places, value: values, quality: codes } = events;
    batch.isAnswered = false;
    for (let index = from; index < to; index += 1) {
      const row = byTime[index] as number;
      const sample = pool[places[row] as number] as Sample;
      const code = codes[row] as number;
      const quality = qualities[code] as Sample['quality'];
      sample.value = values[row] as number;
      // A number is cheaper to write than a reference.
      if (sample.quality !== quality) sample.quality = quality;
      if (isHeard[code]) batch.isAnswered = true;
      list[index - from] = sample;
    }
    return list;
  }

  function handOver(take: (batch: SampleBatch) => void): void {
    const { count: rows, place: places, at: times } = events;
    for (let from = 0; from < rows; ) {
      const row = byTime[from] as number;
      const at = times[row] as number;
      let last = places[row] as number;
      const own = device[last] as number;
      let to = from + 1;
      // A point that comes twice at one time makes a second batch.
      for (; to < rows; to += 1) {
        const other = byTime[to] as number;
        const place = places[other] as number;
        if (times[other] !== at || device[place] !== own || place === last) break;
        last = place;
      }
      batch.device = own;
      batch.sampledAt = at;
      batch.sampledAtMono = at;
      batch.samples = samplesOf(from, to);
      take(batch);
      from = to;
    }
  }

  function playPart(startAt: number, records: Records | undefined, take: (batch: SampleBatch) => void): void {
    const endAt = startAt + partMs;
    events.count = 0;
    firstDue = Number.POSITIVE_INFINITY;
    for (let place = 0; place < count; place += 1) {
      if (records) next[place] = takeRecords(place, records, next[place] as number, ends[place] as number, endAt);
      else if ((due[place] as number) < endAt) fill(place, endAt);
      if ((due[place] as number) < firstDue) firstDue = due[place] as number;
    }
    if (events.count === 0) return;
    samples += events.count;
    sortByTime(startAt);
    handOver(take);
  }

  return {
    play({ startAt, records }, take) {
      if (records) groupByPlace(records);
      for (let partAt = startAt; partAt < startAt + minuteMs; partAt += partMs)
        if (records || firstDue < partAt + partMs) playPart(partAt, records, take);
    },
    good,
    get samples() {
      return samples;
    },
  };
}
