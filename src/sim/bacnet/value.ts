/** A value as the standard knows them, and how it stands in a message. Written from the standard, for the simulator alone. */
export type SimValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'unsigned' | 'enumerated'; readonly value: number | bigint }
  | { readonly kind: 'signed'; readonly value: number | bigint }
  | { readonly kind: 'real' | 'double'; readonly value: number }
  | { readonly kind: 'octets'; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string; readonly charset?: Charset }
  | { readonly kind: 'bits'; readonly bits: readonly boolean[] }
  | { readonly kind: 'date'; readonly date: SimDate }
  | { readonly kind: 'time'; readonly time: SimTime }
  | { readonly kind: 'object'; readonly type: number; readonly instance: number }
  /** A primitive under a context tag of its own in place of that of its type. */
  | { readonly kind: 'tagged'; readonly tag: number; readonly value: SimValue }
  /** Values between an opening and a closing tag. */
  | { readonly kind: 'group'; readonly tag: number; readonly values: readonly SimValue[] };

export type Charset = 'utf-8' | 'ucs-2' | 'latin-1';

/** What is undefined stands as 255: any. */
export interface SimDate {
  /** 1900 to 2154. */
  readonly year: number | undefined;
  readonly month: number | undefined;
  readonly day: number | undefined;
  /** 1 is Monday. */
  readonly weekday: number | undefined;
}

export interface SimTime {
  readonly hour: number | undefined;
  readonly minute: number | undefined;
  readonly second: number | undefined;
  readonly hundredth: number | undefined;
}

export const unsigned = (value: number | bigint): SimValue => ({ kind: 'unsigned', value });
export const enumerated = (value: number): SimValue => ({ kind: 'enumerated', value });
export const real = (value: number): SimValue => ({ kind: 'real', value });
export const boolean = (value: boolean): SimValue => ({ kind: 'boolean', value });
export const text = (content: string, charset?: Charset): SimValue =>
  charset === undefined ? { kind: 'text', text: content } : { kind: 'text', text: content, charset };
export const bits = (...flags: readonly boolean[]): SimValue => ({ kind: 'bits', bits: flags });
export const objectId = (type: number, instance: number): SimValue => ({ kind: 'object', type, instance });
export const tagged = (tag: number, value: SimValue): SimValue => ({ kind: 'tagged', tag, value });
export const group = (tag: number, ...values: readonly SimValue[]): SimValue => ({ kind: 'group', tag, values });

/** Numbers of the application tags. */
const tagOf = {
  null: 0,
  boolean: 1,
  unsigned: 2,
  signed: 3,
  real: 4,
  double: 5,
  octets: 6,
  text: 7,
  bits: 8,
  enumerated: 9,
  date: 10,
  time: 11,
  object: 12,
} as const;

const charsetCodes: Readonly<Record<Charset, number>> = { 'utf-8': 0, 'ucs-2': 4, 'latin-1': 5 };
const any = 0xff;

export function encodeValues(values: readonly SimValue[]): Buffer {
  return Buffer.concat(values.map(encodeValue));
}

export function encodeValue(value: SimValue): Buffer {
  switch (value.kind) {
    case 'group':
      return Buffer.concat([bracket(value.tag, 6), encodeValues(value.values), bracket(value.tag, 7)]);
    case 'tagged':
      return encodeTagged(value.tag, value.value);
    // A boolean has no content of its own: its tag says it.
    case 'boolean':
      return Buffer.of((tagOf.boolean << 4) | (value.value ? 1 : 0));
    default: {
      const content = contentOf(value);
      return Buffer.concat([header(tagOf[value.kind], false, content.length), content]);
    }
  }
}

function encodeTagged(tag: number, value: SimValue): Buffer {
  const content = contentOf(value);
  return Buffer.concat([header(tag, true, content.length), content]);
}

function contentOf(value: SimValue): Buffer {
  switch (value.kind) {
    case 'null':
      return Buffer.alloc(0);
    case 'boolean':
      return Buffer.of(value.value ? 1 : 0);
    case 'unsigned':
    case 'enumerated':
      return unsignedBytes(BigInt(value.value));
    case 'signed':
      return signedBytes(BigInt(value.value));
    case 'real': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatBE(value.value);
      return bytes;
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value.value);
      return bytes;
    }
    case 'octets':
      return Buffer.from(value.bytes);
    case 'text':
      return textBytes(value.text, value.charset ?? 'utf-8');
    case 'bits':
      return bitBytes(value.bits);
    case 'date': {
      const { year, month, day, weekday } = value.date;
      return Buffer.of(year === undefined ? any : year - 1900, month ?? any, day ?? any, weekday ?? any);
    }
    case 'time': {
      const { hour, minute, second, hundredth } = value.time;
      return Buffer.of(hour ?? any, minute ?? any, second ?? any, hundredth ?? any);
    }
    case 'object': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(((value.type << 22) | value.instance) >>> 0);
      return bytes;
    }
    case 'tagged':
    case 'group':
      return encodeValue(value);
  }
}

/** A tag beyond 14 and a length beyond 4 take bytes of their own. */
function header(tag: number, isContext: boolean, length: number): Buffer {
  const inline = length <= 4 ? length : 5;
  const first = (Math.min(tag, 15) << 4) | (isContext ? 8 : 0) | inline;
  const bytes = [first, ...(tag >= 15 ? [tag] : [])];
  if (length <= 4) return Buffer.from(bytes);
  if (length <= 253) return Buffer.from([...bytes, length]);
  if (length <= 0xffff) return Buffer.from([...bytes, 254, length >> 8, length & 0xff]);
  const long = Buffer.alloc(4);
  long.writeUInt32BE(length);
  return Buffer.concat([Buffer.from([...bytes, 255]), long]);
}

function bracket(tag: number, kind: 6 | 7): Buffer {
  const first = (Math.min(tag, 15) << 4) | 8 | kind;
  return tag >= 15 ? Buffer.of(first, tag) : Buffer.of(first);
}

/** As few bytes as hold it, at least one. */
function unsignedBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; left > 0n || bytes.length === 0; left >>= 8n) bytes.unshift(Number(left & 0xffn));
  return Buffer.from(bytes);
}

/** Two's complement in as few bytes as hold it with its sign. */
function signedBytes(value: bigint): Buffer {
  let count = 1;
  while (BigInt.asIntN(8 * count, value) !== value) count += 1;
  const bytes = unsignedBytes(BigInt.asUintN(8 * count, value));
  return Buffer.concat([Buffer.alloc(count - bytes.length), bytes]);
}

function textBytes(content: string, charset: Charset): Buffer {
  return Buffer.concat([Buffer.of(charsetCodes[charset]), characters(content, charset)]);
}

function characters(content: string, charset: Charset): Buffer {
  if (charset === 'utf-8') return Buffer.from(content, 'utf8');
  if (charset === 'latin-1') return Buffer.from(content, 'latin1');
  return Buffer.from(content, 'utf16le').swap16();
}

/** The number of unused bits of the last byte, then the bits, the first one highest. */
function bitBytes(flags: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(1 + Math.ceil(flags.length / 8));
  bytes[0] = 8 * (bytes.length - 1) - flags.length;
  flags.forEach((flag, index) => {
    const at = 1 + (index >> 3);
    if (flag) bytes[at] = (bytes[at] ?? 0) | (0x80 >> (index & 7));
  });
  return bytes;
}
