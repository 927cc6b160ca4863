import type { Backoff } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { StoreLimits } from './limits.ts';
import type { FileFigures, Opened, RequestKind, Requests } from './messages.ts';
import { type RequestFailure, silenceText, WorkerLink, workerGone } from './worker-link.ts';

export interface StoreThreadOptions {
  readonly folder: string;
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly onFigures: (figures: FileFigures) => void;
  /** Why it does not answer. It will, or it is started again by itself. */
  readonly onFailure: (failure: string) => void;
  /** It answers again; `opened` when it had to be started again. */
  readonly onRecovery: (opened: Opened | undefined) => void;
}

/** Between starts of a thread that dies. */
const restartBackoff: Backoff = { firstMs: 100, longestMs: 5_000 };

/** How long the close of a store waits for a thread that hangs. It ends with the process. */
const endTimeoutMs = 1_000;

/** The thread that has the database, one after the other: where one dies, the next is started. */
export class StoreThread {
  readonly #options: StoreThreadOptions;
  #link: WorkerLink;
  #isDown = false;
  #restarts = 0;
  #restartTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: StoreThreadOptions) {
    this.#options = options;
    this.#link = this.#start();
  }

  get isFailing(): boolean {
    return this.#isDown || this.#link.isSilent;
  }

  /** Rejects with RequestFailure; the thread has ended then. */
  async open(): Promise<Opened> {
    try {
      return await this.#openFile(true);
    } catch (error) {
      this.#isClosed = true;
      await this.#link.end();
      throw error;
    }
  }

  /** Rejects with RequestFailure only: at once while there is no thread, and soon for a read when the disk hangs. */
  request<Kind extends RequestKind>(kind: Kind, body: Requests[Kind]['body']): Promise<Requests[Kind]['answer']> {
    if (this.#isDown) return Promise.reject(workerGone('it is being started again'));
    return this.#link.request(kind, body);
  }

  /** No thread is started any more, and none that hangs is waited for. */
  beginToEnd(): void {
    this.#isClosed = true;
    this.#restartTimer?.cancel();
    if (this.#link.isSilent) this.#link.giveUp(silenceText);
  }

  /** Waits for the thread, but not for one that hangs. */
  async end(): Promise<void> {
    const { clock } = this.#options;
    const ended = new AbortController();
    await Promise.race([this.#link.end(), clock.sleep(endTimeoutMs, ended.signal).catch(() => {})]);
    ended.abort();
  }

  #start(): WorkerLink {
    const { clock, onFigures, onFailure, onRecovery } = this.#options;
    return new WorkerLink({
      clock,
      onFigures,
      onSilence: isSilent => {
        if (!isSilent) onRecovery(undefined);
        else if (this.#isClosed) this.#link.giveUp(silenceText);
        else onFailure(silenceText);
      },
      onDeath: reason => {
        this.#restart(reason);
      },
    });
  }

  #openFile(isStart: boolean): Promise<Opened> {
    const { folder, clock, limits } = this.#options;
    return this.#link.request('open', { folder, openedAt: clock.wallMs(), isStart, limits });
  }

  /** What the thread had not answered is still in the lanes and is written again; the numbers keep it single. */
  async #restart(reason: string): Promise<void> {
    const { clock, onFailure } = this.#options;
    this.#isDown = true;
    onFailure(`the store's thread died: ${reason}`);
    // Two threads must never write one file: the next waits until this one is really gone, and takes the folder's lock.
    await this.#link.end();
    if (this.#isClosed) return;
    const delayMs = Math.min(restartBackoff.longestMs, restartBackoff.firstMs * 2 ** this.#restarts);
    this.#restarts = Math.min(this.#restarts + 1, 10);
    this.#restartTimer = clock.at(clock.monoMs() + delayMs, () => {
      this.#startAgain();
    });
  }

  async #startAgain(): Promise<void> {
    this.#link = this.#start();
    try {
      const opened = await this.#openFile(false);
      this.#isDown = false;
      this.#restarts = 0;
      this.#options.onRecovery(opened);
    } catch (error) {
      await this.#restart((error as RequestFailure).message);
    }
  }
}
