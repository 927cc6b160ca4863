import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { ModbusTcpBus } from '../../src/model/bus.ts';
import { Deadline } from './deadline.ts';
import {
  checkReply,
  createRequestFrame,
  dataAt,
  type ExpectedReply,
  mostFrameBytes,
  type ReplyCheck,
  setTransaction,
} from './mbap.ts';
import { encodeRequest, functionCodes, type ReadRequest } from './read-client.ts';
import { isBitTable } from './read-plan.ts';
import { TcpLink } from './tcp-link.ts';

/** How a request ended. */
export type Answer =
  /** Registers, or bits packed into bytes, and what may lie behind them. Good until the answer to the next request. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'failed'; readonly reason: 'no-connection' | 'timeout' | 'bad-reply'; readonly detail: string };

export interface TcpExchangeOptions {
  readonly bus: ModbusTcpBus;
  readonly clock: Clock;
  readonly log: Log;
}

/** What stays the same whenever this request is made. */
interface KnownRequest extends ExpectedReply {
  /** Reused: there is never more than one request, and what an old connection still holds of it is not sent. */
  readonly frame: Buffer;
}

/** The request under way. */
interface Pending {
  readonly request: KnownRequest;
  readonly onAnswer: (answer: Answer) => void;
  readonly endMono: number;
  /** It went out over a connection that had been idle. */
  readonly isReused: boolean;
}

/** A piece is only added to an incomplete frame, so two frames and a piece are room enough. */
const receivedBytes = 3 * mostFrameBytes;

/** What came since a request was sent. */
interface Received {
  readonly bytes: Buffer;
  readonly data: Uint8Array;
}

/**
 * One request at a time over one connection, which is made when it is needed and replaced after any doubt: a timeout, a
 * reply that is not exactly the one asked for, a byte nobody asked for.
 */
export class TcpExchange {
  readonly #options: TcpExchangeOptions;
  readonly #known = new Map<ReadRequest, KnownRequest>();
  readonly #deadline: Deadline;
  #received = createReceived();
  /** The last reply lies in memory of its own, so that it can be decoded while the next one comes. */
  #last = createReceived();
  #filled = 0;
  #transaction = 0;
  #link: TcpLink | undefined;
  #pending: Pending | undefined;
  #isClosed = false;

  constructor(options: TcpExchangeOptions) {
    this.#options = options;
    this.#deadline = new Deadline(options.clock, () => {
      this.#drop({ kind: 'failed', reason: 'timeout', detail: `no answer within ${options.bus.timeoutMs} ms` });
    });
  }

  /**
   * Tells the answer once, not before it returns; the next request may be made from within. Never throws, and takes no
   * longer than both timeouts of the bus together. Makes at most one attempt to connect. A connection that the device
   * closes before the first byte of an answer was idle for too long: that request, and only that, goes out a second
   * time over a new one.
   */
  ask(request: ReadRequest, onAnswer: (answer: Answer) => void): void {
    assert(this.#pending === undefined, 'two requests at once on one bus');
    const { bus, clock } = this.#options;
    const nowMono = clock.monoMs();
    const known = this.#known.get(request) ?? this.#getToKnow(request);
    const endMono = nowMono + bus.connectTimeoutMs + bus.timeoutMs;
    if (this.#link?.isOpen) this.#transact(this.#link, { request: known, onAnswer, endMono, isReused: true }, nowMono);
    else void this.#connectAndTransact({ request: known, onAnswer, endMono, isReused: false });
  }

  /** This request will not be made again. */
  forget(request: ReadRequest): void {
    this.#known.delete(request);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close('the bus is closed');
    this.#deadline.close();
  }

  #getToKnow(request: ReadRequest): KnownRequest {
    const { unitId, table, count } = request;
    const known = {
      frame: createRequestFrame(encodeRequest(request)),
      unitId,
      functionCode: functionCodes[table],
      dataBytes: isBitTable(table) ? Math.ceil(count / 8) : 2 * count,
    };
    this.#known.set(request, known);
    return known;
  }

  async #connectAndTransact(pending: Pending): Promise<void> {
    const { bus, clock } = this.#options;
    const link = this.#isClosed ? undefined : this.#connect(pending.endMono);
    const isConnected = await link?.connected;
    if (link && isConnected) this.#transact(link, pending, clock.monoMs());
    else {
      const detail = link ? `${bus.host}:${bus.port}: ${link.goneBecause}` : 'the bus is closed';
      pending.onAnswer({ kind: 'failed', reason: 'no-connection', detail });
    }
  }

  #connect(endMono: number): TcpLink {
    const { bus, clock } = this.#options;
    const link = TcpLink.open({
      host: bus.host,
      port: bus.port,
      connectTimeoutMs: Math.min(bus.connectTimeoutMs, endMono - clock.monoMs()),
      clock,
      onBytes: (bytes, count) => this.#onBytes(bytes, count),
      onGone: detail => this.#onGone(detail),
    });
    this.#link = link;
    return link;
  }

  #transact(link: TcpLink, pending: Pending, nowMono: number): void {
    if (!link.isOpen) {
      pending.onAnswer({ kind: 'failed', reason: 'no-connection', detail: 'the connection broke' });
      return;
    }
    const { frame } = pending.request;
    this.#transaction = (this.#transaction + 1) & 0xffff;
    this.#filled = 0;
    this.#pending = pending;
    this.#deadline.set(Math.min(nowMono + this.#options.bus.timeoutMs, pending.endMono));
    setTransaction(frame, this.#transaction);
    link.send(frame);
  }

  #onBytes(bytes: Uint8Array, count: number): void {
    const pending = this.#pending;
    if (!pending) {
      this.#replaceLink('bytes that nobody asked for');
      return;
    }
    // Byte by byte: for so few of them a view and a copy cost more.
    const received = this.#received.bytes;
    for (let index = 0; index < count; index += 1) received[this.#filled + index] = bytes[index] ?? 0;
    this.#filled += count;
    const check = checkReply(received, this.#filled, this.#transaction, pending.request);
    if (check.kind === 'wrong') this.#drop({ kind: 'failed', reason: 'bad-reply', detail: check.detail });
    else if (check.kind !== 'incomplete') this.#onReply(pending, check);
  }

  #onReply({ onAnswer }: Pending, reply: ReplyCheck & { kind: 'data' | 'exception' }): void {
    this.#pending = undefined;
    this.#deadline.clear();
    // The next request may go out from within the answer, so the connection has to be in order before.
    if (this.#filled > reply.frameBytes) this.#replaceLink('bytes after the answer');
    if (reply.kind === 'exception') {
      onAnswer({ kind: 'exception', code: reply.code });
      return;
    }
    const { data } = this.#received;
    [this.#received, this.#last] = [this.#last, this.#received];
    onAnswer({ kind: 'data', bytes: data });
  }

  #onGone(detail: string): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#deadline.clear();
    if (pending?.isReused && this.#filled === 0 && !this.#isClosed) {
      void this.#connectAndTransact({ ...pending, isReused: false });
    } else {
      pending?.onAnswer({ kind: 'failed', reason: 'no-connection', detail });
    }
  }

  /** Ends the request under way in doubt about the connection, which goes first: the next request needs a new one. */
  #drop(answer: Answer & { kind: 'failed' }): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#deadline.clear();
    this.#replaceLink(answer.detail);
    pending?.onAnswer(answer);
  }

  #replaceLink(why: string): void {
    this.#options.log.debug({ why }, 'connection dropped');
    this.#link?.close(why);
  }
}

function createReceived(): Received {
  const bytes = Buffer.alloc(receivedBytes);
  return { bytes, data: bytes.subarray(dataAt) };
}
