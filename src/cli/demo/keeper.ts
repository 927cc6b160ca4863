import type { Clock } from '../../base/clock.ts';
import type { PlantroomError } from '../../base/errors.ts';
import type { Child, ChildEnd } from './child.ts';

/** A child that ends sooner than this after its start has a reason that a new start will not mend. */
const failedStartMs = 3_000;
const restartAfterMs = 1_000;

export interface KeeperOptions {
  readonly start: () => Child;
  readonly clock: Clock;
  /** Told when the child died and is started again. */
  readonly onRestart: (notice: string) => void;
}

/** Keeps a child running, as systemd does with a real gateway: who dies is started again, who cannot start is given up. */
export class Keeper {
  /** Rejects with the reason when the child is given up; pending otherwise. */
  readonly givenUp: Promise<never>;
  readonly #options: KeeperOptions;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #child: Child;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#child = options.start();
    const { promise, reject } = Promise.withResolvers<never>();
    this.givenUp = promise;
    // Whoever does not wait for it must not die of it.
    promise.catch(() => {});
    this.#watching = this.#watch(reject);
  }

  /** Ends the child for good; done when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#child.stop();
    await this.#watching;
  }

  async #watch(giveUp: (why: PlantroomError) => void): Promise<void> {
    const { clock, start, onRestart } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      const startedMono = clock.monoMs();
      const end = await this.#child.ended;
      if (signal.aborted) return;
      if (clock.monoMs() - startedMono < failedStartMs) {
        giveUp(this.#child.explain(end));
        return;
      }
      onRestart(`The ${this.#child.name} ${describeEnd(end)} and is started again.`);
      await clock.sleep(restartAfterMs, signal).catch(() => {});
      if (signal.aborted) return;
      this.#child = start();
    }
  }
}

function describeEnd({ code, signal }: ChildEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
