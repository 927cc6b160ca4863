import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { messageOf } from '../../base/errors.ts';
import { damaged } from '../../history/bytes.ts';

/** Below it nothing is won. */
const shortestPackedBytes = 128;

/** A body claims to hold no more than this, or it is damaged. */
const longestBodyBytes = 64 * 1_024 * 1_024;

/** The first byte of what zstd writes; bodies begin with their version, which is none of this. */
const zstdMark = 0x28;

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Makes a body shorter where that is possible. */
export function pack(body: Uint8Array): Uint8Array {
  if (body.length < shortestPackedBytes) return body;
  const packed = zstdCompressSync(body, options);
  return packed.length < body.length ? packed : body;
}

/** Throws PlantroomError `storage` for what is damaged. */
export function unpack(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== zstdMark) return bytes;
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: longestBodyBytes });
  } catch (error) {
    throw damaged(messageOf(error));
  }
}
