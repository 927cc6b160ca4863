import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory that is soon full. Needs root and the right to mount. */
export interface SmallDisk {
  readonly folder: string;
  /** For example `4m`. */
  grow(size: string): void;
  [Symbol.dispose](): void;
}

export const mayMount = process.getuid?.() === 0 && canMount();

/** @param folder below which it is mounted */
export function mountSmallDisk(folder: string, size: string): SmallDisk {
  const place = join(folder, 'small');
  mkdirSync(place);
  mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place);
  return {
    folder: place,
    grow: more => mount('-o', `remount,size=${more}`, place),
    [Symbol.dispose]: () => {
      spawnSync('umount', ['-l', place]);
    },
  };
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-mount-'));
  try {
    mountSmallDisk(folder, '64k')[Symbol.dispose]();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
