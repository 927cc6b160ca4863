import type { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { randomId } from '../base/random.ts';
import type { SummaryRecord } from '../model/summary.ts';
import type { StoreLimits } from './limits.ts';
import type { AuditEntry, CommandRecord, LearnedRecord, RecordWork } from './messages.ts';
import { isPassing } from './worker-link.ts';
import { WriteLane } from './write-lane.ts';

export interface RecordLaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  readonly limits: StoreLimits;
  readonly storeId: () => string;
  /** Writes all works in one transaction. */
  readonly write: (works: readonly RecordWork[]) => Promise<void>;
  readonly onFailure: (failure: string | undefined) => void;
}

/** What is kept beside the alarms and waits for the disk behind them. Undefined: there is no room left. */
export class RecordLane {
  readonly #options: RecordLaneOptions;
  readonly #lane: WriteLane<RecordWork>;
  /** Tells the records of this run from those of any other. */
  readonly #run = randomId().slice(0, 6);
  #named = 0;
  #lostSummaries = 0;

  constructor(options: RecordLaneOptions) {
    const { clock, random, backoff, limits, write, onFailure } = options;
    this.#options = options;
    this.#lane = new WriteLane<RecordWork>({
      clock,
      random,
      backoff,
      limitRows: limits.waitingRows,
      groupRows: limits.transactionRows,
      weigh: rowsOf,
      write,
      isPassing,
      onCommitted: () => {},
      onFailure,
    });
  }

  get isFailing(): boolean {
    return this.#lane.isFailing;
  }

  /** Refused, and not yet counted on the disk. */
  get lostSummaries(): number {
    return this.#lostSummaries;
  }

  addSummaries(records: readonly Omit<SummaryRecord, 'id'>[]): Promise<void> | undefined {
    const named = records.map(record => ({ ...record, id: this.#nextId() }));
    const written = this.#lane.add({ kind: 'append-summaries', records: named, lost: this.#lostSummaries });
    this.#lostSummaries = written ? 0 : this.#lostSummaries + records.length;
    return written;
  }

  settleSummaries(numbers: readonly number[]): Promise<void> | undefined {
    return this.#lane.add({ kind: 'settle-summaries', numbers });
  }

  keepLearned(record: LearnedRecord): Promise<void> | undefined {
    return this.#lane.add({ kind: 'keep-learned', record });
  }

  appendAudit({ kind, who, body }: AuditEntry): Promise<void> | undefined {
    const row = {
      id: this.#nextId(),
      at: this.#options.clock.wallMs(),
      kind,
      who,
      body: JSON.stringify(body ?? null),
    };
    return this.#lane.add({ kind: 'append-audit', row });
  }

  keepCommand(record: CommandRecord): Promise<void> | undefined {
    return this.#lane.add({ kind: 'keep-command', record });
  }

  retryNow(): void {
    this.#lane.retryNow();
  }

  close(): Promise<void> {
    return this.#lane.close();
  }

  /** Named here and not where it is written: what is written again after a failure is still the same. */
  #nextId(): string {
    this.#named += 1;
    return `${this.#options.storeId()}-${this.#run}-${this.#named}`;
  }
}

function rowsOf(work: RecordWork): number {
  switch (work.kind) {
    case 'append-summaries':
      return work.records.length;
    case 'settle-summaries':
      return work.numbers.length;
    case 'keep-learned':
    case 'append-audit':
    case 'keep-command':
      return 1;
  }
}
