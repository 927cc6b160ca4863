import type { Clock, Timer } from '../../src/base/clock.ts';

/** A timer that comes so late was not kept back by its own coarseness. */
const lateMs = 5;

/**
 * One timer for many deadlines. It is armed for the earliest that was asked for and left running when that one is no longer
 * wanted, so that a request that is answered costs no timer: `onDue` looks for itself what is due, and asks for the next.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #onDue: (nowMono: number) => void;
  #armedMono = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(clock: Clock, onDue: (nowMono: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Asks for a call of `onDue` at `atMono` at the latest. */
  want(atMono: number): void {
    if (atMono < this.#armedMono) this.#arm(atMono, false);
  }

  close(): void {
    this.#timer?.cancel();
    this.#armedMono = Number.POSITIVE_INFINITY;
  }

  #arm(atMono: number, isGrace: boolean): void {
    this.#timer?.cancel();
    this.#armedMono = atMono;
    this.#timer = this.#clock.at(atMono, () => this.#onTimer(atMono, isGrace));
  }

  #onTimer(atMono: number, isGrace: boolean): void {
    const nowMono = this.#clock.monoMs();
    // The system, or our own work, held us up: what came meanwhile waits to be read, and timers go before reading.
    if (!isGrace && nowMono - atMono > lateMs) {
      this.#arm(nowMono, true);
      return;
    }
    this.#armedMono = Number.POSITIVE_INFINITY;
    // A timer may come a little early; the deadline that it was armed for has passed all the same.
    this.#onDue(Math.max(nowMono, atMono));
  }
}
