import type { DeviceSummary } from '../../history/coarser.ts';
import type { SeriesName } from '../../history/frame.ts';
import type { SummaryQuery } from '../../model/outbox.ts';
import type { SummarySpan } from '../../model/summary.ts';
import type { ClockDoubt, ClockQuality } from '../../model/time.ts';
import type { Failure, TimeFix } from '../messages.ts';
import type { HistoryClass } from './limits.ts';
import type { RawPage, RawQuery, RowPage, RowQuery } from './reading.ts';

/** What the history's face and its worker thread say to each other. Plain data only: it is cloned on the way. */

/** A minute of one device's raw values. */
export interface RawFrame {
  /** Id of the device. */
  readonly device: string;
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  readonly points: readonly SeriesName[];
  readonly body: Uint8Array;
  /** Left out where the clock was right. */
  readonly doubt?: ClockDoubt | undefined;
}

export interface WindowSummary extends DeviceSummary {
  /** Left out where the clock was right. */
  readonly doubt?: ClockDoubt | undefined;
}

export interface HistoryWork {
  readonly frames: readonly RawFrame[];
  /** Of one minute each. */
  readonly summaries: readonly WindowSummary[];
}

/** A frame, or the summaries of a window, on their way to the thread: to clone their objects would cost more than this. */
export interface PackedRow {
  readonly device: string;
  readonly from: number;
  readonly to: number;
  /** Samples in a frame, for the count of what is dropped. */
  readonly samples: number;
  readonly layout: string;
  readonly body: Uint8Array;
  readonly doubt: ClockDoubt | undefined;
}

export interface PackedWork {
  readonly frames: readonly PackedRow[];
  /** Of one minute each. */
  readonly windows: readonly PackedRow[];
}

/** An uplink that sends summaries. */
export interface UplinkNeed {
  readonly id: string;
  readonly span: SummarySpan;
}

/** A summary as it is stored: decoded where it is needed, which is cheaper than to clone it. */
export interface PackedSummary {
  readonly number: number;
  readonly id: string;
  readonly device: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly clock: ClockQuality;
  /** Place of its names in the answer. */
  readonly layout: number;
  readonly body: Uint8Array;
}

/** Windows of a device have the same names again and again: they are told once. */
export interface PackedSummaries {
  readonly rows: readonly PackedSummary[];
  readonly layouts: readonly (readonly SeriesName[])[];
}

export interface ClassFigures {
  /** What it takes of the file. */
  readonly bytes: number;
  /** Wall time of the oldest row as it was written; undefined when there is none. */
  readonly oldestAt: number | undefined;
  /** Rows given up because the disk or the file was full; counted over restarts. */
  readonly shedRows: number;
}

export interface UplinkFigures {
  readonly id: string;
  readonly unsent: number;
  /** Summaries that were removed before this uplink had sent them; counted over restarts. */
  readonly dropped: number;
}

export interface HistoryFileFigures {
  readonly classes: Readonly<Record<HistoryClass, ClassFigures>>;
  readonly uplinks: readonly UplinkFigures[];
  /** Of the database and its write-ahead file. */
  readonly sizeBytes: number;
  /** Path of the broken file that was set aside since the start. */
  readonly setAside: string | undefined;
  /** By this thread to the disk, since it began; undefined where the system does not tell. */
  readonly writtenBytes: number | undefined;
}

/** Every request with its answer. */
export interface HistoryRequests {
  open: {
    readonly body: {
      readonly folder: string;
      readonly openedAt: number;
      readonly sizeBytes: number;
      readonly uplinks: readonly UplinkNeed[];
      /** Once the clock is set. */
      readonly timeFix: TimeFix | undefined;
    };
    readonly answer: undefined;
  };
  write: { readonly body: { readonly batch: string; readonly work: PackedWork }; readonly answer: undefined };
  settle: {
    readonly body: { readonly uplink: string; readonly span: SummarySpan; readonly numbers: readonly number[] };
    readonly answer: undefined;
  };
  /** Writes down what was settled. */
  flush: { readonly body: undefined; readonly answer: undefined };
  'use-uplinks': { readonly body: readonly UplinkNeed[]; readonly answer: undefined };
  resize: { readonly body: number; readonly answer: undefined };
  'make-room': { readonly body: number; readonly answer: number };
  /** One step; answers how many rows it looked at, 0 when nothing is left. */
  'correct-times': { readonly body: TimeFix; readonly answer: number };
  'last-summary': { readonly body: SummarySpan; readonly answer: number };
  'read-summaries': {
    readonly body: { readonly uplink: string; readonly query: SummaryQuery };
    readonly answer: PackedSummaries;
  };
  'read-raw': { readonly body: RawQuery; readonly answer: RawPage };
  'read-rows': { readonly body: RowQuery; readonly answer: RowPage };
  close: { readonly body: undefined; readonly answer: undefined };
}

export type HistoryRequestKind = keyof HistoryRequests;

export type HistoryRequestMessage = {
  [Kind in HistoryRequestKind]: {
    readonly request: number;
    readonly kind: Kind;
    readonly body: HistoryRequests[Kind]['body'];
  };
}[HistoryRequestKind];

export interface HistoryReply {
  readonly request: number;
  readonly outcome:
    | { readonly kind: 'done'; readonly answer: HistoryRequests[HistoryRequestKind]['answer'] }
    | { readonly kind: 'failed'; readonly failure: Failure };
  /** Undefined as long as no file is open. */
  readonly figures: HistoryFileFigures | undefined;
}
