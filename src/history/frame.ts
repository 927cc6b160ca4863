import type { Quality } from '../model/quality.ts';
import type { Moment } from '../model/time.ts';
import {
  type ByteSource,
  createSink,
  createSource,
  damaged,
  hasMore,
  putBytes,
  putSigned,
  takeByte,
  takeBytes,
  takeDouble,
  takeSigned,
  takeVarint,
  toSigned,
} from './bytes.ts';
import { type Encoding, floatEncoding, reasonOfCode } from './encoding.ts';

/** What names a series of values for good: numbers of points live no longer than their process. */
export interface SeriesName {
  /** Key of the point. */
  readonly point: string;
  readonly unit: string;
}

/** What was kept of one device in one minute. Wall times in whole ms. */
export interface Frame {
  /** Number of the device. */
  readonly device: number;
  /** Of the first and the last kept sample by time; they may lie in either order in the body. */
  readonly from: number;
  readonly to: number;
  /** Its first sample. */
  readonly began: Moment;
  /** By the place that the body calls them. */
  readonly points: readonly SeriesName[];
  readonly samples: number;
  /**
   * Version, one byte per point that tells its encoding, the first time, then tokens. The two lowest bits of a token
   * tell its kind, the rest by how much the time moves on, or by how many places on the next sample's point lies.
   */
  readonly body: Uint8Array;
}

export const frameVersion = 1;

export const tokens = { value: 0, double: 1, quality: 2, time: 3 } as const;

/** The same samples at other times: all are told against the first. Throws PlantroomError `storage`. */
export function shiftFrame(body: Uint8Array, pointCount: number, byMs: number): Uint8Array {
  const source = createSource(body);
  for (let index = 0; index <= pointCount; index += 1) takeByte(source);
  const head = source.at;
  const startAt = takeSigned(source);
  const sink = createSink(body.length);
  putBytes(sink, body.subarray(0, head));
  putSigned(sink, startAt + byMs);
  putBytes(sink, body.subarray(source.at));
  return takeBytes(sink);
}

/** `value` means something only where the quality is good. */
export type TakeSample = (place: number, at: number, value: number, quality: Quality) => void;

/** Hands out the samples of a frame in the order in which they were taken. Throws PlantroomError `storage`. */
export function decodeFrame(body: Uint8Array, pointCount: number, take: TakeSample): void {
  const source = createSource(body);
  const version = takeByte(source);
  if (version !== frameVersion) throw damaged(`this plantroom does not know version ${version}`);
  const encodings = Array.from({ length: pointCount }, () => takeByte(source));
  const latest = new Float64Array(pointCount);
  const scratch = new DataView(new ArrayBuffer(4));
  let at = takeSigned(source);
  let place = 0;
  while (hasMore(source)) {
    const token = takeVarint(source);
    const kind = token % 4;
    const step = toSigned(Math.floor(token / 4));
    if (kind === tokens.time) {
      at += step;
      continue;
    }
    place += step;
    const encoding = encodings[place];
    if (encoding === undefined) throw damaged('it tells of a point that it does not name');
    if (kind === tokens.quality) take(place, at, Number.NaN, takeQuality(source));
    else if (kind === tokens.double) take(place, at, takeDouble(source), 'good');
    else take(place, at, takeValue(source, encoding, latest, place, scratch), 'good');
  }
}

function takeQuality(source: ByteSource): Quality {
  const code = takeByte(source);
  // A reason that only a newer plantroom knows is still one not to trust the value.
  return reasonOfCode(code) ?? 'not-read';
}

function takeValue(
  source: ByteSource,
  encoding: Encoding,
  latest: Float64Array,
  place: number,
  scratch: DataView,
): number {
  const before = latest[place] ?? 0;
  if (encoding === floatEncoding) {
    const bits = (before ^ takeVarint(source)) >>> 0;
    latest[place] = bits;
    scratch.setUint32(0, bits);
    return scratch.getFloat32(0);
  }
  const whole = before + takeSigned(source);
  latest[place] = whole;
  return whole / 10 ** encoding;
}
