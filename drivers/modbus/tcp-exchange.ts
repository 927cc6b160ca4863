import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { ModbusTcpBus } from '../../src/model/bus.ts';
import { crc16 } from './crc16.ts';
import { Deadline } from './deadline.ts';
import {
  checkReply,
  createRequestFrame,
  type ExpectedReply,
  headerBytes,
  mostFrameBytes,
  setTransaction,
} from './mbap.ts';
import {
  createReadClient,
  type Decoded,
  type FiledRequest,
  functionCodes,
  type ReadRequest,
  type Reply,
} from './read-client.ts';
import { isBitTable } from './read-plan.ts';
import { TcpLink } from './tcp-link.ts';

/** How a request ended. */
export type Answer =
  /** Good until the answer to the next request: so long it can be decoded. */
  | { readonly kind: 'data'; readonly reply: Reply }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'failed'; readonly reason: 'no-connection' | 'timeout' | 'bad-reply'; readonly detail: string };

export interface TcpExchangeOptions {
  readonly bus: ModbusTcpBus;
  readonly clock: Clock;
  readonly log: Log;
}

/** What stays the same whenever this request is made. */
interface KnownRequest extends FiledRequest, ExpectedReply {
  /** Reused: there is never more than one request, and what an old connection still holds of it is not sent. */
  readonly tcpFrame: Buffer;
}

/** The request under way. */
interface Pending {
  readonly request: KnownRequest;
  readonly onAnswer: (answer: Answer) => void;
  readonly endMono: number;
  /** It went out over a connection that had been idle. */
  readonly isReused: boolean;
}

const crcBytes = 2;

/** A piece is only added to an incomplete frame, so two frames and a piece are room enough. */
const receivedBytes = 3 * mostFrameBytes;

/**
 * One request at a time over one connection, which is made when it is needed and replaced after any doubt: a timeout, a
 * reply that is not exactly the one asked for, a byte nobody asked for.
 */
export class TcpExchange {
  readonly #options: TcpExchangeOptions;
  readonly #client = createReadClient();
  readonly #known = new Map<ReadRequest, KnownRequest>();
  readonly #deadline: Deadline;
  /** What came since the request was sent. */
  #received = Buffer.alloc(receivedBytes);
  /** The last reply lies in memory of its own, so that it can be decoded while the next one comes. */
  #kept = Buffer.alloc(receivedBytes);
  #lastReply: Reply | undefined;
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

  /** The data bytes of the last reply: registers, or bits packed into bytes. */
  decode(reply: Reply): Decoded {
    if (reply !== this.#lastReply) return { kind: 'damaged', detail: 'another answer has come since' };
    const { request, bytes, frameBytes } = reply;
    // The library wants the frame of a serial line: its CRC goes behind the frame, where it lies.
    const crc = crc16(bytes, headerBytes, frameBytes);
    bytes[frameBytes] = crc & 0xff;
    bytes[frameBytes + 1] = crc >> 8;
    return this.#client.decode(request, bytes.subarray(headerBytes, frameBytes + crcBytes));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close('the bus is closed');
    this.#deadline.close();
  }

  #getToKnow(request: ReadRequest): KnownRequest {
    const { unitId, table, count } = request;
    const filed = this.#client.file(request);
    const known = {
      ...filed,
      tcpFrame: createRequestFrame(filed.frame),
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
    const { tcpFrame } = pending.request;
    this.#transaction = (this.#transaction + 1) & 0xffff;
    this.#filled = 0;
    this.#pending = pending;
    this.#deadline.set(Math.min(nowMono + this.#options.bus.timeoutMs, pending.endMono));
    setTransaction(tcpFrame, this.#transaction);
    link.send(tcpFrame);
  }

  #onBytes(bytes: Uint8Array, count: number): void {
    const pending = this.#pending;
    if (!pending) {
      this.#replaceLink('bytes that nobody asked for');
      return;
    }
    // Byte by byte: for so few of them a view and a copy cost more.
    for (let index = 0; index < count; index += 1) this.#received[this.#filled + index] = bytes[index] ?? 0;
    this.#filled += count;
    const check = checkReply(this.#received, this.#filled, this.#transaction, pending.request);
    if (check.kind === 'wrong') this.#drop({ kind: 'failed', reason: 'bad-reply', detail: check.detail });
    else if (check.kind === 'complete') this.#onReply(pending, check.frameBytes, check.isException);
  }

  #onReply(pending: Pending, frameBytes: number, isException: boolean): void {
    const reply = { request: pending.request, bytes: this.#received, frameBytes };
    this.#received = this.#kept;
    this.#kept = reply.bytes;
    this.#lastReply = reply;
    this.#pending = undefined;
    this.#deadline.clear();
    // The next request may go out from within the answer, so the connection has to be in order before.
    if (this.#filled > frameBytes) this.#replaceLink('bytes after the answer');
    pending.onAnswer(isException ? this.#exceptionIn(reply) : { kind: 'data', reply });
  }

  #exceptionIn(reply: Reply): Answer {
    const decoded = this.decode(reply);
    if (decoded.kind === 'exception') return decoded;
    const detail = decoded.kind === 'damaged' ? decoded.detail : 'no exception where one was announced';
    return { kind: 'failed', reason: 'bad-reply', detail };
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
