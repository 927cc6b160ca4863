import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/*
 * Google's own protoc as the independent reader and writer of payloads, by sparkplug-b.proto. What it prints is the text
 * format, which is read here into plain objects.
 */

const folder = join(import.meta.dirname, '../../../src/uplink/sparkplug');

function protoc(direction: 'encode' | 'decode', input: Uint8Array): Buffer {
  const args = [`--${direction}=plantroom.sparkplug.Payload`, `--proto_path=${folder}`, 'sparkplug-b.proto'];
  const { status, stdout, stderr, error } = spawnSync('protoc', args, { input });
  if (error) throw error;
  if (status !== 0) throw new Error(`protoc --${direction}: ${stderr}`);
  return stdout;
}

export type Field = string | number | bigint | boolean | Fields;

/** Fields by name, each with all its values in order. */
export type Fields = ReadonlyMap<string, readonly Field[]>;

export interface DecodedMetric {
  readonly name?: string;
  readonly alias?: number;
  readonly timestamp?: number;
  readonly datatype?: number;
  readonly isHistorical: boolean;
  readonly isNull: boolean;
  /** The name of the field that carries the value, and the value. */
  readonly field?: string;
  readonly value?: Field;
  readonly properties: Readonly<Record<string, Field | null>>;
  /** Their data types. */
  readonly propertyTypes: Readonly<Record<string, number>>;
}

export interface DecodedPayload {
  readonly timestamp?: number;
  readonly seq?: number;
  readonly metrics: readonly DecodedMetric[];
}

export function decodeByProtoc(payload: Uint8Array): DecodedPayload {
  const text = protoc('decode', payload).toString('latin1');
  // Fields that sparkplug-b.proto does not know come out as numbers.
  if (/^\s*\d+[: ]/m.test(text)) throw new Error(`unknown fields:\n${text}`);
  const fields = parseFields(tokenize(text));
  return {
    ...numberOf(fields, 'timestamp', 'timestamp'),
    ...numberOf(fields, 'seq', 'seq'),
    metrics: (fields.get('metrics') ?? []).map(metric => readMetric(metric as Fields)),
  };
}

/** Text format → bytes. */
export function encodeByProtoc(text: string): Buffer {
  return protoc('encode', Buffer.from(text));
}

function readMetric(fields: Fields): DecodedMetric {
  const valueField = [...fields.keys()].find(name => name.endsWith('_value'));
  const name = one(fields, 'name');
  const properties = (one(fields, 'properties') as Fields | undefined) ?? new Map();
  const keys = (properties.get('keys') ?? []) as readonly string[];
  const values = (properties.get('values') ?? []) as readonly Fields[];
  if (keys.length !== values.length) throw new Error('a property set with keys and values of unequal number');
  return {
    ...(typeof name === 'string' && { name }),
    ...numberOf(fields, 'alias', 'alias'),
    ...numberOf(fields, 'timestamp', 'timestamp'),
    ...numberOf(fields, 'datatype', 'datatype'),
    isHistorical: one(fields, 'is_historical') === true,
    isNull: one(fields, 'is_null') === true,
    ...(valueField && { field: valueField, value: one(fields, valueField) as Field }),
    properties: Object.fromEntries(keys.map((key, index) => [key, propertyValue(values[index] as Fields)])),
    propertyTypes: Object.fromEntries(keys.map((key, index) => [key, Number(one(values[index] as Fields, 'type'))])),
  };
}

function propertyValue(property: Fields): Field | null {
  const valueField = [...property.keys()].find(name => name.endsWith('_value'));
  return valueField === undefined ? null : (one(property, valueField) as Field);
}

function one(fields: Fields, name: string): Field | undefined {
  return fields.get(name)?.at(-1);
}

function numberOf<Key extends string>(fields: Fields, name: string, key: Key): Partial<Record<Key, number>> {
  const value = one(fields, name);
  return value === undefined ? {} : ({ [key]: Number(value) } as Partial<Record<Key, number>>);
}

function tokenize(text: string): string[] {
  return text.match(/"(?:\\.|[^"\\])*"|[{}:]|[^\s{}:"]+/g) ?? [];
}

/** Up to the closing brace, or to the end. */
function parseFields(tokens: string[]): Fields {
  const fields = new Map<string, Field[]>();
  for (let name = tokens.shift(); name !== undefined && name !== '}'; name = tokens.shift()) {
    const next = tokens.shift();
    const value = next === '{' ? parseFields(tokens) : parseScalar(tokens.shift() ?? '');
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  return fields;
}

function parseScalar(token: string): Field {
  if (token.startsWith('"')) return readEscapes(token.slice(1, -1));
  if (token === 'true' || token === 'false') return token === 'true';
  if (token === 'inf' || token === '-inf') return token === 'inf' ? Infinity : -Infinity;
  const number = Number(token);
  return Number.isSafeInteger(number) || !/^\d+$/.test(token) ? number : BigInt(token);
}

/** Octal escapes are bytes of UTF-8. */
function readEscapes(text: string): string {
  const simple: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '\\': '\\' };
  const bytes = text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (simple[code] ?? code),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
