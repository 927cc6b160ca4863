import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Random } from '../base/random.ts';

export interface SettlerOptions<Work> {
  readonly write: (work: Work) => Promise<void>;
  /** Both in one; `later` came after `earlier`. */
  readonly merge: (earlier: Work, later: Work) => Work;
  readonly clock: Clock;
  readonly random: Random;
  /** Why the store does not take it, in plain words; undefined when it does again. */
  readonly onTrouble: (text: string | undefined) => void;
}

const backoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/**
 * Tells the store what the broker has taken: one call at a time, and all that comes meanwhile in the next one, so that a
 * slow disk has few transactions. What the store refuses is kept and tried again with back-off. It outlives connections:
 * that the disk is slow or refuses is no reason to send anything twice.
 */
export class Settler<Work> {
  readonly #options: SettlerOptions<Work>;
  #owed: Work | undefined;
  #isWriting = false;
  #isStopped = false;
  #failures = 0;
  #retry: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: SettlerOptions<Work>) {
    this.#options = options;
  }

  add(work: Work): void {
    this.#owed = this.#owed === undefined ? work : this.#options.merge(this.#owed, work);
    if (!this.#retry) this.#write();
  }

  /** Resolves when the store has taken all; not at all while it refuses. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  /** Tries no more. What is owed is forgotten: the store then only knows less than was sent. */
  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  get #isIdle(): boolean {
    return this.#owed === undefined && !this.#isWriting;
  }

  #write(): void {
    const work = this.#owed;
    if (work === undefined || this.#isWriting || this.#isStopped) return;
    this.#owed = undefined;
    this.#isWriting = true;
    this.#options.write(work).then(
      () => {
        this.#isWriting = false;
        if (this.#failures > 0) this.#options.onTrouble(undefined);
        this.#failures = 0;
        this.#write();
        if (this.#isIdle) for (const resolve of this.#waiting.splice(0)) resolve();
      },
      thrown => {
        this.#isWriting = false;
        this.#owed = this.#owed === undefined ? work : this.#options.merge(work, this.#owed);
        this.#options.onTrouble(`the outbox cannot be settled: ${messageOf(thrown)}`);
        this.#retryLater();
      },
    );
  }

  #retryLater(): void {
    if (this.#isStopped) return;
    const { clock, random } = this.#options;
    this.#retry = clock.at(clock.monoMs() + backoffDelayMs(backoff, this.#failures, random), () => {
      this.#retry = undefined;
      this.#write();
    });
    this.#failures += 1;
  }
}
