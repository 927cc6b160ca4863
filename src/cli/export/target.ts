import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { PlantroomError } from '../../base/errors.ts';
import type { WriteBytes } from './sink.ts';

/** Where an export goes. */
export interface Target {
  readonly write: WriteBytes;
  /** Puts the file under its name, on the disk for good. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  drop(): Promise<void>;
}

/** Standard output, no faster than whoever reads it. */
export function streamTarget(output: Writable): Target {
  return {
    write: bytes =>
      new Promise((resolve, reject) => {
        output.write(bytes, error => (error ? reject(error) : resolve()));
      }),
    finish: async () => {},
    drop: async () => {},
  };
}

/**
 * A new file, which has its name only once it is whole.
 *
 * @throws PlantroomError `usage` when it is there already
 */
export async function fileTarget(path: string): Promise<Target> {
  if (existsSync(path)) {
    throw new PlantroomError(`${path} is there already`, {
      kind: 'usage',
      hint: 'name another file; nothing is written over',
    });
  }
  const unfinished = `${path}.part`;
  const file = await open(unfinished, 'w', 0o640);
  return {
    async write(bytes) {
      await file.writeFile(bytes);
    },
    async finish() {
      await file.sync();
      await file.close();
      await rename(unfinished, path);
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
    },
    async drop() {
      await file.close();
      await rm(unfinished, { force: true });
    },
  };
}
