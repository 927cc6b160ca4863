import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Outbox } from '../model/outbox.ts';
import type { SummarySpan } from '../model/summary.ts';
import { Settler } from './settler.ts';

/** Which summaries the broker has taken and the store does not know of yet. It outlives connections. */
export interface SummarySettler {
  settle(span: SummarySpan, numbers: readonly number[]): void;
  /** True: it was taken already, and is not to be sent again although the store still hands it out. */
  owes(number: number): boolean;
  /** Resolves when few enough are owed for more to be sent: a disk that is slower than the broker is waited for. */
  room(): Promise<void>;
  idle(): Promise<void>;
  stop(): void;
}

/** Most summaries that the store is behind. */
const mostOwed = 2_000;

export interface SummarySettlerOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly onTrouble: (text: string | undefined) => void;
}

export function createSummarySettler({ outbox, clock, random, onTrouble }: SummarySettlerOptions): SummarySettler {
  const owed = new Set<number>();
  const settler = new Settler<{ readonly span: SummarySpan; readonly numbers: readonly number[] }>({
    async write({ span, numbers }) {
      await outbox.settleSummaries(span, numbers);
      for (const number of numbers) owed.delete(number);
    },
    // An uplink sends one span only.
    merge: (earlier, later) => ({ span: later.span, numbers: [...earlier.numbers, ...later.numbers] }),
    clock,
    random,
    onTrouble,
  });
  return {
    settle(span, numbers) {
      for (const number of numbers) owed.add(number);
      settler.add({ span, numbers });
    },
    owes: number => owed.has(number),
    async room() {
      if (owed.size >= mostOwed) await settler.idle();
    },
    idle: () => settler.idle(),
    stop: () => settler.stop(),
  };
}
