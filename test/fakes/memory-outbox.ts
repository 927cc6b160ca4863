import type { AlarmEvent } from '../../src/model/alarm.ts';
import type { SummaryRecord } from '../../src/model/summary.ts';
import type { Outbox } from '../../src/uplink/uplink.ts';

/** An outbox in memory: the store's contract towards the uplink, without a disk. */
export class MemoryOutbox implements Outbox {
  readonly alarms = new Map<number, AlarmEvent>();
  readonly summaries = new Map<number, SummaryRecord>();
  /** Numbers in the order in which they were settled. */
  readonly settledAlarms: number[] = [];
  readonly settledSummaries: number[] = [];

  async readAlarmOutbox(after: number, limit: number): Promise<readonly AlarmEvent[]> {
    return rowsAfter(this.alarms, after, limit).map(([, event]) => event);
  }

  async readSummaryOutbox(
    after: number,
    limit: number,
  ): Promise<readonly { readonly number: number; readonly record: SummaryRecord }[]> {
    return rowsAfter(this.summaries, after, limit).map(([number, record]) => ({ number, record }));
  }

  async settleAlarms(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) if (this.alarms.delete(number)) this.settledAlarms.push(number);
  }

  async settleSummaries(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) if (this.summaries.delete(number)) this.settledSummaries.push(number);
  }

  get isEmpty(): boolean {
    return this.alarms.size === 0 && this.summaries.size === 0;
  }
}

function rowsAfter<Row>(rows: ReadonlyMap<number, Row>, after: number, limit: number): [number, Row][] {
  return [...rows]
    .filter(([number]) => number > after)
    .sort(([a], [b]) => a - b)
    .slice(0, limit);
}
