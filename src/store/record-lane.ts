import type { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { randomId } from '../base/random.ts';
import type { RuleMemory } from '../model/rule-memory.ts';
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
  /** Tells the entries of this run from those of any other. */
  readonly #run = randomId().slice(0, 6);
  #named = 0;

  constructor(options: RecordLaneOptions) {
    const { clock, random, backoff, limits, write, onFailure } = options;
    this.#options = options;
    this.#lane = new WriteLane<RecordWork>({
      clock,
      random,
      backoff,
      limitRows: limits.waitingRows,
      groupRows: limits.transactionRows,
      weigh: () => 1,
      write,
      isPassing,
      onCommitted: () => {},
      onFailure,
    });
  }

  get isFailing(): boolean {
    return this.#lane.isFailing;
  }

  keepLearned(record: LearnedRecord): Promise<void> | undefined {
    return this.#lane.add({ kind: 'keep-learned', record });
  }

  keepMemories(memories: readonly RuleMemory[]): Promise<void> | undefined {
    return this.#lane.add({ kind: 'keep-memories', memories });
  }

  forgetMemories(rules: readonly string[]): Promise<void> | undefined {
    return this.#lane.add({ kind: 'forget-memories', rules });
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
