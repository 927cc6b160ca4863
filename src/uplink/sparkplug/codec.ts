import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { WrittenMetric } from './payload.ts';
import { type DataType, dataTypes, type Metric, type Properties, type Scalar, type Typed } from './payload.ts';

/*
 * sparkplug-b.proto in code: the library writes and reads the wire format, the field numbers stand here. Its reflection
 * would take 20 MB instead of 6. This file is loaded only when an uplink speaks Sparkplug.
 */

const payloadFields = { timestamp: 1, metrics: 2, seq: 3 };
const metricFields = { name: 1, alias: 2, timestamp: 3, datatype: 4, isHistorical: 5, isNull: 7, properties: 9 };
const setFields = { keys: 1, values: 2 };
const propertyFields = { type: 1, isNull: 2 };

/** The number of the first of a message's value fields; the others follow in the same order. */
const firstMetricValue = 10;
const firstPropertyValue = 3;
const valueOffsets = { int: 0, long: 1, float: 2, double: 3, boolean: 4, string: 5 };

/** One for all, since each writer takes memory outside the heap, which goes back late. `finish` leaves it empty. */
const writer = new BinaryWriter();

/** What `sealPayload` adds at most: a time and a sequence number, each with its tag. */
export const longestSealBytes = 1 + 8 + 1 + 2;

/**
 * The metrics as they stand in a payload. Payloads can be cut and joined anywhere between two metrics: the wire format
 * is a list of fields.
 */
export function encodeMetrics(metrics: readonly Metric[]): Uint8Array {
  for (const metric of metrics) {
    writer.tag(payloadFields.metrics, WireType.LengthDelimited).fork();
    writeMetric(metric);
    writer.join();
  }
  return writer.finish();
}

/** A whole payload: when it is sent, what is in it, and its place in the sequence; a death of the node has none. */
export function sealPayload(metrics: Uint8Array, at: number, seq: number | undefined): Uint8Array {
  writer.tag(payloadFields.timestamp, WireType.Varint).uint64(wireTime(at)).raw(metrics);
  if (seq !== undefined) writer.tag(payloadFields.seq, WireType.Varint).uint64(seq);
  return writer.finish();
}

function writeMetric(metric: Metric): void {
  const { name, alias, properties } = metric;
  if (name !== undefined) writer.tag(metricFields.name, WireType.LengthDelimited).string(name);
  if (alias !== undefined) writer.tag(metricFields.alias, WireType.Varint).uint64(alias);
  writer.tag(metricFields.timestamp, WireType.Varint).uint64(wireTime(metric.at));
  writer.tag(metricFields.datatype, WireType.Varint).uint32(dataTypes[metric.type]);
  if (metric.isHistorical) writer.tag(metricFields.isHistorical, WireType.Varint).bool(true);
  if (metric.value === undefined) writer.tag(metricFields.isNull, WireType.Varint).bool(true);
  if (properties) writeProperties(properties);
  writeValue(firstMetricValue, metric);
}

function writeProperties(properties: Properties): void {
  const entries = Object.entries(properties);
  writer.tag(metricFields.properties, WireType.LengthDelimited).fork();
  for (const [key] of entries) writer.tag(setFields.keys, WireType.LengthDelimited).string(key);
  for (const [, typed] of entries) {
    writer.tag(setFields.values, WireType.LengthDelimited).fork();
    writer.tag(propertyFields.type, WireType.Varint).uint32(dataTypes[typed.type]);
    if (typed.value === undefined) writer.tag(propertyFields.isNull, WireType.Varint).bool(true);
    writeValue(firstPropertyValue, typed);
    writer.join();
  }
  writer.join();
}

const writers: Readonly<Record<DataType, (first: number, value: Scalar) => void>> = {
  // An unsigned field carries signed numbers by their bits.
  int32: (first, value) => writer.tag(first + valueOffsets.int, WireType.Varint).uint32(Number(value) >>> 0),
  int64: writeLong,
  uint64: writeLong,
  dateTime: (first, value) => writeLong(first, wireTime(Number(value))),
  double: (first, value) => writer.tag(first + valueOffsets.double, WireType.Bit64).double(Number(value)),
  boolean: (first, value) => writer.tag(first + valueOffsets.boolean, WireType.Varint).bool(value === true),
  string: (first, value) => writer.tag(first + valueOffsets.string, WireType.LengthDelimited).string(String(value)),
};

/** A number that is no whole one would throw here, and nothing may keep an alarm from being sent. */
function writeLong(first: number, value: Scalar): void {
  const whole = Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : 0;
  writer.tag(first + valueOffsets.long, WireType.Varint).uint64(BigInt.asUintN(64, BigInt(whole)));
}

function writeValue(first: number, { type, value }: Typed): void {
  if (value !== undefined) writers[type](first, value);
}

/** Milliseconds since 1970 as the unsigned number of the wire: a broken clock must not keep an alarm from being sent. */
function wireTime(wallMs: number): number {
  return Number.isFinite(wallMs) ? Math.min(Math.max(0, Math.floor(wallMs)), Number.MAX_SAFE_INTEGER) : 0;
}

/** What a host wrote with an NCMD. Undefined when these bytes are no payload. */
export function decodeWritten(bytes: Uint8Array): readonly WrittenMetric[] | undefined {
  try {
    const reader = new BinaryReader(bytes);
    const metrics: WrittenMetric[] = [];
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === payloadFields.metrics && wireType === WireType.LengthDelimited) {
        metrics.push(readMetric(reader.bytes()));
      } else {
        reader.skip(wireType, field);
      }
    }
    return metrics;
  } catch {
    // The library throws at a varint that is too long, a length beyond the end, a wire type that does not exist.
    return undefined;
  }
}

function readMetric(bytes: Uint8Array): WrittenMetric {
  const reader = new BinaryReader(bytes);
  let name: string | undefined;
  let alias: number | undefined;
  let value: Scalar | undefined;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === metricFields.name && wireType === WireType.LengthDelimited) name = reader.string();
    else if (field === metricFields.alias && wireType === WireType.Varint) alias = Number(reader.uint64());
    else value = readValue(reader, field, wireType) ?? value;
  }
  return { name, alias, value };
}

/** Skips what it does not know. */
function readValue(reader: BinaryReader, field: number, wireType: WireType): Scalar | undefined {
  const offset = field - firstMetricValue;
  if (offset === valueOffsets.int && wireType === WireType.Varint) return reader.uint32();
  if (offset === valueOffsets.long && wireType === WireType.Varint) return Number(reader.uint64());
  if (offset === valueOffsets.double && wireType === WireType.Bit64) return reader.double();
  if (offset === valueOffsets.boolean && wireType === WireType.Varint) return reader.bool();
  if (offset === valueOffsets.string && wireType === WireType.LengthDelimited) return reader.string();
  reader.skip(wireType, field);
  return undefined;
}
