import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real ext4 of its own, in a file. */
export interface LoopDisk extends Disposable {
  /** Where it is mounted. */
  readonly folder: string;
  unmount(): void;
  mount(): void;
  /** Takes the last free block for somebody else. Returns what gives the space back. */
  fill(): () => void;
}

/** Why this machine cannot have such disks; undefined when it can. */
export function whyNoLoopDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount a file system';
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices';
  try {
    makeLoopDisk(4)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    return `a file system in a file cannot be mounted: ${String(error).split('\n')[0]}`;
  }
}

/** Blocks of 4 KiB as on a card; a small disk then has no room for a journal. */
export function makeLoopDisk(megabytes: number, blockBytes = 4_096): LoopDisk {
  const home = mkdtempSync(join(tmpdir(), 'plantroom-disk-'));
  const image = join(home, 'image');
  const folder = join(home, 'mounted');
  mkdirSync(folder);
  run('truncate', '-s', `${megabytes}M`, image);
  run('mkfs.ext4', '-q', '-F', '-b', String(blockBytes), image);
  const disk: LoopDisk = {
    folder,
    mount: () => run('mount', '-o', 'loop', image, folder),
    unmount: () => run('umount', folder),
    fill: () => fill(folder),
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', folder], { stdio: 'ignore' });
      rmSync(home, { recursive: true, force: true });
    },
  };
  try {
    disk.mount();
    return disk;
  } catch (error) {
    disk[Symbol.dispose]();
    throw error;
  }
}

function fill(folder: string): () => void {
  const path = join(folder, 'somebody-elses.log');
  const descriptor = openSync(path, 'w');
  for (const bytes of [65_536, 1_024]) {
    const block = Buffer.alloc(bytes, 1);
    while (tryWrite(descriptor, block));
  }
  closeSync(descriptor);
  return () => rmSync(path);
}

function tryWrite(descriptor: number, block: Buffer): boolean {
  try {
    return writeSync(descriptor, block) > 0;
  } catch {
    return false;
  }
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
