import { BinaryReader } from '@bufbuild/protobuf/wire';

/** What the model of a host has to know of a payload, read in the process: protoc takes 10 ms for each. */
export interface QuickPayload {
  seq: number | undefined;
  readonly metrics: QuickMetric[];
}

export interface QuickMetric {
  name: string | undefined;
  alias: number | undefined;
  at: number;
  isHistorical: boolean;
  isNull: boolean;
  value: number | boolean | string | undefined;
  eventId: string | undefined;
}

export function quickDecode(bytes: Uint8Array): QuickPayload {
  const payload: QuickPayload = { seq: undefined, metrics: [] };
  eachField(bytes, (field, reader) => {
    if (field === 2) payload.metrics.push(readMetric(reader.bytes()));
    else if (field === 3) payload.seq = Number(reader.uint64());
    else return false;
    return true;
  });
  return payload;
}

function readMetric(bytes: Uint8Array): QuickMetric {
  const metric: QuickMetric = {
    name: undefined,
    alias: undefined,
    at: 0,
    isHistorical: false,
    isNull: false,
    value: undefined,
    eventId: undefined,
  };
  const readers: Readonly<Record<number, (reader: BinaryReader) => void>> = {
    1: reader => Object.assign(metric, { name: reader.string() }),
    2: reader => Object.assign(metric, { alias: Number(reader.uint64()) }),
    3: reader => Object.assign(metric, { at: Number(reader.uint64()) }),
    5: reader => Object.assign(metric, { isHistorical: reader.bool() }),
    7: reader => Object.assign(metric, { isNull: reader.bool() }),
    9: reader => Object.assign(metric, { eventId: readEventId(reader.bytes()) }),
    10: reader => Object.assign(metric, { value: reader.uint32() }),
    11: reader => Object.assign(metric, { value: Number(reader.uint64()) }),
    13: reader => Object.assign(metric, { value: reader.double() }),
    14: reader => Object.assign(metric, { value: reader.bool() }),
    15: reader => Object.assign(metric, { value: reader.string() }),
  };
  eachField(bytes, (field, reader) => {
    readers[field]?.(reader);
    return field in readers;
  });
  return metric;
}

function readEventId(bytes: Uint8Array): string | undefined {
  const keys: string[] = [];
  const values: (string | undefined)[] = [];
  eachField(bytes, (field, reader) => {
    if (field === 1) keys.push(reader.string());
    else values.push(readText(reader.bytes()));
    return true;
  });
  return values[keys.indexOf('eventId')];
}

function readText(bytes: Uint8Array): string | undefined {
  let text: string | undefined;
  eachField(bytes, (field, reader) => {
    if (field === 8) text = reader.string();
    return field === 8;
  });
  return text;
}

/** The visitor says whether it has read the field. */
function eachField(bytes: Uint8Array, visit: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!visit(field, reader)) reader.skip(wireType, field);
  }
}
