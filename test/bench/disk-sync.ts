import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one durable write costs on the disk that the stores of the benchmarks lie on: the floor of every commit. */
export interface DiskSync {
  /** Appends 4 KiB and waits until the disk has them; ms. */
  measure(): number;
  [Symbol.dispose](): void;
}

export function openDiskSync(): DiskSync {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-sync-'));
  const file = openSync(join(folder, 'file'), 'a');
  const page = Buffer.alloc(4_096, 7);
  return {
    measure() {
      const startMs = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - startMs;
    },
    [Symbol.dispose]() {
      closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
