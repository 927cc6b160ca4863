import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { Message } from './link.ts';

/** One row of the outbox, made ready to be sent: one message, or several when it had to be cut. */
export interface Parcel {
  readonly number: number;
  readonly messages: readonly Message[];
  /** What is in it, where it is an alarm event. */
  readonly event: AlarmEvent | undefined;
}

/** Where a lane's parcels come from, and where it says that they are done. */
export interface LaneSource {
  readonly topic: string;
  /** Most messages of this lane in flight. */
  readonly window: number;
  /** The oldest `limit` unsettled parcels with a number above `after`, in order. */
  read(after: number, limit: number): Promise<readonly Parcel[]>;
  settle(numbers: readonly number[]): Promise<void>;
  /** The broker finds this message too large: what can be cut is to be cut smaller from now on. */
  cutSmaller(message: Message): void;
}

export interface LaneOptions {
  readonly source: LaneSource;
  readonly clock: Clock;
  readonly random: Random;
  /** There may be something to take again. */
  readonly onReady: () => void;
  /** Why the lane does not move, in plain words; undefined when it moves again. */
  readonly onTrouble: (text: string | undefined) => void;
}

/** Parcels read at a time. With the window this bounds what a lane holds in memory. */
const pageLimit = 50;

/** Most parcels acknowledged but not settled yet: when the disk is slower than the broker, the lane waits. */
const settleLimit = 200;

const stumbleBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** A lane that stumbled is over it when so many messages were taken since, or when it has nothing left. */
const recoveredAfter = 20;

/**
 * One lane of a drain: reads its parcels in order, hands them out one message at a time and settles those that were
 * accepted. When the broker refuses a message or the store fails, the lane stumbles: it stops handing out, waits until
 * nothing of it is in flight, backs off, and begins again at the oldest unsettled parcel with one message at a time
 * until one is taken.
 */
export class Lane {
  readonly #options: LaneOptions;
  #cursor = 0;
  #page: Parcel[] = [];
  #nextMessage = 0;
  #mayHaveMore = true;
  #isReading = false;
  #inFlight = 0;
  /** Messages not yet accepted of the parcels that are on their way. */
  readonly #messagesLeft = new Map<number, number>();
  #accepted: number[] = [];
  #isSettling = false;
  #isStumbling = false;
  #isProbing = false;
  #isStopped = false;
  #stumbles = 0;
  #takenSinceStumble = 0;
  #recovery: Timer | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** True when nothing waits to be handed out and the broker has taken all that was. */
  get isIdle(): boolean {
    if (this.#mayHaveMore || this.#isReading || this.#isStumbling) return false;
    return this.#page.length === 0 && this.#inFlight === 0;
  }

  /** True when nothing that was accepted waits to be settled. */
  get isSettled(): boolean {
    return !this.#isSettling && this.#accepted.length === 0;
  }

  /** The outbox has something new. */
  wake(): void {
    this.#mayHaveMore = true;
  }

  /** Hands nothing out any more; what was accepted is still settled. */
  stop(): void {
    this.#isStopped = true;
    this.#recovery?.cancel();
  }

  /** The next message; undefined when there is none now. onReady tells when to ask again. */
  take(): { readonly parcel: Parcel; readonly message: Message } | undefined {
    if (this.#isStopped || this.#isStumbling || this.#accepted.length >= settleLimit) return undefined;
    if (this.#inFlight >= (this.#isProbing ? 1 : this.#options.source.window)) return undefined;
    const parcel = this.#page[0];
    const message = parcel?.messages[this.#nextMessage];
    if (!parcel || !message) {
      this.#read();
      return undefined;
    }
    if (this.#nextMessage === 0) this.#messagesLeft.set(parcel.number, parcel.messages.length);
    this.#nextMessage += 1;
    if (this.#nextMessage === parcel.messages.length) {
      this.#page.shift();
      this.#nextMessage = 0;
    }
    this.#inFlight += 1;
    return { parcel, message };
  }

  /** The broker took a message of this parcel. */
  accept(parcel: Parcel): void {
    this.#inFlight -= 1;
    this.#isProbing = false;
    const left = (this.#messagesLeft.get(parcel.number) ?? 0) - 1;
    this.#messagesLeft.set(parcel.number, left);
    if (left === 0) {
      this.#messagesLeft.delete(parcel.number);
      this.#accepted.push(parcel.number);
      this.#settle();
    }
    this.#takenSinceStumble += 1;
    this.#recover();
  }

  /** The broker did not take a message of this parcel. */
  refuse(parcel: Parcel, text: string): void {
    this.#inFlight -= 1;
    this.#messagesLeft.delete(parcel.number);
    this.#stumble(text);
  }

  #read(): void {
    if (this.#isReading || !this.#mayHaveMore) return;
    this.#isReading = true;
    this.#mayHaveMore = false;
    this.#options.source.read(this.#cursor, pageLimit).then(
      page => {
        this.#isReading = false;
        if (page.length === pageLimit) this.#mayHaveMore = true;
        if (this.#isStumbling) {
          this.#recover();
          return;
        }
        this.#page = [...page];
        this.#cursor = page.at(-1)?.number ?? this.#cursor;
        this.#options.onReady();
      },
      thrown => {
        this.#isReading = false;
        this.#stumble(`the outbox cannot be read: ${messageOf(thrown)}`);
      },
    );
  }

  /** One call of the store at a time: what is accepted meanwhile goes together into the next one. */
  #settle(): void {
    if (this.#isSettling || this.#accepted.length === 0) return;
    const numbers = this.#accepted;
    this.#accepted = [];
    this.#isSettling = true;
    this.#options.source.settle(numbers).then(
      () => {
        this.#isSettling = false;
        this.#settle();
        this.#recover();
        this.#options.onReady();
      },
      thrown => {
        // They are still in the outbox, so they will be sent again: a duplicate, never a loss.
        this.#isSettling = false;
        this.#settle();
        this.#stumble(`the outbox cannot be settled: ${messageOf(thrown)}`);
        this.#options.onReady();
      },
    );
  }

  #stumble(text: string): void {
    this.#options.onTrouble(text);
    this.#isStumbling = true;
    this.#page = [];
    this.#nextMessage = 0;
    this.#recover();
  }

  /** Goes on after a stumble, or forgets it when it is over. */
  #recover(): void {
    if (this.#isStopped) return;
    if (!this.#isStumbling) {
      const isOver = this.#takenSinceStumble >= recoveredAfter || this.isIdle;
      if (this.#stumbles === 0 || !isOver) return;
      this.#stumbles = 0;
      this.#options.onTrouble(undefined);
      return;
    }
    if (this.#recovery || this.#isReading || this.#inFlight > 0 || !this.isSettled) return;
    const { clock, random } = this.#options;
    this.#recovery = clock.at(clock.monoMs() + backoffDelayMs(stumbleBackoff, this.#stumbles, random), () => {
      this.#recovery = undefined;
      this.#isStumbling = false;
      this.#isProbing = true;
      this.#stumbles += 1;
      this.#takenSinceStumble = 0;
      this.#cursor = 0;
      this.#mayHaveMore = true;
      this.#messagesLeft.clear();
      this.#options.onReady();
    });
  }
}
