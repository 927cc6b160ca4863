import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../../src/base/random.ts';
import { type DiskEntry, parseDiskLog } from './disk-log.ts';
import { createDiskModel, type Folder } from './disk-model.ts';

/** What the real store did to its disk, from a folder that was certain to the last entry. */
export interface Recording {
  readonly start: Folder;
  readonly entries: readonly DiskEntry[];
}

export interface RecordOptions {
  /** Path of the compiled test/fixtures/disk.c. */
  readonly library: string;
  /** A store that was closed in order, to begin with; without it the store is made. */
  readonly from?: string;
  /** Processes one after the other on the same store; all but the last are killed. */
  readonly processes: number;
  readonly eventsEach: number;
  /** Syncs fail now and then. */
  readonly isFlaky?: boolean;
  /** Flags for Node. */
  readonly flags?: readonly string[];
  readonly random: Random;
}

/** In memory where the system has such a file system: it does not wait, and the log takes the syncs down, not the disk. */
export function fastFolder(): string {
  const shared = '/dev/shm';
  return mkdtempSync(join(readdirSync('/dev').includes('shm') ? shared : tmpdir(), 'plantroom-torture-'));
}

/**
 * Records the real store in processes of their own. Throws when the log, played to its end, does not give the very bytes
 * that are in the folder: then something was written past it.
 */
export async function recordStore(options: RecordOptions): Promise<Recording> {
  const home = fastFolder();
  try {
    const folder = join(home, 'store');
    const log = join(home, 'log');
    mkdirSync(folder);
    if (options.from !== undefined) cpSync(options.from, folder, { recursive: true });
    const start = readFolder(folder);
    for (let process = 1; process <= options.processes; process += 1) {
      await runProcess(options, folder, log, process < options.processes);
    }
    const recording = { start, entries: parseDiskLog(readFileSync(log)) };
    assertComplete(recording, readFolder(folder), options.random);
    return recording;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function runProcess(options: RecordOptions, folder: string, log: string, isKilled: boolean): Promise<void> {
  const seed = String(Math.floor(options.random.next() * 2 ** 31));
  const script = join(import.meta.dirname, 'busy-store-process.ts');
  const manner = [isKilled ? 'die' : 'close', options.isFlaky ? 'flaky' : 'good'];
  const args = [...(options.flags ?? []), script, folder, seed, String(options.eventsEach), ...manner];
  const env = { ...process.env, LD_PRELOAD: options.library, DISK_FOLDER: folder, DISK_LOG: log };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = await once(child, 'exit');
  if (isKilled ? signal !== 'SIGKILL' : code !== 0) throw new Error(`the recorded store ended with ${signal ?? code}`);
}

function assertComplete({ start, entries }: Recording, found: Folder, random: Random): void {
  const disk = createDiskModel(start, random);
  for (const entry of entries) disk.apply(entry);
  const played = disk.now();
  for (const name of new Set([...played.keys(), ...found.keys()])) {
    if (!isKeptOnDisk(name)) continue;
    const [one, other] = [played.get(name), found.get(name)];
    if (!one || !other || !one.equals(other))
      throw new Error(`the log of the disk does not lead to the ${name} that is there`);
  }
}

function readFolder(folder: string): Folder {
  const names = readdirSync(folder).filter(name => name !== 'control' && name !== 'fired');
  return new Map(names.map(name => [name, readFileSync(join(folder, name))]));
}

/** SQLite's shared memory is written through the memory, and made anew after a power cut. */
export function isKeptOnDisk(name: string): boolean {
  return !name.endsWith('-shm');
}
