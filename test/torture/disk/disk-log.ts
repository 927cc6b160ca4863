/** Something that happened to a folder, as test/fixtures/disk.c has seen it. Names are relative to the folder. */
export type DiskEntry =
  /** `opening` tells this opening from all others. The folder itself has the empty name. */
  | {
      readonly kind: 'opened';
      readonly opening: number;
      readonly name: string;
      readonly isMade: boolean;
      readonly isEmptied: boolean;
    }
  | DiskWrite
  | DiskTruncate
  | { readonly kind: 'synced'; readonly opening: number }
  /** It was asked to sync and answered with an error. */
  | { readonly kind: 'sync-failed'; readonly opening: number }
  | FolderChange
  /** What the program wanted to be noted at this point. */
  | { readonly kind: 'noted'; readonly text: string };

export interface DiskWrite {
  readonly kind: 'written';
  readonly opening: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface DiskTruncate {
  readonly kind: 'truncated';
  readonly opening: number;
  readonly size: number;
}

export type FolderChange =
  | { readonly kind: 'unlinked'; readonly name: string }
  | { readonly kind: 'renamed'; readonly from: string; readonly to: string };

const headBytes = 24;

export function parseDiskLog(log: Buffer): readonly DiskEntry[] {
  const entries: DiskEntry[] = [];
  for (let at = 0; at < log.length; ) {
    const nameStart = at + headBytes;
    const dataStart = nameStart + log.readUInt32LE(at + 16);
    const end = dataStart + log.readUInt32LE(at + 20);
    const name = log.toString('utf8', nameStart, dataStart);
    entries.push(toEntry(log.subarray(at, nameStart), name, log.subarray(dataStart, end)));
    at = end;
  }
  return entries;
}

function toEntry(head: Buffer, name: string, data: Buffer): DiskEntry {
  const opening = head.readUInt32LE(4);
  const offset = Number(head.readBigUInt64LE(8));
  switch (head.readUInt32LE(0)) {
    case 1:
      return { kind: 'opened', opening, name, isMade: (offset & 1) !== 0, isEmptied: (offset & 2) !== 0 };
    case 2:
      return { kind: 'written', opening, offset, bytes: data };
    case 3:
      return { kind: 'truncated', opening, size: offset };
    case 4:
      return { kind: 'synced', opening };
    case 5:
      return { kind: 'unlinked', name };
    case 6:
      return { kind: 'renamed', from: name, to: data.toString() };
    case 7:
      return { kind: 'noted', text: data.toString().trimEnd() };
    case 8:
      return { kind: 'sync-failed', opening };
    default:
      throw new Error(`the log of the disk is damaged: kind ${head.readUInt32LE(0)}`);
  }
}
