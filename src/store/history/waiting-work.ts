import type { PackedRow, PackedWork } from './messages.ts';

/** What waits in memory to be written; bounded. */
export interface WaitingWork {
  add(work: PackedWork): void;
  /**
   * Takes what came first, summaries before raw frames, up to so many bytes, and one row where that alone has more.
   * Undefined when nothing waits. It counts as waiting until it is done.
   */
  take(mostBytes: number): PackedWork | undefined;
  /** What was taken is on the disk, or given up. */
  done(): void;
  readonly bytes: number;
  /** Given up since the start because too much waited. */
  readonly dropped: { readonly samples: number; readonly summaries: number };
}

/** What a row takes beside its texts and its body. */
const rowBytes = 200;

/** Beyond `limitBytes` the oldest raw frames go, and when there are none, the oldest summaries. */
export function createWaitingWork(limitBytes: number): WaitingWork {
  const frames: PackedRow[] = [];
  const windows: PackedRow[] = [];
  let bytes = 0;
  let takenBytes = 0;
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

  /** Takes the first rows of a list that fit, and one in any case where nothing is taken yet. */
  function takeFrom(rows: PackedRow[], taken: Taken): PackedRow[] {
    let count = 0;
    for (const row of rows) {
      const rowSize = bytesOf(row);
      if (taken.bytes > 0 && taken.bytes + rowSize > taken.mostBytes) break;
      taken.bytes += rowSize;
      count += 1;
    }
    return rows.splice(0, count);
  }

  return {
    add(work) {
      frames.push(...work.frames);
      windows.push(...work.windows);
      for (const row of [...work.frames, ...work.windows]) bytes += bytesOf(row);
      drop();
    },
    take(mostBytes) {
      if (frames.length === 0 && windows.length === 0) return undefined;
      const taken = { bytes: 0, mostBytes };
      const work = { windows: takeFrom(windows, taken), frames: takeFrom(frames, taken) };
      takenBytes += taken.bytes;
      return work;
    },
    done() {
      bytes -= takenBytes;
      takenBytes = 0;
    },
    get bytes() {
      return bytes;
    },
    get dropped() {
      return { ...dropped };
    },
  };
}

interface Taken {
  bytes: number;
  readonly mostBytes: number;
}

function bytesOf(row: PackedRow | undefined): number {
  return row === undefined ? 0 : row.body.length + row.layout.length + rowBytes;
}
