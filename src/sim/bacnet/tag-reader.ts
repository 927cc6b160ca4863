/** What a request holds at one place. Only what a server needs of requests: context tags and the few types in them. */
export interface Tag {
  readonly number: number;
  readonly isContext: boolean;
  readonly kind: 'primitive' | 'opening' | 'closing';
  /** Undefined unless primitive. */
  readonly content: Buffer;
  /** Where the next tag begins. */
  readonly next: number;
}

const nothing = Buffer.alloc(0);

/** The tag at a place; undefined when the bytes end within it. */
export function readTag(bytes: Buffer, at: number): Tag | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const isContext = (first & 8) !== 0;
  const isLong = first >> 4 === 15;
  const number = isLong ? bytes[at + 1] : first >> 4;
  if (number === undefined) return undefined;
  const afterNumber = at + (isLong ? 2 : 1);
  const inline = first & 7;
  if (isContext && inline >= 6) {
    return { number, isContext, kind: inline === 6 ? 'opening' : 'closing', content: nothing, next: afterNumber };
  }
  // An application tagged boolean says its value where others say their length.
  if (!isContext && number === 1) {
    return { number, isContext, kind: 'primitive', content: Buffer.of(inline), next: afterNumber };
  }
  const length = readLength(bytes, afterNumber, inline);
  if (length === undefined || length.from + length.count > bytes.length) return undefined;
  const next = length.from + length.count;
  return { number, isContext, kind: 'primitive', content: bytes.subarray(length.from, next), next };
}

function readLength(bytes: Buffer, at: number, inline: number): { from: number; count: number } | undefined {
  if (inline < 5) return { from: at, count: inline };
  const second = bytes[at];
  if (inline > 5 || second === undefined) return undefined;
  if (second < 254) return { from: at + 1, count: second };
  const width = second === 254 ? 2 : 4;
  if (at + 1 + width > bytes.length) return undefined;
  return { from: at + 1 + width, count: bytes.readUIntBE(at + 1, width) };
}

/** The primitive under this context tag, if that is what stands there. */
export function readContext(bytes: Buffer, at: number, number: number): Tag | undefined {
  const tag = readTag(bytes, at);
  return tag?.isContext && tag.kind === 'primitive' && tag.number === number ? tag : undefined;
}

export function isBracket(bytes: Buffer, at: number, kind: 'opening' | 'closing', number: number): boolean {
  const tag = readTag(bytes, at);
  return tag?.isContext === true && tag.kind === kind && tag.number === number;
}

/** Undefined for what is longer than a number is exact. */
export function unsignedOf({ content }: Tag): number | undefined {
  return content.length >= 1 && content.length <= 6 ? content.readUIntBE(0, content.length) : undefined;
}

export function objectOf({ content }: Tag): { readonly type: number; readonly instance: number } | undefined {
  if (content.length !== 4) return undefined;
  const whole = content.readUInt32BE(0);
  return { type: whole >>> 22, instance: whole & 0x3fffff };
}
