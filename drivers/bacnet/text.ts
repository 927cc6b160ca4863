import { isUtf8 } from 'node:buffer';

/** Character sets (clause 20.2.9), by the first byte of a text. */
const charsets = { utf8: 0, ucs4: 3, ucs2: 4, latin1: 5 } as const;

/**
 * The text from `at` to `end`, behind its character set. Undefined where the set is not known (two code pages of Microsoft
 * and JIS), or the bytes are none of that set: a name that is half right is worse than none.
 */
export function decodeText(bytes: Buffer, at: number, end: number): string | undefined {
  switch (bytes[at]) {
    case charsets.utf8:
      return isUtf8(bytes.subarray(at + 1, end)) ? bytes.toString('utf8', at + 1, end) : undefined;
    case charsets.latin1:
      return bytes.toString('latin1', at + 1, end);
    case charsets.ucs2:
      return decodeUcs2(bytes.subarray(at + 1, end));
    case charsets.ucs4:
      return decodeUcs4(bytes.subarray(at + 1, end));
    default:
      return undefined;
  }
}

/** The high byte first, unless a byte order mark says otherwise. Surrogates are taken: devices mean UTF-16. */
function decodeUcs2(bytes: Buffer): string | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  const begin = bytes[0] === 0xfe && bytes[1] === 0xff ? 2 : 0;
  return Buffer.from(bytes.subarray(begin)).swap16().toString('utf16le');
}

function decodeUcs4(bytes: Buffer): string | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = bytes.readUInt32BE(at);
    if (point > 0x10ffff) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}
