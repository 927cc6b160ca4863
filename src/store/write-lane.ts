import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf, PlantroomError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';

export interface WriteLaneOptions<Work> {
  readonly clock: Clock;
  readonly random: Random;
  /** Waits between the tries of a write that the disk refused. */
  readonly backoff: Backoff;
  /** Most rows that wait; beyond it `add` refuses. */
  readonly limitRows: number;
  /** Most rows in one write, unless a single work has more. */
  readonly groupRows: number;
  readonly weigh: (work: Work) => number;
  /** Writes all works in one transaction or rejects, having written none. */
  readonly write: (works: readonly Work[]) => Promise<void>;
  /** Works were committed and have left the lane. */
  readonly onCommitted: () => void;
  /** True when the same write may succeed later; false when one of its works can never be written. */
  readonly isPassing: (error: unknown) => boolean;
  /** The lane began to fail, failed again, or (undefined) works again. */
  readonly onFailure: (failure: string | undefined) => void;
}

interface Waiting<Work> {
  readonly work: Work;
  readonly rows: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Works that wait to be written, in order. One write is under way at a time; what arrives meanwhile shares the next one.
 * A write that the disk refuses is repeated, for ever, with growing waits; nothing that was taken is given up but at the
 * close.
 */
export class WriteLane<Work> {
  readonly #options: WriteLaneOptions<Work>;
  #waiting: Waiting<Work>[] = [];
  #rows = 0;
  /** How many of the waiting are being written. */
  #underWay = 0;
  #isClosing = false;
  #failures = 0;
  #timer: Timer | undefined;
  /** After a work that cannot be written, works are written alone until it is found. */
  #alone = 0;
  #onDrained: (() => void) | undefined;

  constructor(options: WriteLaneOptions<Work>) {
    this.#options = options;
  }

  get waitingRows(): number {
    return this.#rows;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** The works that are not committed, in order. */
  *works(): IterableIterator<Work> {
    for (const { work } of this.#waiting) yield work;
  }

  /** Undefined when the lane has no room left; otherwise resolves when the work is committed. */
  add(work: Work): Promise<void> | undefined {
    const rows = this.#options.weigh(work);
    if (this.#isClosing || (this.#rows > 0 && this.#rows + rows > this.#options.limitRows)) return undefined;
    this.#rows += rows;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, rows, resolve, reject });
      this.#pump();
    });
  }

  /**
   * Puts one work in the place of the oldest ones that may go, but for those that are being written. What they were to
   * store is not stored: they are rejected. Returns them.
   */
  condense(mayGo: (work: Work) => boolean, merge: (works: readonly Work[]) => Work): readonly Work[] {
    const rest = this.#waiting.slice(this.#underWay);
    const firstKept = rest.findIndex(({ work }) => !mayGo(work));
    const given = firstKept < 0 ? rest : rest.slice(0, firstKept);
    if (given.length === 0) return [];
    const works = given.map(({ work }) => work);
    const work = merge(works);
    const merged = { work, rows: this.#options.weigh(work), resolve() {}, reject() {} };
    this.#waiting.splice(this.#underWay, given.length, merged);
    this.#rows += merged.rows;
    for (const { rows, reject } of given) {
      this.#rows -= rows;
      reject(new PlantroomError('given up while the disk failed: it had been delivered', { kind: 'storage' }));
    }
    return works;
  }

  /** The disk may be back: tries at once instead of waiting on. */
  retryNow(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pump();
  }

  /** Writes what waits, each at most once more; what the disk still refuses is rejected. */
  close(): Promise<void> {
    this.#isClosing = true;
    return new Promise(resolve => {
      this.#onDrained = resolve;
      this.retryNow();
    });
  }

  #pump(): void {
    if (this.#underWay > 0 || this.#timer) return;
    const group = this.#nextGroup();
    if (group.length === 0) {
      this.#onDrained?.();
      return;
    }
    this.#underWay = group.length;
    this.#options.write(group.map(({ work }) => work)).then(
      () => this.#succeed(group),
      (error: unknown) => this.#fail(group, error),
    );
  }

  /** The longest run of works from the front that fits into one write; it stays in the lane until it is committed. */
  #nextGroup(): readonly Waiting<Work>[] {
    if (this.#alone > 0) return this.#waiting.slice(0, 1);
    let rows = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      rows += waiting.rows;
      if (count > 0 && rows > this.#options.groupRows) break;
      count += 1;
    }
    return this.#waiting.slice(0, count);
  }

  #succeed(group: readonly Waiting<Work>[]): void {
    this.#leave(group);
    const wasFailing = this.isFailing;
    this.#failures = 0;
    if (wasFailing) this.#options.onFailure(undefined);
    for (const { resolve } of group) resolve();
    this.#options.onCommitted();
    this.#pump();
  }

  #fail(group: readonly Waiting<Work>[], error: unknown): void {
    this.#underWay = 0;
    const isPassing = this.#options.isPassing(error);
    if (!isPassing && group.length > 1) {
      this.#alone = group.length;
      this.#pump();
    } else if (!isPassing) {
      this.#leave(group);
      for (const { reject } of group) reject(error);
      this.#pump();
    } else {
      this.#retryLater(error);
    }
  }

  #retryLater(error: unknown): void {
    const { clock, backoff, random, onFailure } = this.#options;
    const delayMs = backoffDelayMs(backoff, this.#failures, random);
    this.#failures += 1;
    onFailure(messageOf(error));
    if (this.#isClosing) {
      this.#giveUp(error);
      return;
    }
    this.#timer = clock.at(clock.monoMs() + delayMs, () => this.retryNow());
  }

  #giveUp(cause: unknown): void {
    const given = this.#waiting;
    this.#leave(given);
    const message = `not stored, the store was closed while its disk failed: ${messageOf(cause)}`;
    for (const { reject } of given) reject(new PlantroomError(message, { kind: 'storage', cause }));
    this.#pump();
  }

  #leave(group: readonly Waiting<Work>[]): void {
    this.#underWay = 0;
    this.#alone = Math.max(0, this.#alone - group.length);
    this.#waiting = this.#waiting.slice(group.length);
    for (const { rows } of group) this.#rows -= rows;
  }
}
