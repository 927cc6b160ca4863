import type { PackedRow, PackedWork } from './messages.ts';

/** What waits in memory to be written; bounded. */
export interface WaitingWork {
  add(work: PackedWork): void;
  /** Takes all that waits; undefined when nothing does. */
  take(): PackedWork | undefined;
  readonly bytes: number;
  /** Given up since the start because too much waited. */
  readonly dropped: { readonly samples: number; readonly summaries: number };
}

/** What a row takes beside its texts and its body. */
const rowBytes = 200;

/** Beyond `limitBytes` the oldest raw frames go, and when there are none, the oldest summaries. */
export function createWaitingWork(limitBytes: number): WaitingWork {
  let frames: PackedRow[] = [];
  let windows: PackedRow[] = [];
  let bytes = 0;
  const dropped = { samples: 0, summaries: 0 };

  /** Takes the first rows of a list away as long as too much waits; returns how many that were. */
  function dropFrom(rows: readonly PackedRow[]): number {
    let count = 0;
    for (; bytes > limitBytes && count < rows.length; count += 1) bytes -= bytesOf(rows[count]);
    return count;
  }

  function drop(): void {
    const oldFrames = frames.splice(0, dropFrom(frames));
    dropped.samples += oldFrames.reduce((sum, { samples }) => sum + samples, 0);
    dropped.summaries += windows.splice(0, dropFrom(windows)).length;
  }

  return {
    add(work) {
      frames.push(...work.frames);
      windows.push(...work.windows);
      for (const row of [...work.frames, ...work.windows]) bytes += bytesOf(row);
      drop();
    },
    take() {
      if (frames.length === 0 && windows.length === 0) return undefined;
      const work = { frames, windows };
      frames = [];
      windows = [];
      bytes = 0;
      return work;
    },
    get bytes() {
      return bytes;
    },
    get dropped() {
      return { ...dropped };
    },
  };
}

function bytesOf(row: PackedRow | undefined): number {
  return row === undefined ? 0 : row.body.length + row.layout.length + rowBytes;
}
