import type { DeviceSummary } from '../../history/coarser.ts';
import type { HistoryWork, RawFrame } from './messages.ts';

/** What waits in memory to be written; bounded. */
export interface WaitingWork {
  add(work: HistoryWork): void;
  /** Takes all that waits; undefined when nothing does. */
  take(): HistoryWork | undefined;
  readonly bytes: number;
  /** Given up since the start because too much waited. */
  readonly dropped: { readonly samples: number; readonly summaries: number };
}

/** About what a summary takes until it is written: it is not encoded yet. */
const summaryPointBytes = 100;
const itemBytes = 200;

/** Beyond `limitBytes` the oldest raw frames go, and when there are none, the oldest summaries. */
export function createWaitingWork(limitBytes: number): WaitingWork {
  let frames: RawFrame[] = [];
  let summaries: DeviceSummary[] = [];
  let bytes = 0;
  const dropped = { samples: 0, summaries: 0 };

  function drop(): void {
    let firstFrame = 0;
    for (; bytes > limitBytes && firstFrame < frames.length; firstFrame += 1) {
      const frame = frames[firstFrame];
      bytes -= bytesOfFrame(frame);
      dropped.samples += frame?.samples ?? 0;
    }
    if (firstFrame > 0) frames = frames.slice(firstFrame);
    let firstSummary = 0;
    for (; bytes > limitBytes && firstSummary < summaries.length; firstSummary += 1) {
      bytes -= bytesOfSummary(summaries[firstSummary]);
      dropped.summaries += 1;
    }
    if (firstSummary > 0) summaries = summaries.slice(firstSummary);
  }

  return {
    add(work) {
      frames.push(...work.frames);
      summaries.push(...work.summaries);
      bytes += bytesOf(work);
      drop();
    },
    take() {
      if (frames.length === 0 && summaries.length === 0) return undefined;
      const work = { frames, summaries };
      frames = [];
      summaries = [];
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

function bytesOf({ frames, summaries }: HistoryWork): number {
  const frameBytes = frames.reduce((sum, frame) => sum + bytesOfFrame(frame), 0);
  return summaries.reduce((sum, summary) => sum + bytesOfSummary(summary), frameBytes);
}

function bytesOfFrame(frame: RawFrame | undefined): number {
  return frame === undefined ? 0 : frame.body.length + itemBytes;
}

function bytesOfSummary(summary: DeviceSummary | undefined): number {
  return summary === undefined ? 0 : summary.points.length * summaryPointBytes + itemBytes;
}
