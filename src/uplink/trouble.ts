import type { Log } from '../base/log.ts';

/**
 * What is wrong although the connection stands, one line for each cause. A line is logged when it appears, changes or
 * goes, never when it is only repeated.
 */
export class TroubleBook {
  readonly #log: Log;
  readonly #lines = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The oldest line that still holds; null when all is well. */
  get first(): string | null {
    return this.#lines.values().next().value ?? null;
  }

  /** Undefined: the cause is gone. */
  note(cause: string, text: string | undefined): void {
    if (this.#lines.get(cause) === text) return;
    if (text === undefined) {
      this.#lines.delete(cause);
      this.#log.info({ cause }, 'the uplink is over its trouble');
      return;
    }
    this.#lines.set(cause, text);
    this.#log.warn({ cause, reason: text }, 'the uplink is in trouble');
  }

  /** Forgets everything without a word: a new connection has to find out anew. */
  clear(): void {
    this.#lines.clear();
  }
}
