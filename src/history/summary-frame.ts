import type { CountedSummary, Summary } from '../model/summary.ts';
import {
  type ByteSink,
  type ByteSource,
  createSink,
  createSource,
  damaged,
  putByte,
  putDouble,
  putFloat,
  putSigned,
  putVarint,
  takeByte,
  takeBytes,
  takeDouble,
  takeFloat,
  takeSigned,
  takeVarint,
} from './bytes.ts';
import { isExactFloat, wholeOf } from './encoding.ts';
import type { SeriesName } from './frame.ts';

/*
 * The summaries of one device over one window: a version, and for each point flags, counts and values. The values of a
 * point share a form: whole numbers of the same decimal (0 to 9), single floats or doubles, whichever is the first to give
 * all of them back to the bit. The mean, which rarely fits into it, is a double of its own then. In the files: never
 * renumber.
 */

const version = 1;

const flags = {
  /** There are good samples, and so values. */
  values: 1,
  /** All samples were good. */
  allGood: 2,
  /** Least, largest, mean and last are one number. */
  flat: 4,
  delta: 8,
  resets: 16,
  /** The mean has the form of the others. */
  roundMean: 32,
} as const;

const mostDecimals = 9;
const floatForm = 14;
const doubleForm = 15;

const firstSinkBytes = 1_024;

export function encodeSummaries(points: readonly CountedSummary[]): Uint8Array {
  const sink = createSink(firstSinkBytes);
  putByte(sink, version);
  for (const point of points) putSummary(sink, point);
  return takeBytes(sink);
}

/** The summaries of these series, in their order. Throws PlantroomError `storage` for a damaged body. */
export function decodeSummaries(body: Uint8Array, names: readonly SeriesName[]): CountedSummary[] {
  const source = createSource(body);
  const found = takeByte(source);
  if (found !== version) throw damaged(`this plantroom does not know version ${found} of summaries`);
  return names.map(name => takeSummary(source, name));
}

/** Spelled out, here and below: on the way to a platform tens of thousands of them are made in a second. */
export function withoutSamples(counted: CountedSummary): Summary {
  const { point, unit, count, min, max, mean, last, goodShare, delta, resets } = counted;
  return { point, unit, count, min, max, mean, last, goodShare, delta, resets };
}

function putSummary(sink: ByteSink, summary: CountedSummary): void {
  const { count, samples, min = 0, max = 0, mean = 0, last = 0, delta, resets } = summary;
  const hasValues = count > 0;
  const isFlat = Object.is(min, max) && Object.is(min, mean) && Object.is(min, last);
  const values = [...(hasValues ? [min, max, last] : []), ...(delta === undefined ? [] : [delta])];
  const form = formOf(values);
  const isMeanRound = fits(mean, form);
  putByte(
    sink,
    (hasValues ? flags.values : 0) |
      (samples === count ? flags.allGood : 0) |
      (isFlat ? flags.flat : 0) |
      (delta === undefined ? 0 : flags.delta) |
      (resets === 0 ? 0 : flags.resets) |
      (isMeanRound ? flags.roundMean : 0),
  );
  putVarint(sink, count);
  if (samples !== count) putVarint(sink, samples);
  if (values.length > 0) putByte(sink, form);
  if (hasValues) {
    putValue(sink, form, min, 0);
    if (!isFlat) {
      putValue(sink, form, max, min);
      putValue(sink, form, last, min);
      if (isMeanRound) putValue(sink, form, mean, min);
      else putDouble(sink, mean);
    }
  }
  if (delta !== undefined) putValue(sink, form, delta, 0);
  if (resets !== 0) putVarint(sink, resets);
}

function takeSummary(source: ByteSource, { point, unit }: SeriesName): CountedSummary {
  const found = takeByte(source);
  const has = (flag: number) => (found & flag) !== 0;
  const count = takeVarint(source);
  const samples = has(flags.allGood) ? count : takeVarint(source);
  const form = has(flags.values) || has(flags.delta) ? takeByte(source) : doubleForm;
  let min: number | undefined;
  let max: number | undefined;
  let last: number | undefined;
  let mean: number | undefined;
  if (has(flags.values)) {
    const least = takeValue(source, form, 0);
    const isFlat = has(flags.flat);
    min = least;
    max = isFlat ? least : takeValue(source, form, least);
    last = isFlat ? least : takeValue(source, form, least);
    mean = isFlat ? least : has(flags.roundMean) ? takeValue(source, form, least) : takeDouble(source);
  }
  const delta = has(flags.delta) ? takeValue(source, form, 0) : undefined;
  const resets = has(flags.resets) ? takeVarint(source) : 0;
  const goodShare = samples === 0 ? 0 : count / samples;
  return { point, unit, count, samples, min, max, mean, last, goodShare, delta, resets };
}

function formOf(values: readonly number[]): number {
  for (let decimals = 0; decimals <= mostDecimals; decimals += 1)
    if (values.every(value => fits(value, decimals))) return decimals;
  return values.every(isExactFloat) ? floatForm : doubleForm;
}

function fits(value: number, form: number): boolean {
  if (form === doubleForm) return true;
  return form === floatForm ? isExactFloat(value) : wholeOf(value, 10 ** form) !== undefined;
}

/** Whole numbers are told against another value of the same point, which makes them short. */
function putValue(sink: ByteSink, form: number, value: number, base: number): void {
  if (form === doubleForm) putDouble(sink, value);
  else if (form === floatForm) putFloat(sink, value);
  else putSigned(sink, Math.round(value * 10 ** form) - Math.round(base * 10 ** form));
}

function takeValue(source: ByteSource, form: number, base: number): number {
  if (form === doubleForm) return takeDouble(source);
  if (form === floatForm) return takeFloat(source);
  if (form > mostDecimals) throw damaged(`this plantroom does not know the form ${form} of values`);
  return (takeSigned(source) + Math.round(base * 10 ** form)) / 10 ** form;
}
