import type { Clock, Timer } from '../../src/base/clock.ts';
import { sleepOn } from '../../src/base/clock.ts';

interface Armed {
  readonly atMono: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in the order of their due times. */
export class VirtualClock implements Clock {
  #mono = 0;
  #wall: number;
  #order = 0;
  #armed: Armed[] = [];

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wall = wallMs;
  }

  monoMs(): number {
    return this.#mono;
  }

  /** As if the machine had been up for a day when the process began. */
  bootMs(): number {
    return this.#mono + 86_400_000;
  }

  wallMs(): number {
    return this.#wall;
  }

  at(atMono: number, callback: () => void): Timer {
    this.#order += 1;
    const armed: Armed = { atMono, order: this.#order, callback };
    this.#armed.push(armed);
    return {
      cancel: () => {
        this.#armed = this.#armed.filter(other => other !== armed);
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Armed timers, for tests that look for a leak. */
  get pending(): number {
    return this.#armed.length;
  }

  /** Lets the wall clock jump while the monotonic one goes on, as a time synchronisation does. */
  jumpWall(byMs: number): void {
    this.#wall += byMs;
  }

  /** Moves both clocks on, firing what falls due; promises that the timers settle get their turns in between. */
  async advance(byMs: number): Promise<void> {
    const end = this.#mono + byMs;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#armed = this.#armed.filter(other => other !== next);
      this.#move(Math.max(this.#mono, next.atMono));
      next.callback();
      await settle();
    }
    this.#move(end);
  }

  /** Moves both clocks without firing anything: the machine slept, or the event loop was blocked. */
  freeze(forMs: number): void {
    this.#move(this.#mono + forMs);
  }

  #move(toMono: number): void {
    this.#wall += toMono - this.#mono;
    this.#mono = toMono;
  }

  #next(end: number): Armed | undefined {
    return this.#armed.filter(armed => armed.atMono <= end).sort((a, b) => a.atMono - b.atMono || a.order - b.order)[0];
  }
}

/** Lets every promise that can settle without a timer or IO settle. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
