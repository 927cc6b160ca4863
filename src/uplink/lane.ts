import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { Message } from './link.ts';

/** What is settled together: one alarm event, or some summaries. Taken when the broker has taken all its messages. */
export interface Parcel {
  /** Numbers in the outbox. */
  readonly numbers: readonly number[];
  /** At least one. */
  readonly messages: readonly Message[];
  /** What is in it, where it is an alarm event. */
  readonly event: AlarmEvent | undefined;
}

export interface Page {
  readonly parcels: readonly Parcel[];
  /** Where the next page begins. */
  readonly end: number;
  readonly isLast: boolean;
}

/** Where a lane's parcels come from, and where it says that they are taken. */
export interface LaneSource {
  readonly name: string;
  /** Most messages of this lane in flight. */
  readonly mostInFlight: number;
  /** True: its messages must leave room for alarms (pipe.ts). */
  readonly isBulk: boolean;
  /** True: a message that nobody subscribes to counts as not sent. */
  readonly needsSubscriber: boolean;
  /** True: more may come at any time. */
  readonly grows: boolean;
  /** Where to read from at first, and again after a stumble: behind what is done. Forgets what was only handed out. */
  begin(): number;
  read(after: number): Promise<Page>;
  /** The broker took the whole parcel. */
  settle(parcel: Parcel): void;
  /** Until when nothing may be handed out, monotonic; what is past is now. */
  notBeforeMono(): number;
  /** A message of so many bytes is on its way. */
  spend(bytes: number): void;
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

const stumbleBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** The next page is read when so few parcels are left, so that the line is not idle meanwhile. */
const readAhead = 4;

/** A lane that stumbled is over it when so many messages were taken since, or when it has nothing left. */
const recoveredAfter = 20;

/**
 * One lane of a drain: reads its parcels in order and hands them out one message at a time. When the broker refuses a
 * message or the store fails, the lane stumbles: it stops handing out, waits until nothing of it is in flight, backs off,
 * and begins again behind what is done, with one message at a time until one is taken. A lane that needs a subscriber
 * begins like this on each connection, so that nothing overtakes what comes before the subscriber does.
 */
export class Lane {
  readonly source: LaneSource;
  readonly #options: LaneOptions;
  #after: number;
  #page: Parcel[] = [];
  #nextMessage = 0;
  #mayHaveMore = true;
  #isReading = false;
  #inFlight = 0;
  /** Messages not yet taken of the parcels that are on their way. */
  readonly #messagesLeft = new Map<Parcel, number>();
  #isStumbling = false;
  #isProbing: boolean;
  #isUnheard = false;
  #isStopped = false;
  /** The page that is being read is of no use any more. */
  #isRewound = false;
  #stumbles = 0;
  #takenSinceStumble = 0;
  #recovery: Timer | undefined;
  #pause: Timer | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.source = options.source;
    this.#isProbing = options.source.needsSubscriber;
    this.#after = options.source.begin();
  }

  /** True when the lanes behind this one may send: it has nothing left, or only waits for somebody to subscribe. */
  get letsPass(): boolean {
    return this.#isUnheard || this.#isIdle;
  }

  get #isIdle(): boolean {
    if (this.#mayHaveMore || this.#isReading || this.#isStumbling) return false;
    return this.#page.length === 0 && this.#inFlight === 0;
  }

  /** The outbox has something new. */
  wake(): void {
    this.#mayHaveMore = true;
  }

  /** Sends again from where the source begins; what is in flight goes on. */
  rewind(): void {
    if (this.#isStumbling) return;
    this.#restart();
    this.#options.onReady();
  }

  /** Hands nothing out any more. */
  stop(): void {
    this.#isStopped = true;
    this.#recovery?.cancel();
    this.#pause?.cancel();
  }

  /** The message that `take` would hand out; undefined when there is none now. onReady tells when to ask again. */
  peek(): Message | undefined {
    if (this.#isStopped || this.#isStumbling) return undefined;
    if (this.#inFlight >= (this.#isProbing ? 1 : this.source.mostInFlight)) return undefined;
    if (this.#page.length <= readAhead) this.#read();
    const message = this.#page[0]?.messages[this.#nextMessage];
    return message && !this.#mustPause() ? message : undefined;
  }

  /** The next message is on its way; only after `peek` has shown it. */
  take(): Parcel | undefined {
    const parcel = this.#page[0];
    if (!parcel) return undefined;
    if (this.#nextMessage === 0) this.#messagesLeft.set(parcel, parcel.messages.length);
    this.#nextMessage += 1;
    if (this.#nextMessage >= parcel.messages.length) {
      this.#page.shift();
      this.#nextMessage = 0;
    }
    this.#inFlight += 1;
    return parcel;
  }

  /** The broker took a message of this parcel. */
  accept(parcel: Parcel): void {
    this.#inFlight -= 1;
    this.#isProbing = false;
    this.#isUnheard = false;
    const left = this.#messagesLeft.get(parcel);
    if (left === 1) {
      this.#messagesLeft.delete(parcel);
      this.source.settle(parcel);
    } else if (left !== undefined) this.#messagesLeft.set(parcel, left - 1);
    this.#takenSinceStumble += 1;
    this.#recover();
  }

  /** The broker did not take a message of this parcel. */
  refuse(parcel: Parcel, text: string): void {
    this.#isUnheard = false;
    this.#fail(parcel, text);
  }

  /** The broker took a message of this parcel, and threw it away since nobody subscribes. */
  missHearer(parcel: Parcel, text: string): void {
    this.#isUnheard = true;
    this.#fail(parcel, text);
  }

  #fail(parcel: Parcel, text: string): void {
    this.#inFlight -= 1;
    this.#messagesLeft.delete(parcel);
    this.#stumble(text);
  }

  #mustPause(): boolean {
    const { clock, onReady } = this.#options;
    const notBeforeMono = this.source.notBeforeMono();
    if (notBeforeMono <= clock.monoMs()) return false;
    this.#pause ??= clock.at(notBeforeMono, () => {
      this.#pause = undefined;
      onReady();
    });
    return true;
  }

  #read(): void {
    if (this.#isReading || !this.#mayHaveMore) return;
    this.#isReading = true;
    this.#isRewound = false;
    this.#mayHaveMore = false;
    // A source that throws is a source that rejects.
    Promise.resolve(this.#after)
      .then(after => this.source.read(after))
      .then(
        page => this.#takePage(page),
        thrown => {
          this.#isReading = false;
          this.#stumble(`the outbox cannot be read: ${messageOf(thrown)}`);
        },
      );
  }

  #takePage(page: Page): void {
    this.#isReading = false;
    if (this.#isStumbling) {
      this.#recover();
      return;
    }
    if (this.#isRewound) this.#mayHaveMore = true;
    else {
      if (!page.isLast) this.#mayHaveMore = true;
      this.#page.push(...page.parcels);
      this.#after = page.end;
    }
    this.#recover();
    this.#options.onReady();
  }

  #stumble(text: string): void {
    this.#options.onTrouble(text);
    this.#isStumbling = true;
    this.#page = [];
    this.#nextMessage = 0;
    this.#recover();
  }

  #restart(): void {
    const [half] = this.#page;
    if (half && this.#nextMessage > 0) this.#messagesLeft.delete(half);
    this.#after = this.source.begin();
    this.#page = [];
    this.#nextMessage = 0;
    this.#mayHaveMore = true;
    this.#isRewound = true;
  }

  /** Goes on after a stumble, or forgets it when it is over. */
  #recover(): void {
    if (this.#isStopped) return;
    if (!this.#isStumbling) {
      const isOver = this.#takenSinceStumble >= recoveredAfter || this.#isIdle;
      if (this.#stumbles === 0 || !isOver) return;
      this.#stumbles = 0;
      this.#options.onTrouble(undefined);
      return;
    }
    if (this.#recovery || this.#isReading || this.#inFlight > 0) return;
    const { clock, random } = this.#options;
    this.#recovery = clock.at(clock.monoMs() + backoffDelayMs(stumbleBackoff, this.#stumbles, random), () => {
      this.#recovery = undefined;
      this.#isStumbling = false;
      this.#isProbing = true;
      this.#stumbles += 1;
      this.#takenSinceStumble = 0;
      this.#messagesLeft.clear();
      this.#restart();
      this.#options.onReady();
    });
  }
}
