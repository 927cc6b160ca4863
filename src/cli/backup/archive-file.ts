import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { create, extract } from 'tar';
import { isArchiveName, noBackup } from './manifest.ts';

/**
 * A backup is a tar file packed by gzip, the two that every machine can open by itself: what is in it can be had without
 * plantroom. Level 1: the history is packed already.
 */
const gzipLevel = 1;

type OnBytes = (bytes: number) => void;

/** Packs files of a folder, in the order given, and syncs the result. `onBytes` hears of each piece before it is packed. */
export async function packArchive(options: {
  readonly folder: string;
  readonly names: readonly string[];
  readonly path: string;
  readonly onBytes: OnBytes;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { folder, names, path, onBytes, signal } = options;
  // portable: no names of users and machines.
  const pack = create({ cwd: folder, portable: true, strict: true }, [...names]);
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(pack, countBytes(onBytes), createGzip({ level: gzipLevel }), file, { signal });
}

/**
 * Unpacks an archive into a folder that is there, names of ours only. `onBytes` hears of each piece of the packed file.
 *
 * @throws PlantroomError `refused` when it holds anything else, or is cut off
 */
export async function unpackArchive(options: {
  readonly path: string;
  readonly folder: string;
  readonly onBytes: OnBytes;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { path, folder, onBytes, signal } = options;
  let isForeign = false;
  const unpack = extract({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noChmod: true,
    noMtime: true,
    filter(name, entry) {
      const isKnown = isArchiveName(name) && 'type' in entry && entry.type === 'File';
      isForeign ||= !isKnown;
      return isKnown;
    },
  });
  try {
    await pipeline(createReadStream(path), countBytes(onBytes), createGunzip(), unpack, { signal });
  } catch (thrown) {
    if (isUnreadable(thrown)) throw noBackup(path);
    throw thrown;
  }
  if (isForeign) throw noBackup(path);
}

function countBytes(onBytes: OnBytes): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
}

/** What zlib and tar say of a file that is not theirs, or that ends too early. */
function isUnreadable(thrown: unknown): boolean {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
  return /^(Z_|TAR_|ERR_ZLIB)/.test(code);
}
