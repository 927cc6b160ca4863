import type { AlarmEvent, AlarmState } from '../../src/model/alarm.ts';
import type { AlarmCursor, NumberedSummary, Outbox, Standing, SummaryQuery } from '../../src/model/outbox.ts';
import type { SummaryRecord, SummarySpan } from '../../src/model/summary.ts';

/** An outbox in memory: the store's contract towards one uplink, without a disk. */
export class MemoryOutbox implements Outbox {
  /** The log; nothing is ever removed from it. */
  readonly alarms: AlarmEvent[] = [];
  cursor: AlarmCursor = { sent: 0, delivered: 0 };
  /** Every call of settleAlarms. */
  readonly settled: AlarmCursor[] = [];
  readonly standingAlarms: AlarmState[] = [];
  /** Unsent ones by their number. */
  readonly summaries = new Map<number, SummaryRecord>();
  /** Numbers in the order in which they were settled. */
  readonly settledSummaries: number[] = [];
  #lastSummary = 0;

  /** Numbers must rise. */
  addAlarm(event: AlarmEvent): void {
    this.alarms.push(event);
  }

  addSummary(number: number, record: SummaryRecord): void {
    this.summaries.set(number, record);
    this.#lastSummary = Math.max(this.#lastSummary, number);
  }

  async alarmCursor(): Promise<AlarmCursor> {
    return this.cursor;
  }

  async readAlarms(after: number, limit: number): Promise<readonly AlarmEvent[]> {
    const first = this.alarms.findIndex(({ number }) => number > after);
    return first < 0 ? [] : this.alarms.slice(first, first + limit);
  }

  async settleAlarms({ sent, delivered }: AlarmCursor): Promise<void> {
    this.settled.push({ sent, delivered });
    this.cursor = {
      sent: Math.max(this.cursor.sent, sent),
      delivered: Math.max(this.cursor.delivered, delivered),
    };
  }

  standing(): Standing {
    return { asOf: this.lastNumber, alarms: this.standingAlarms };
  }

  async lastSummary(_span: SummarySpan): Promise<number> {
    return this.#lastSummary;
  }

  async readSummaries({ span, after, upTo, limit }: SummaryQuery): Promise<readonly NumberedSummary[]> {
    const rows: NumberedSummary[] = [];
    // They are added in the order of their numbers.
    for (const [number, record] of this.summaries) {
      if (rows.length === limit) break;
      if (number > after && number <= upTo && record.span === span) rows.push({ number, record });
    }
    return rows;
  }

  async settleSummaries(_span: SummarySpan, numbers: readonly number[]): Promise<void> {
    for (const number of numbers) if (this.summaries.delete(number)) this.settledSummaries.push(number);
  }

  get lastNumber(): number {
    return this.alarms.at(-1)?.number ?? 0;
  }

  get unsentAlarms(): number {
    return this.alarms.filter(({ number }) => number > this.cursor.sent).length;
  }

  get isEmpty(): boolean {
    return this.cursor.sent >= this.lastNumber && this.summaries.size === 0;
  }
}
