import type { Clock } from '../base/clock.ts';
import type { OpenBus, ReadOutcome } from '../driver.ts';
import type { SampleBatch } from '../model/point.ts';
import type { BadReason } from '../model/quality.ts';
import { type Batch, fillBatch, type PlannedRead, spoilBatch } from './batch.ts';

/** Turns what became of a read into the batch of samples that goes on. */
export interface Delivery {
  /** Keeps what a read brought, until it is handed over: the next request can go out first. */
  take(planned: PlannedRead, outcome: ReadOutcome): void;
  /** Looks at the answer that was taken last, if there is one, and hands over its samples. */
  handOver(): void;
  /** Hands over a value that came without being asked for, which its read holds already. */
  push(planned: PlannedRead, atMono: number): void;
  /** Hands over that points were not read, and why. */
  spoil(batch: Batch, reason: BadReason, nowMono: number): void;
}

export function createDelivery(openBus: OpenBus, clock: Clock, onBatch: (batch: SampleBatch) => void): Delivery {
  let unseen: PlannedRead | undefined;

  function stamp(batch: Batch, atMono: number): void {
    batch.sampledAtMono = atMono;
    batch.sampledAt = Math.round(clock.wallMs() - (clock.monoMs() - atMono));
  }

  function handOver(): void {
    if (!unseen) return;
    const { read, batch } = unseen;
    if (batch.isAnswered) {
      openBus.decode(read);
      fillBatch(unseen);
    }
    unseen = undefined;
    onBatch(batch);
  }

  return {
    take(planned, outcome) {
      stamp(planned.batch, outcome.atMono);
      if (outcome.kind === 'answered') planned.batch.isAnswered = true;
      else spoilBatch(planned.batch, outcome.reason);
      unseen = planned;
    },
    handOver,
    push(planned, atMono) {
      handOver();
      stamp(planned.batch, atMono);
      planned.batch.isAnswered = true;
      fillBatch(planned);
      onBatch(planned.batch);
    },
    spoil(batch, reason, nowMono) {
      handOver();
      stamp(batch, nowMono);
      spoilBatch(batch, reason);
      onBatch(batch);
    },
  };
}
