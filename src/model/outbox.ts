import type { AlarmEvent, AlarmState } from './alarm.ts';
import type { SummaryRecord, SummarySpan } from './summary.ts';

/** How far an uplink has come with the alarm log, as event numbers: all up to it. `delivered` is never beyond `sent`. */
export interface AlarmCursor {
  readonly sent: number;
  readonly delivered: number;
}

/** The alarms that stand after the event of number `asOf`. */
export interface Standing {
  readonly asOf: number;
  readonly alarms: readonly AlarmState[];
}

/** A summary that waits to be sent. Numbers rise with time but may have gaps. */
export interface NumberedSummary {
  readonly number: number;
  readonly record: SummaryRecord;
}

export interface SummaryQuery {
  readonly span: SummarySpan;
  /** Only summaries with a higher number … */
  readonly after: number;
  /** … and not with a higher one than this. */
  readonly upTo: number;
  readonly limit: number;
}

/**
 * What one uplink needs of the store. Each uplink has one of its own: what one has sent, another may still have to send.
 * Reads may reject while the disk refuses; the caller asks again. Nothing is sent that is not read from here.
 */
export interface Outbox {
  alarmCursor(): Promise<AlarmCursor>;
  /**
   * Events with a number above `after`, oldest first, sent or not. While the disk refuses, those that wait for it in
   * memory come too: an alarm must not wait for a disk that is broken.
   */
  readAlarms(after: number, limit: number): Promise<readonly AlarmEvent[]>;
  /**
   * Moves the cursor forward, each part for itself; never back. It stays before events that `readAlarms` has passed over
   * because the disk could not be read: `alarmCursor` tells, and they are to be read from there.
   */
  settleAlarms(cursor: AlarmCursor): Promise<void>;
  standing(): Standing;
  /** Number of the newest summary of this span; 0 when there was none. */
  lastSummary(span: SummarySpan): Promise<number>;
  /** Unsent summaries, oldest first. */
  readSummaries(query: SummaryQuery): Promise<readonly NumberedSummary[]>;
  settleSummaries(span: SummarySpan, numbers: readonly number[]): Promise<void>;
}
