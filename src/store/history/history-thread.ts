import { Worker } from 'node:worker_threads';
import type { Backoff } from '../../base/backoff.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Failure } from '../messages.ts';
import { RequestFailure } from '../worker-link.ts';
import type { HistoryFileFigures, HistoryReply, HistoryRequestKind, HistoryRequests } from './messages.ts';

export interface HistoryThreadOptions {
  readonly clock: Clock;
  /** What the file is opened with, at the start and after the thread has died. */
  readonly opening: () => HistoryRequests['open']['body'];
  readonly hangMs: number;
  readonly onFigures: (figures: HistoryFileFigures) => void;
  readonly onState: (state: ThreadState, reason: string | undefined) => void;
}

/** `hanging`: it has not answered for hangMs. `closed`: the file could not be opened, or the thread has died. */
export type ThreadState = 'opening' | 'open' | 'hanging' | 'closed';

interface Waiting {
  readonly kind: HistoryRequestKind;
  readonly resolve: (answer: never) => void;
  readonly reject: (failure: RequestFailure) => void;
}

/** Between tries to open the file, and starts of a thread that dies. */
const reopenBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/**
 * The history's thread. Nothing waits for it to open its file, and where it cannot, it tries again for ever. A thread that
 * hangs in a call of the system cannot be ended from outside; it is waited for, and nothing more is asked of it.
 */
export class HistoryThread {
  readonly #options: HistoryThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #state: ThreadState = 'opening';
  #lastRequest = 0;
  #failures = 0;
  #watch: Timer | undefined;
  #retry: Timer | undefined;
  #isEnding = false;

  constructor(options: HistoryThreadOptions) {
    this.#options = options;
    this.#start();
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** Rejects with RequestFailure only: at once while the thread cannot answer. */
  request<Kind extends HistoryRequestKind>(
    kind: Kind,
    body: HistoryRequests[Kind]['body'],
  ): Promise<HistoryRequests[Kind]['answer']> {
    if (this.#state === 'hanging' || this.#state === 'closed') return Promise.reject(away(this.#state));
    return this.#post(kind, body);
  }

  /** Waits for the thread, but no longer than that. */
  async end(withinMs: number): Promise<void> {
    this.#isEnding = true;
    this.#retry?.cancel();
    this.#watch?.cancel();
    const ended = new AbortController();
    const { clock } = this.#options;
    await Promise.race([this.#worker?.terminate(), clock.sleep(withinMs, ended.signal).catch(() => {})]);
    ended.abort();
  }

  #start(): void {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'history' });
    this.#worker = worker;
    let death: string | undefined;
    worker.on('message', (reply: HistoryReply) => this.#take(reply));
    // An error is followed by an exit.
    worker.on('error', error => {
      death = messageOf(error);
    });
    worker.on('exit', code => this.#bury(death ?? `the history's thread ended with code ${code}`));
    this.#open();
  }

  #open(): void {
    this.#enter('opening', undefined);
    this.#post('open', this.#options.opening()).then(
      () => {
        this.#failures = 0;
        this.#enter('open', undefined);
      },
      (failure: RequestFailure) => {
        if (this.#worker) this.#close(failure.message, () => this.#open());
      },
    );
  }

  #post<Kind extends HistoryRequestKind>(
    kind: Kind,
    body: HistoryRequests[Kind]['body'],
  ): Promise<HistoryRequests[Kind]['answer']> {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { kind, resolve, reject });
      try {
        this.#worker?.postMessage({ request, kind, body });
        this.#watch ??= this.#watchOver();
      } catch (error) {
        // Something in the body cannot be cloned: no retry will change that.
        this.#waiting.delete(request);
        reject(failure(messageOf(error), undefined, false));
      }
    });
  }

  #take({ request, outcome, figures }: HistoryReply): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    this.#watch?.cancel();
    this.#watch = this.#waiting.size > 0 ? this.#watchOver() : undefined;
    if (this.#state === 'hanging') this.#enter('open', undefined);
    if (figures) this.#options.onFigures(figures);
    if (outcome.kind === 'done') waiting?.resolve(outcome.answer as never);
    else waiting?.reject(new RequestFailure(outcome.failure));
  }

  #watchOver(): Timer {
    const { clock, hangMs } = this.#options;
    return clock.at(clock.monoMs() + hangMs, () => {
      this.#watch = undefined;
      if (this.#state === 'open') this.#enter('hanging', `the disk has not answered for ${hangMs / 1_000} s`);
      // What was to be read is asked for again; what was to be written may still be.
      for (const [request, { kind, reject }] of this.#waiting) {
        if (kind !== 'read-summaries' && kind !== 'last-summary' && kind !== 'read-raw' && kind !== 'read-rows')
          continue;
        this.#waiting.delete(request);
        reject(away('hanging'));
      }
    });
  }

  #bury(reason: string): void {
    this.#worker = undefined;
    this.#watch?.cancel();
    this.#watch = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    if (!this.#isEnding) this.#close(reason, () => this.#start());
    for (const { reject } of waiting) reject(failure(reason, 'it is started again by itself', true));
  }

  #close(reason: string, again: () => void): void {
    this.#enter('closed', reason);
    const { clock } = this.#options;
    const delayMs = Math.min(reopenBackoff.longestMs, reopenBackoff.firstMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#retry = clock.at(clock.monoMs() + delayMs, again);
  }

  #enter(state: ThreadState, reason: string | undefined): void {
    this.#state = state;
    this.#options.onState(state, reason);
  }
}

function away(state: 'hanging' | 'closed'): RequestFailure {
  return state === 'hanging'
    ? failure("the history's disk does not answer", 'it goes on by itself when the disk does', true)
    : failure('the history cannot be opened', 'it is tried again by itself; the log tells why', true);
}

function failure(message: string, hint: string | undefined, isPassing: boolean): RequestFailure {
  const details: Failure = { errorKind: isPassing ? 'storage' : 'internal', message, hint, isPassing };
  return new RequestFailure(details);
}
