import { strict as assert } from 'node:assert';
import type { Random } from '../../../src/base/random.ts';
import { applyTo, type Change, type Content, copyOf, cutOff, pickCut, surviving } from './content.ts';
import type { DiskEntry, DiskWrite, FolderChange } from './disk-log.ts';

/** What is in a folder: the bytes by name. */
export type Folder = ReadonlyMap<string, Buffer>;

/**
 * A folder on a disk that keeps only what was synced. A name that was made, removed or renamed is certain only after a
 * sync of the folder itself; what was written, only after a sync of the file. Nothing has an order before that.
 */
export interface DiskModel {
  apply(entry: DiskEntry): void;
  /** What the running program sees. */
  now(): Folder;
  /** Names of the files that wait for a sync; the empty name where the folder itself does. */
  unsynced(): readonly string[];
  /** One of the folders that may be found after a power cut at this moment, and in words how it was chosen. */
  cut(random: Random): { readonly folder: Folder; readonly how: string };
}

interface DiskFile {
  /** What the program sees. */
  readonly live: Content;
  /** What is certain. */
  readonly settled: Content;
  pending: Change[];
  /** Written before a sync that failed: the kernel has forgotten that they are not on the disk. */
  forgotten: DiskWrite[];
}

type FolderStep = FolderChange | { readonly kind: 'made'; readonly name: string; readonly file: DiskFile };

/** The kernel writes pages. */
const pageBytes = 4_096;

export function createDiskModel(start: Folder, random: Random): DiskModel {
  const names = new Map([...start].map(([name, bytes]) => [name, fileOf(bytes)]));
  const settledNames = new Map(names);
  let steps: FolderStep[] = [];
  /** The folder itself, or one of its files, by the number of the opening. */
  const opened = new Map<number, DiskFile | 'folder'>();

  function change(step: FolderStep): void {
    steps.push(step);
    takeStep(names, step);
  }

  function open({ opening, name, isMade, isEmptied }: DiskEntry & { kind: 'opened' }): void {
    if (name === '') {
      opened.set(opening, 'folder');
      return;
    }
    if (isMade) {
      const made = fileOf(Buffer.alloc(0));
      change({ kind: 'made', name, file: made });
    }
    const file = names.get(name);
    assert(file, `${name} was opened and never made`);
    opened.set(opening, file);
    if (isEmptied) write(file, { kind: 'truncated', opening, size: 0 });
  }

  function fileAt(opening: number): DiskFile | 'folder' {
    const file = opened.get(opening);
    assert(file, `opening ${opening} is not in the log`);
    return file;
  }

  function sync(file: DiskFile | 'folder'): void {
    if (file === 'folder') {
      for (const step of steps) takeStep(settledNames, step);
      steps = [];
      return;
    }
    for (const pending of file.pending) applyTo(file.settled, pending);
    file.pending = [];
  }

  return {
    apply(entry) {
      switch (entry.kind) {
        case 'opened':
          return open(entry);
        case 'written':
        case 'truncated': {
          const file = fileAt(entry.opening);
          assert(file !== 'folder', 'a folder was written to');
          return write(file, entry);
        }
        case 'synced':
          return sync(fileAt(entry.opening));
        case 'sync-failed': {
          const file = fileAt(entry.opening);
          return file === 'folder' ? undefined : forget(file, random);
        }
        case 'unlinked':
        case 'renamed':
          return change(entry);
        case 'noted':
          return undefined;
      }
    },
    now: () => new Map([...names].map(([name, { live }]) => [name, copyOf(live).bytes])),
    unsynced() {
      const waiting = [...names].filter(([, { pending }]) => pending.length > 0).map(([name]) => name);
      return steps.length > 0 ? ['', ...waiting] : waiting;
    },
    cut(chance) {
      const folderCut = pickCut(chance);
      const found = new Map(settledNames);
      for (const step of surviving(steps, folderCut, chance)) takeStep(found, step);
      const how = steps.length > 0 ? [`folder ${folderCut} of ${steps.length}`] : [];
      const folder = new Map<string, Buffer>();
      for (const [name, file] of found) {
        const cut = pickCut(chance);
        if (file.pending.length > 0) how.push(`${name} ${cut} of ${file.pending.length}`);
        const { bytes, size } = cutOff(file.settled, file.pending, cut, chance);
        folder.set(name, bytes.subarray(0, size));
      }
      return { folder, how: how.join(', ') };
    },
  };
}

function fileOf(bytes: Buffer): DiskFile {
  const content = { bytes, size: bytes.length };
  return { live: copyOf(content), settled: copyOf(content), pending: [], forgotten: [] };
}

function takeStep(names: Map<string, DiskFile>, step: FolderStep): void {
  if (step.kind === 'made') {
    names.set(step.name, step.file);
  } else if (step.kind === 'unlinked') {
    names.delete(step.name);
  } else {
    const file = names.get(step.from);
    if (!file) return;
    names.delete(step.from);
    names.set(step.to, file);
  }
}

function write(file: DiskFile, change: Change): void {
  applyTo(file.live, change);
  if (change.kind === 'written') remember(file, change);
  file.pending.push(change);
}

/** After a failed sync each write either is on the disk, or never comes there by itself. */
function forget(file: DiskFile, random: Random): void {
  const isLost = (change: Change): change is DiskWrite => change.kind === 'written' && random.next() < 0.5;
  const lost = new Set(file.pending.filter(isLost));
  file.forgotten.push(...lost);
  file.pending = file.pending.filter(change => change.kind !== 'written' || !lost.has(change));
}

/** A new write takes the whole page with it, and so what was forgotten of that page. */
function remember(file: DiskFile, { offset, bytes }: DiskWrite): void {
  if (file.forgotten.length === 0) return;
  const pageOf = (at: number) => Math.floor(at / pageBytes);
  const isShared = (other: DiskWrite) =>
    pageOf(other.offset) <= pageOf(offset + bytes.length - 1) &&
    pageOf(other.offset + other.bytes.length - 1) >= pageOf(offset);
  file.pending.push(...file.forgotten.filter(isShared));
  file.forgotten = file.forgotten.filter(other => !isShared(other));
}
