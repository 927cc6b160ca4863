import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { UplinkCursor } from './messages.ts';

export interface CursorLaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  /** Puts all cursors on the disk; answers with them as they are there. */
  readonly write: (cursors: readonly UplinkCursor[]) => Promise<readonly UplinkCursor[]>;
  /** The lane began to fail, failed again, or (undefined) works again. */
  readonly onFailure: (failure: string | undefined) => void;
}

/**
 * The cursors of the uplinks. Memory has the truth; the disk follows, one write at a time. Only the newest place of each
 * counts, so nothing piles up while the disk refuses, and nobody is made to wait for it: what a crash takes back is sent
 * again, under the same ids.
 */
export class CursorLane {
  readonly #options: CursorLaneOptions;
  #wanted = new Map<string, AlarmCursor>();
  /** Undefined when it is not known. */
  #onDisk: readonly UplinkCursor[] | undefined;
  #isDue = false;
  #isWriting = false;
  #isClosing = false;
  #failures = 0;
  #timer: Timer | undefined;
  /** Who waits for the next write, and for the one under way. */
  #waiting: (() => void)[] = [];
  #underWay: (() => void)[] = [];
  /** The disk hangs: nobody is made to wait until a write has come through. */
  #isAway = false;
  #onDrained: (() => void) | undefined;

  constructor(options: CursorLaneOptions) {
    this.#options = options;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  get(uplink: string): AlarmCursor | undefined {
    return this.#wanted.get(uplink);
  }

  all(): UplinkCursor[] {
    return [...this.#wanted].map(([uplink, { sent, delivered }]) => ({ uplink, sent, delivered }));
  }

  /** Up to this number every uplink has delivered; undefined without an uplink. */
  leastDelivered(): number | undefined {
    if (this.#wanted.size === 0) return undefined;
    return Math.min(...[...this.#wanted.values()].map(({ delivered }) => delivered));
  }

  /** Above this number no uplink has sent anything. */
  mostSent(): number {
    return Math.max(0, ...[...this.#wanted.values()].map(({ sent }) => sent));
  }

  /** What an opened file says, and what may be believed of it. */
  load(cursors: readonly UplinkCursor[], onDisk: readonly UplinkCursor[] | undefined): void {
    this.#onDisk = onDisk;
    this.#wanted = byUplink(cursors);
  }

  /** In place of all. Resolves like `settle`. */
  replace(cursors: readonly UplinkCursor[]): Promise<void> {
    this.#wanted = byUplink(cursors);
    return this.#isBehind() ? this.#written() : Promise.resolve();
  }

  /** Forward only, each part for itself. Resolves when it is on the disk or, while the disk refuses, at once. */
  settle(uplink: string, { sent, delivered }: AlarmCursor): Promise<void> {
    const known = this.#wanted.get(uplink);
    if (!known) return Promise.resolve();
    const furthest = Math.max(known.delivered, delivered);
    // What is delivered was sent.
    const next = { sent: Math.max(known.sent, sent, furthest), delivered: furthest };
    if (next.sent === known.sent && next.delivered === known.delivered) return Promise.resolve();
    this.#wanted.set(uplink, next);
    return this.#written();
  }

  /** The disk has other cursors now, or may take more of those it has cut short. */
  refresh(onDisk = this.#onDisk): void {
    this.#onDisk = onDisk;
    if (this.#isBehind()) this.#isDue = true;
    this.retryNow();
  }

  /** The disk hangs: nobody waits for it any more. */
  release(): void {
    this.#isAway = true;
    this.#answer();
  }

  retryNow(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pump();
  }

  /** Writes what is newest, at most once more. */
  close(): Promise<void> {
    this.#isClosing = true;
    return new Promise(resolve => {
      this.#onDrained = resolve;
      this.retryNow();
    });
  }

  #written(): Promise<void> {
    this.#isDue = true;
    if (this.isFailing || this.#isAway) {
      this.#pump();
      return Promise.resolve();
    }
    return new Promise(resolve => {
      this.#waiting.push(resolve);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isWriting || this.#timer) return;
    if (!this.#isDue) {
      this.#onDrained?.();
      return;
    }
    this.#isDue = false;
    this.#isWriting = true;
    this.#underWay = this.#waiting;
    this.#waiting = [];
    this.#options.write(this.all()).then(
      onDisk => this.#succeed(onDisk),
      (error: unknown) => this.#fail(error),
    );
  }

  #succeed(onDisk: readonly UplinkCursor[]): void {
    this.#isWriting = false;
    this.#isAway = false;
    this.#onDisk = onDisk;
    if (this.isFailing) {
      this.#failures = 0;
      this.#options.onFailure(undefined);
    }
    for (const resolve of this.#underWay) resolve();
    this.#underWay = [];
    this.#pump();
  }

  #fail(error: unknown): void {
    const { clock, backoff, random, onFailure } = this.#options;
    this.#isWriting = false;
    const delayMs = backoffDelayMs(backoff, this.#failures, random);
    this.#failures += 1;
    onFailure(messageOf(error));
    this.#answer();
    this.#isDue = !this.#isClosing;
    if (this.#isClosing) this.#pump();
    else this.#timer = clock.at(clock.monoMs() + delayMs, () => this.retryNow());
  }

  #answer(): void {
    for (const resolve of [...this.#underWay, ...this.#waiting]) resolve();
    this.#underWay = [];
    this.#waiting = [];
  }

  #isBehind(): boolean {
    if (!this.#onDisk) return true;
    const stored = new Map(this.#onDisk.map(cursor => [cursor.uplink, cursor]));
    if (stored.size !== this.#wanted.size) return true;
    return [...this.#wanted].some(([uplink, { sent, delivered }]) => {
      const cursor = stored.get(uplink);
      return cursor?.sent !== sent || cursor.delivered !== delivered;
    });
  }
}

function byUplink(cursors: readonly UplinkCursor[]): Map<string, AlarmCursor> {
  return new Map(cursors.map(({ uplink, sent, delivered }) => [uplink, { sent, delivered }]));
}
