import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { ModbusTcpBus } from '../../src/model/bus.ts';
import { Deadline } from './deadline.ts';
import type { Answer, Exchange, FailedAnswer, Patience, Request } from './exchange.ts';
import { type KnownRequest, RequestBook } from './known-request.ts';
import type { Link, OpenLink } from './link.ts';
import {
  checkFrame,
  createRequestFrame,
  headerBytes,
  holdsAnotherFrame,
  mayBegin,
  mostFrameBytes,
  setTransaction,
  transactionAt,
} from './mbap.ts';
import { dataHeaderBytes } from './reply.ts';
import type { ReplyCheck } from './reply-check.ts';

export interface TcpExchangeOptions {
  readonly bus: ModbusTcpBus;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly log: Log;
}

/** A request under way. */
interface Pending {
  readonly request: KnownRequest;
  readonly onAnswer: (answer: Answer) => void;
  readonly timeoutMs: number;
  /** When it ends at the latest, making the connection included. */
  readonly endMono: number;
  /** It went out over a connection that had been idle. */
  readonly isReused: boolean;
  /** How often it was sent. */
  readonly sendings: number;
  transaction: number;
  sentMono: number;
  dueMono: number;
}

/** How many requests back a double of an answer may reach. */
const mostRequestsBack = 256;

/** Room for what one request may bring: its frame, and a piece of the size in which a link delivers. */
const receivedPerRequest = 2 * mostFrameBytes;

/** More than one, so that an id that a device gets wrong by one is nobody's, also while others are under way. Odd, so that none is left out. */
const transactionStep = 3;

/** A request that loses its connection by the fault of another one goes out again, but not for ever. */
const mostSendings = 2;

/**
 * Requests over one connection, which is made when it is needed and replaced after any doubt: a timeout, a reply that is
 * not exactly one that was asked for, a byte nobody asked for. Replies are matched by transaction id, so an endpoint that
 * takes several requests at once may answer them in any order.
 */
export class TcpExchange implements Exchange {
  readonly window: number;
  readonly #options: TcpExchangeOptions;
  readonly #book = new RequestBook(createRequestFrame);
  readonly #deadline: Deadline;
  readonly #pending: Pending[] = [];
  #received: Buffer;
  /** The last reply lies in memory of its own, so that it can be decoded while the next one comes. */
  #last: Buffer;
  #filled = 0;
  #transaction = 0;
  /** So many ids back belong to this connection, as far as the double of an answer may reach. */
  #recentIds = 0;
  #link: Link | undefined;
  #isClosed = false;

  constructor(options: TcpExchangeOptions) {
    this.#options = options;
    this.window = options.bus.requestsInFlight;
    this.#received = Buffer.alloc((this.window + 1) * receivedPerRequest);
    this.#last = Buffer.alloc(this.#received.length);
    this.#deadline = new Deadline(options.clock, () => this.#onDeadline());
  }

  /**
   * Takes no longer than the timeout and that of the connection together. A connection that the device closes before the
   * first byte of an answer was idle for too long: that request, and only that, goes out a second time over a new one.
   */
  ask(request: Request, { timeoutMs }: Patience, onAnswer: (answer: Answer) => void): void {
    assert(this.#pending.length < this.window, 'too many requests at once on one bus');
    const nowMono = this.#options.clock.monoMs();
    const pending: Pending = {
      request: this.#book.take(request),
      onAnswer,
      timeoutMs,
      endMono: nowMono + this.#options.bus.connectTimeoutMs + timeoutMs,
      isReused: this.#link?.isOpen ?? false,
      sendings: 1,
      transaction: 0,
      sentMono: nowMono,
      dueMono: nowMono,
    };
    if (this.#link?.isOpen) this.#transact(this.#link, pending, nowMono);
    else void this.#connectAndTransact(pending);
  }

  /** A late answer has nowhere to arrive: its connection is gone. */
  restsUntilMono(): number {
    return 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close('the bus is closed');
    this.#deadline.close();
  }

  async #connectAndTransact(pending: Pending): Promise<void> {
    const { bus, clock } = this.#options;
    const link = this.#isClosed ? undefined : this.#connect(pending.endMono);
    const isConnected = await link?.connected;
    if (link && isConnected) this.#transact(link, pending, clock.monoMs());
    else pending.onAnswer(noConnection(link ? `${bus.host}:${bus.port}: ${link.goneBecause}` : 'the bus is closed'));
  }

  /** The connection that is being made, or a new one. */
  #connect(endMono: number): Link {
    const { bus, clock, openLink } = this.#options;
    if (this.#link && !this.#link.isGone) return this.#link;
    const link = openLink({
      connectTimeoutMs: Math.min(bus.connectTimeoutMs, endMono - clock.monoMs()),
      onBytes: (bytes, count) => this.#onBytes(bytes, count),
      onGone: detail => this.#onGone(detail),
      missingBytes: () => 0,
    });
    this.#link = link;
    this.#recentIds = 0;
    return link;
  }

  #transact(link: Link, pending: Pending, nowMono: number): void {
    if (!link.isOpen) {
      pending.onAnswer(noConnection('the connection broke'));
      return;
    }
    this.#transaction = (this.#transaction + transactionStep) & 0xffff;
    this.#recentIds = Math.min(this.#recentIds + transactionStep, transactionStep * mostRequestsBack);
    pending.transaction = this.#transaction;
    pending.sentMono = nowMono;
    pending.dueMono = Math.min(nowMono + pending.timeoutMs, pending.endMono);
    if (this.#pending.length === 0) this.#filled = 0;
    this.#pending.push(pending);
    this.#setDeadline();
    const { frame } = pending.request;
    setTransaction(frame, pending.transaction);
    // The system may keep a frame for later, while the next request writes its id into it.
    link.send(this.window === 1 ? frame : Buffer.from(frame));
  }

  #onBytes(bytes: Uint8Array, count: number): void {
    if (this.#pending.length === 0) {
      this.#replaceLink('bytes that nobody asked for');
      return;
    }
    // Byte by byte: for so few of them a view and a copy cost more.
    const received = this.#received;
    for (let index = 0; index < count; index += 1) received[this.#filled + index] = bytes[index] ?? 0;
    this.#filled += count;
    this.#takeReplies(received);
  }

  /** Takes every whole reply; what is left moves to the front. */
  #takeReplies(received: Buffer): void {
    const link = this.#link;
    let at = 0;
    while (at < this.#filled) {
      const transaction = transactionAt(received, at, this.#filled);
      // The oldest request takes the blame for a reply that is nobody's.
      const pending = this.#pending.find(one => one.transaction === transaction) ?? this.#pending[0];
      if (!pending) break;
      if (transaction !== undefined && transaction !== pending.transaction && this.#wasAnswered(transaction)) {
        this.#replaceAndSendAgain(this.#takeAll(), 'a second answer to an earlier request');
        return;
      }
      const check = checkFrame(received, at, this.#filled, pending.transaction, pending.request);
      if (check.kind === 'wrong') {
        this.#dropBadReply(pending, check.detail);
        return;
      }
      const aduAt = at + headerBytes;
      const frameEnd = check.kind === 'incomplete' ? this.#filled : aduAt + check.aduBytes;
      if (holdsAnotherFrame(received, at, frameEnd, this.#filled, this.#transaction, this.#recentIds)) {
        this.#dropBadReply(pending, 'another answer within this one');
        return;
      }
      if (check.kind === 'incomplete') break;
      at = frameEnd;
      // The end of this very answer may be of another one: TCP has no check sum that would tell.
      if (at < this.#filled && !this.#mayBeOfAnother(received, at, pending)) {
        this.#dropBadReply(pending, 'bytes after the answer');
        return;
      }
      const wasLast = this.#pending.length === 1;
      this.#onReply(pending, check, aduAt);
      // Whatever comes now answers a request of its own; and what an old connection brought is void.
      if (wasLast || link !== this.#link || !link?.isOpen) return;
    }
    received.copyWithin(0, at, this.#filled);
    this.#filled -= at;
  }

  /** Whether an id that is not under way is of a request before, over this connection: those under way have no part in it. */
  #wasAnswered(transaction: number): boolean {
    const idsBack = (this.#transaction - transaction) & 0xffff;
    return idsBack < this.#recentIds && idsBack % transactionStep === 0;
  }

  /** Whether what follows a reply may be the reply to another request that is under way. */
  #mayBeOfAnother(received: Buffer, at: number, pending: Pending): boolean {
    return this.#pending.some(other => other !== pending && mayBegin(received, at, this.#filled, other.transaction));
  }

  #onReply(pending: Pending, reply: ReplyCheck & { kind: 'data' | 'exception' }, aduAt: number): void {
    this.#remove(pending);
    const received = this.#received;
    if (this.#pending.length === 0) {
      this.#filled = 0;
      [this.#received, this.#last] = [this.#last, this.#received];
    }
    const responseMs = this.#options.clock.monoMs() - pending.sentMono;
    if (reply.kind === 'exception') {
      pending.onAnswer({ kind: 'exception', code: reply.code, responseMs });
      return;
    }
    const dataAt = aduAt + (pending.request.dataBytes === undefined ? dataHeaderBytes - 1 : dataHeaderBytes);
    pending.onAnswer({ kind: 'data', bytes: received.subarray(dataAt, aduAt + reply.aduBytes), responseMs });
  }

  #onGone(detail: string): void {
    const isIdleEnd = this.#filled === 0 && !this.#isClosed;
    for (const pending of this.#takeAll()) {
      if (isIdleEnd && pending.isReused) this.#sendAgain(pending);
      else pending.onAnswer({ ...noConnection(detail), wasAsked: true });
    }
  }

  #sendAgain(pending: Pending): void {
    void this.#connectAndTransact({ ...pending, isReused: false, sendings: pending.sendings + 1 });
  }

  #onDeadline(): void {
    const nowMono = this.#options.clock.monoMs();
    const late = this.#pending.reduce((first, pending) => (pending.dueMono < first.dueMono ? pending : first));
    const detail = `no answer within ${Math.round(nowMono - late.sentMono)} ms`;
    this.#drop(late, { kind: 'failed', reason: 'timeout', detail, wasAsked: true });
  }

  /**
   * Ends a request in doubt about the connection, which goes first: the next request needs a new one. The others that
   * were under way over it have no part in the doubt, so they go out again.
   */
  #drop(guilty: Pending, answer: FailedAnswer): void {
    this.#replaceAndSendAgain(
      this.#takeAll().filter(pending => pending !== guilty),
      answer.detail,
    );
    guilty.onAnswer(answer);
  }

  #replaceAndSendAgain(innocent: readonly Pending[], why: string): void {
    this.#replaceLink(why);
    for (const pending of innocent) {
      if (pending.sendings < mostSendings) this.#sendAgain(pending);
      else pending.onAnswer(noConnection('the connection was replaced'));
    }
  }

  #dropBadReply(guilty: Pending, detail: string): void {
    this.#drop(guilty, { kind: 'failed', reason: 'bad-reply', detail, wasAsked: true });
  }

  #takeAll(): Pending[] {
    this.#deadline.clear();
    return this.#pending.splice(0);
  }

  #remove(pending: Pending): void {
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    this.#setDeadline();
  }

  #setDeadline(): void {
    let dueMono = Number.POSITIVE_INFINITY;
    for (const pending of this.#pending) dueMono = Math.min(dueMono, pending.dueMono);
    if (dueMono === Number.POSITIVE_INFINITY) this.#deadline.clear();
    else this.#deadline.set(dueMono);
  }

  #replaceLink(why: string): void {
    this.#options.log.debug({ why }, 'connection dropped');
    this.#link?.close(why);
  }
}

function noConnection(detail: string): FailedAnswer {
  return { kind: 'failed', reason: 'no-connection', detail, wasAsked: true };
}
