import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf, PlantroomError } from '../base/errors.ts';
import { abandonMs, silenceMs } from './limits.ts';
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
  readonly clock: Clock;
  /** The file figures that came with a reply, before the reply's promise settles. */
  readonly onFigures: (figures: FileFigures) => void;
  /** The worker owes an answer for silenceMs, or has given one again. */
  readonly onSilence: (isSilent: boolean) => void;
  /** The worker died by itself, or was given up. Everything asked of it has failed by then. */
  readonly onDeath: (reason: string) => void;
}

interface Waiting {
  readonly kind: RequestKind;
  readonly resolve: (answer: never) => void;
  readonly reject: (failure: RequestFailure) => void;
}

/** Opening examines the file and saves what can be saved, which takes as long as it takes. */
const patientKinds: readonly RequestKind[] = ['open'];

/**
 * One worker thread and the requests under way in it. Not restarted: a new thread gets a new link.
 *
 * A thread that does not answer hangs in a call of the system, which no one can end from outside; mostly the disk answers
 * in the end. So its writes wait for it, and only what was to be read fails when it has been silent for silenceMs. After
 * abandonMs it is given up.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #options: WorkerLinkOptions;
  #lastRequest = 0;
  #deathReason: string | undefined;
  #isEnding = false;
  #isSilent = false;
  #watch: Timer | undefined;

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

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Rejects with RequestFailure only. */
  request<Kind extends RequestKind>(kind: Kind, body: Requests[Kind]['body']): Promise<Requests[Kind]['answer']> {
    if (this.#isEnding) return Promise.reject(workerGone('it was ended'));
    if (this.#isSilent && isRead(kind)) return Promise.reject(workerSilent());
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { kind, resolve, reject });
      try {
        this.#worker.postMessage({ request, kind, body });
        if (!this.#watch && !this.#isSilent) this.#watchOver();
      } catch (error) {
        // Something in the body cannot be cloned: no retry will change that.
        this.#waiting.delete(request);
        reject(
          new RequestFailure({ errorKind: 'internal', message: messageOf(error), hint: undefined, isPassing: false }),
        );
      }
    });
  }

  /** Everything asked of it fails. It may still come through; whoever wants to write next waits until it is gone. */
  giveUp(reason: string): void {
    this.#bury(reason);
  }

  /** Ends the thread; its database closes with it. Resolves when it is gone, which a call that hangs can hold up. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#watch?.cancel();
    await this.#worker.terminate();
  }

  #take({ request, outcome, figures }: ReplyMessage): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (this.#isEnding) return;
    this.#hear();
    if (figures) this.#options.onFigures(figures);
    if (outcome.kind === 'done') waiting?.resolve(outcome.answer as never);
    else waiting?.reject(new RequestFailure(outcome.failure));
  }

  #hear(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
    if (this.#isSilent) {
      this.#isSilent = false;
      this.#options.onSilence(false);
    }
    if (this.#waiting.size > 0) this.#watchOver();
  }

  /**
   * Looks twice: when this thread was itself away for long, the answer is there by the second look. A new request does
   * not begin it anew.
   */
  #watchOver(): void {
    if ([...this.#waiting.values()].some(({ kind }) => patientKinds.includes(kind))) return;
    this.#lookIn(silenceMs / 2, () => this.#lookIn(silenceMs / 2, () => this.#fallSilent()));
  }

  #lookIn(delayMs: number, look: () => void): void {
    const { clock } = this.#options;
    this.#watch = clock.at(clock.monoMs() + delayMs, look);
  }

  #fallSilent(): void {
    this.#isSilent = true;
    for (const [request, { kind, reject }] of this.#waiting) {
      if (!isRead(kind)) continue;
      this.#waiting.delete(request);
      reject(workerSilent());
    }
    this.#options.onSilence(true);
    this.#lookIn(abandonMs, () => this.#bury(`it has not answered for ${abandonMs / 1_000} s`));
  }

  #bury(reason: string): void {
    this.#watch?.cancel();
    for (const { reject } of this.#waiting.values()) reject(workerGone(reason));
    this.#waiting.clear();
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.onDeath(reason);
  }
}

function isRead(kind: RequestKind): boolean {
  return kind.startsWith('read-');
}

export function workerGone(reason: string): RequestFailure {
  return new RequestFailure({
    errorKind: 'storage',
    message: `the store's thread is gone: ${reason}`,
    hint: 'it is started again by itself',
    isPassing: true,
  });
}

function workerSilent(): RequestFailure {
  return new RequestFailure({
    errorKind: 'storage',
    message: silenceText,
    hint: 'it goes on by itself when the disk answers; the system log tells more',
    isPassing: true,
  });
}

export const silenceText = `the disk has not answered for ${silenceMs / 1_000} s`;

/** True when the same write may succeed later; false when it can never be written. */
export function isPassing(error: unknown): boolean {
  return error instanceof RequestFailure && error.isPassing;
}
