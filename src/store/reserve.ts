import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { codeOf } from '../base/errors.ts';

/**
 * A file that only takes up space. On a full disk SQLite can neither insert nor delete; giving this file up makes the
 * room in which alarms can still be written and other things given up.
 */
export interface Reserve {
  /** Gives the space to the database. False when there was none left to give. */
  release(): boolean;
  /** False between a release and the day the disk has plenty of space again; true when there never was to be one. */
  isHeld(): boolean;
  /** Takes the space back as soon as the disk has plenty again; costs nothing while the file is there. */
  restore(): void;
  /** Free on the disk beyond the size of the reserve, whether that is held or not. */
  spareBytes(): number;
}

/** The reserve is only taken from a disk that has this many times its size free. */
const plentyFactor = 4;

export function createReserve(path: string, folder: string, bytes: number): Reserve {
  let isHeld = existsSync(path);
  return {
    isHeld: () => isHeld || bytes === 0,
    release() {
      if (!isHeld) return false;
      rmSync(path, { force: true });
      isHeld = false;
      return true;
    },
    restore() {
      if (isHeld || bytes === 0 || freeBytes(folder) < bytes * plentyFactor) return;
      isHeld = fill(path, bytes);
    },
    spareBytes: () => Math.max(0, freeBytes(folder) - bytes),
  };
}

/** SQLite's shared memory takes 32 KiB; with less than twice that free, a file it cannot make is a matter of space. */
const scarceBytes = 64 * 1_024;

/** True when an error says that the disk is full, or might as well: at the start SQLite calls that an IO error. */
export function isForSpace(error: unknown, folder: string): boolean {
  const code = codeOf(error) ?? '';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return true;
  return /^SQLITE_(IOERR|CANTOPEN)/.test(code) && freeBytes(folder) < scarceBytes;
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function fill(path: string, bytes: number): boolean {
  try {
    const descriptor = openSync(path, 'w');
    try {
      // A file system may refuse blocks it promised earlier; only written ones are certain.
      writeSync(descriptor, Buffer.alloc(bytes));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}
