import type { AlarmEvent } from '../../../src/model/alarm.ts';
import type { AlarmCursor, NumberedSummary, Outbox, Standing, SummaryQuery } from '../../../src/model/outbox.ts';
import type { SummaryRecord, SummarySpan } from '../../../src/model/summary.ts';
import type { TestPlant } from './test-plant.ts';

/** The outbox of a plant whose events a test records: the store's contract towards one uplink, without a disk. */
export class PlantOutbox implements Outbox {
  readonly events: AlarmEvent[] = [];
  readonly summaries = new Map<number, SummaryRecord>();
  cursor: AlarmCursor = { sent: 0, delivered: 0 };
  #lastSummary = 0;
  readonly #plant: TestPlant;

  constructor(plant: TestPlant) {
    this.#plant = plant;
  }

  addSummary(record: SummaryRecord): void {
    this.#lastSummary += 1;
    this.summaries.set(this.#lastSummary, record);
  }

  async alarmCursor(): Promise<AlarmCursor> {
    return this.cursor;
  }

  async readAlarms(after: number, limit: number): Promise<readonly AlarmEvent[]> {
    return this.events.filter(({ number }) => number > after).slice(0, limit);
  }

  async settleAlarms({ sent, delivered }: AlarmCursor): Promise<void> {
    const before = this.cursor;
    this.cursor = { sent: Math.max(before.sent, sent), delivered: Math.max(before.delivered, delivered) };
  }

  standing(): Standing {
    return this.#plant.standing();
  }

  async lastSummary(_span: SummarySpan): Promise<number> {
    return this.#lastSummary;
  }

  async readSummaries({ after, upTo, limit }: SummaryQuery): Promise<readonly NumberedSummary[]> {
    return [...this.summaries]
      .map(([number, record]) => ({ number, record }))
      .filter(({ number }) => number > after && number <= upTo)
      .slice(0, limit);
  }

  async settleSummaries(_span: SummarySpan, numbers: readonly number[]): Promise<void> {
    for (const number of numbers) this.summaries.delete(number);
  }
}
