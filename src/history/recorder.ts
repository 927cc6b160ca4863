import { isText, type Point, type SampleBatch } from '../model/point.ts';
import type { Quality } from '../model/quality.ts';
import type { Moment } from '../model/time.ts';
import {
  type ByteSink,
  bitsOfFloat,
  createSink,
  putByte,
  putBytes,
  putDouble,
  putSigned,
  putVarint,
  takeBytes,
  toUnsigned,
} from './bytes.ts';
import { codeOfReason, type Encoding, encodingOf, floatEncoding, isExactFloat, wholeOf } from './encoding.ts';
import { type Frame, frameVersion, type SeriesName, tokens } from './frame.ts';

/**
 * Keeps of the samples what a person would miss, by the `recording` of their points: a value that differs from the one
 * kept last by more than the deadband, every change of quality with its reason, and what did not move when the one kept
 * last is older than the longest gap, by the monotonic clock.
 *
 * What is kept is encoded at once, into a buffer per device. A frame holds one minute by the wall clock and is closed by
 * the device's own first sample in another one, so that the work spreads over the devices by itself.
 */
export interface Recorder {
  /** Takes the samples of one read. Returns the frame that they closed. */
  add(batch: SampleBatch): Frame | undefined;
  /** At stop: closes all frames. */
  flush(): readonly Frame[];
  /** Closes the frame of a device that was removed. */
  forget(device: number): Frame | undefined;
}

const minuteMs = 60_000;

/** A frame that has become longer is closed before its minute is over. */
const frameLimitBytes = 256 * 1_024;

const firstSinkBytes = 1_024;

/** So much more than the deadband counts as more, so that the dust of binary fractions does not. */
const dust = 1 + 1e-9;

/** What is written of one point. Changed in place. */
interface Series {
  readonly point: Point;
  /** The object that was last found to say the same as `point`: a reload makes new ones. */
  seen: Point;
  readonly encoding: Encoding;
  readonly divisor: number;
  readonly deadband: number;
  readonly longestGapMs: number;
  keptValue: number;
  keptQuality: Quality | undefined;
  keptMono: number;
  /** Place in the frames of this layout. */
  place: number;
  layout: Layout | undefined;
  /** The frame in which `latest` was written. */
  frame: number;
  /** The whole number or the bits that the next value is told against. */
  latest: number;
}

/** The points of a device in the order in which the bodies of its frames count them. */
interface Layout {
  readonly names: SeriesName[];
  readonly encodings: number[];
  /** It has points that changed since: the next frame has a new one. */
  isStale: boolean;
}

interface OpenFrame {
  layout: Layout;
  readonly sink: ByteSink;
  /** Unique for each frame; 0 while none is open. */
  serial: number;
  minute: number;
  startAt: number;
  /** The time that the tokens have reached. */
  at: number;
  from: number;
  to: number;
  place: number;
  samples: number;
  began: Moment;
}

export function createRecorder(): Recorder {
  const seriesOf: (Series | undefined)[] = [];
  const frames = new Map<number, OpenFrame>();
  let lastSerial = 0;

  function add(batch: SampleBatch): Frame | undefined {
    const at = Math.round(batch.sampledAt);
    const minute = Math.floor(at / minuteMs);
    const open = frames.get(batch.device) ?? makeFrame(batch.device);
    const isOver = open.serial !== 0 && (open.minute !== minute || open.sink.length > frameLimitBytes);
    const closed = isOver ? closeFrame(batch.device, open) : undefined;
    for (const sample of batch.samples) {
      const series = sample.point.recording && findSeries(sample.point);
      if (!series) continue;
      const quality = sample.quality === 'good' && !Number.isFinite(sample.value) ? 'not-a-number' : sample.quality;
      if (!isWorthKeeping(series, sample.value, quality, batch.sampledAtMono)) continue;
      if (open.serial === 0) startFrame(open, { wallMs: at, monoMs: batch.sampledAtMono }, minute);
      series.keptValue = sample.value;
      series.keptQuality = quality;
      series.keptMono = batch.sampledAtMono;
      moveTo(open, at);
      write(open, series, sample.value, quality);
    }
    return closed;
  }

  function makeFrame(device: number): OpenFrame {
    const open: OpenFrame = {
      layout: createLayout(),
      sink: createSink(firstSinkBytes),
      serial: 0,
      ...{ minute: 0, startAt: 0, at: 0, from: 0, to: 0, place: 0, samples: 0, began: { wallMs: 0, monoMs: 0 } },
    };
    frames.set(device, open);
    return open;
  }

  function startFrame(open: OpenFrame, began: Moment, minute: number): void {
    const at = began.wallMs;
    open.began = began;
    lastSerial += 1;
    open.serial = lastSerial;
    if (open.layout.isStale) open.layout = createLayout();
    open.minute = minute;
    open.startAt = at;
    open.at = at;
    open.from = at;
    open.to = at;
    open.place = 0;
    open.samples = 0;
    open.sink.length = 0;
  }

  function closeFrame(device: number, open: OpenFrame): Frame | undefined {
    if (open.serial === 0) return undefined;
    open.serial = 0;
    const { layout, startAt, from, to, samples, began } = open;
    return { device, from, to, samples, began, points: layout.names.slice(), body: bodyOf(layout, startAt, open.sink) };
  }

  function findSeries(point: Point): Series | undefined {
    const known = seriesOf[point.number];
    if (known?.seen === point) return known;
    if (isText(point)) return undefined;
    if (known && isSameSeries(known.point, point)) {
      known.seen = point;
      return known;
    }
    if (known?.layout) known.layout.isStale = true;
    const made = createSeries(point);
    seriesOf[point.number] = made;
    return made;
  }

  return {
    add,
    flush: () => [...frames].flatMap(([device, open]) => closeFrame(device, open) ?? []),
    forget(device) {
      const open = frames.get(device);
      frames.delete(device);
      return open && closeFrame(device, open);
    },
  };
}

function createLayout(): Layout {
  return { names: [], encodings: [], isStale: false };
}

function createSeries(point: Point): Series {
  const encoding = encodingOf(point);
  return {
    point,
    seen: point,
    encoding,
    divisor: encoding === floatEncoding ? 1 : 10 ** encoding,
    deadband: (point.recording?.deadband ?? 0) * dust,
    longestGapMs: point.recording?.longestGapMs ?? 0,
    keptValue: 0,
    keptQuality: undefined,
    keptMono: 0,
    place: 0,
    layout: undefined,
    frame: 0,
    latest: 0,
  };
}

/** After a reload the same number may have another unit, scale or recording: what is kept of it starts anew. */
function isSameSeries(one: Point, other: Point): boolean {
  return (
    one.unit === other.unit &&
    one.scale === other.scale &&
    one.offset === other.offset &&
    one.recording?.deadband === other.recording?.deadband &&
    one.recording?.longestGapMs === other.recording?.longestGapMs &&
    encodingOf(one) === encodingOf(other)
  );
}

function isWorthKeeping(series: Series, value: number, quality: Quality, mono: number): boolean {
  if (quality !== series.keptQuality || mono - series.keptMono >= series.longestGapMs) return true;
  if (quality !== 'good') return false;
  return Math.abs(value - series.keptValue) > series.deadband;
}

function moveTo(open: OpenFrame, at: number): void {
  if (at === open.at) return;
  putVarint(open.sink, 4 * toUnsigned(at - open.at) + tokens.time);
  open.at = at;
  if (at < open.from) open.from = at;
  if (at > open.to) open.to = at;
}

function write(open: OpenFrame, series: Series, value: number, quality: Quality): void {
  if (series.layout !== open.layout) takePlace(open.layout, series);
  const step = 4 * toUnsigned(series.place - open.place);
  const { sink } = open;
  open.place = series.place;
  open.samples += 1;
  if (series.frame !== open.serial) {
    series.frame = open.serial;
    series.latest = 0;
  }
  if (quality !== 'good') {
    putVarint(sink, step + tokens.quality);
    putByte(sink, codeOfReason(quality));
  } else if (series.encoding === floatEncoding) {
    writeFloat(sink, step, series, value);
  } else {
    writeWhole(sink, step, series, value);
  }
}

function writeWhole(sink: ByteSink, step: number, series: Series, value: number): void {
  const whole = wholeOf(value, series.divisor);
  if (whole === undefined) {
    writeDouble(sink, step, value);
    return;
  }
  putVarint(sink, step + tokens.value);
  putSigned(sink, whole - series.latest);
  series.latest = whole;
}

/** Neighbouring floats differ in their low bits only: what is left of them is a small number. */
function writeFloat(sink: ByteSink, step: number, series: Series, value: number): void {
  if (!isExactFloat(value)) {
    writeDouble(sink, step, value);
    return;
  }
  putVarint(sink, step + tokens.value);
  const bits = bitsOfFloat(sink, value);
  putVarint(sink, (bits ^ series.latest) >>> 0);
  series.latest = bits;
}

function writeDouble(sink: ByteSink, step: number, value: number): void {
  putVarint(sink, step + tokens.double);
  putDouble(sink, value);
}

function takePlace(layout: Layout, series: Series): void {
  const { key, unit } = series.point;
  series.layout = layout;
  series.place = layout.names.length;
  layout.names.push({ point: key, unit });
  layout.encodings.push(series.encoding);
}

function bodyOf(layout: Layout, startAt: number, sink: ByteSink): Uint8Array {
  const body = createSink(1 + layout.encodings.length + 16 + sink.length);
  putByte(body, frameVersion);
  for (const encoding of layout.encodings) putByte(body, encoding);
  putSigned(body, startAt);
  putBytes(body, sink.bytes.subarray(0, sink.length));
  return takeBytes(body);
}
