import { Worker } from 'node:worker_threads';
import { messageOf, PlantroomError } from '../base/errors.ts';
import type { Failure, FileFigures, ReplyMessage, RequestKind, Requests } from './messages.ts';

/** A request that failed in the worker, or with it. */
export class RequestFailure extends PlantroomError {
  /** True when the same request may succeed later. */
  readonly isPassing: boolean;

  constructor(failure: Failure) {
    super(
      failure.message,
      failure.hint === undefined ? { kind: failure.errorKind } : { kind: failure.errorKind, hint: failure.hint },
    );
    this.isPassing = failure.isPassing;
  }
}

export interface WorkerLinkOptions {
  /** The file figures that came with a reply, before the reply's promise settles. */
  readonly onFigures: (figures: FileFigures) => void;
  /** The worker died by itself. Everything asked of it has failed by then. */
  readonly onDeath: (reason: string) => void;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (failure: RequestFailure) => void;
}

/** One worker thread and the requests under way in it. Not restarted: a new thread gets a new link. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #options: WorkerLinkOptions;
  #lastRequest = 0;
  #deathReason: string | undefined;
  #isEnding = false;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'store' });
    this.#worker.on('message', (reply: ReplyMessage) => this.#take(reply));
    // An error is followed by an exit.
    this.#worker.on('error', error => {
      this.#deathReason = messageOf(error);
    });
    this.#worker.on('exit', code => this.#bury(this.#deathReason ?? `it ended with code ${code}`));
  }

  /** Rejects with RequestFailure only. */
  request<Kind extends RequestKind>(kind: Kind, body: Requests[Kind]['body']): Promise<Requests[Kind]['answer']> {
    if (this.#isEnding) return Promise.reject(workerGone('it was ended'));
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      try {
        this.#worker.postMessage({ request, kind, body });
      } catch (error) {
        // Something in the body cannot be cloned: no retry will change that.
        this.#waiting.delete(request);
        reject(
          new RequestFailure({ errorKind: 'internal', message: messageOf(error), hint: undefined, isPassing: false }),
        );
      }
    });
  }

  /** Ends the thread; its database closes with it. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }

  #take({ request, outcome, figures }: ReplyMessage): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (figures) this.#options.onFigures(figures);
    if (outcome.kind === 'done') waiting?.resolve(outcome.answer as never);
    else waiting?.reject(new RequestFailure(outcome.failure));
  }

  #bury(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(workerGone(reason));
    this.#waiting.clear();
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.onDeath(reason);
  }
}

export function workerGone(reason: string): RequestFailure {
  return new RequestFailure({
    errorKind: 'storage',
    message: `the store's thread is gone: ${reason}`,
    hint: 'it is started again by itself',
    isPassing: true,
  });
}
