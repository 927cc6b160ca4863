import type { Clock, Timer } from '../../src/base/clock.ts';

/** A timer that comes so late was not kept back by its own coarseness. */
const lateMs = 5;

/**
 * One deadline that is set and cleared with every request. The timer below it is armed about once a timeout instead of
 * once a request: it is left running when the deadline is cleared, and armed again only when it fires too early.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #onPassed: () => void;
  /** It was seen to have passed when we woke up late. */
  #isGrace = false;
  #dueMono = Number.POSITIVE_INFINITY;
  #armedMono = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock, onPassed: () => void) {
    this.#clock = clock;
    this.#onPassed = onPassed;
  }

  set(dueMono: number): void {
    this.#isGrace = false;
    this.#dueMono = dueMono;
    if (dueMono < this.#armedMono) this.#arm(dueMono);
  }

  clear(): void {
    this.#dueMono = Number.POSITIVE_INFINITY;
  }

  /** Clears it and lets go of the timer. */
  close(): void {
    this.clear();
    this.#timer?.cancel();
    this.#armedMono = Number.POSITIVE_INFINITY;
  }

  #arm(atMono: number): void {
    this.#timer?.cancel();
    this.#armedMono = atMono;
    this.#timer = this.#clock.at(atMono, () => this.#onTimer(atMono));
  }

  #onTimer(firedMono: number): void {
    this.#armedMono = Number.POSITIVE_INFINITY;
    if (this.#dueMono === Number.POSITIVE_INFINITY) return;
    // A timer may come a little early; the one that was armed for this very deadline is it all the same.
    if (this.#dueMono > firedMono) {
      this.#arm(this.#dueMono);
      return;
    }
    // The system, or our own work, held us up: what came meanwhile waits to be read, and timers go before reading.
    if (!this.#isGrace && this.#clock.monoMs() - this.#dueMono > lateMs) {
      this.#isGrace = true;
      this.#dueMono = this.#clock.monoMs();
      this.#arm(this.#dueMono);
      return;
    }
    this.clear();
    this.#onPassed();
  }
}
