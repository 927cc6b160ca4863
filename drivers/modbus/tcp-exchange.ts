import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { ModbusTcpBus } from '../../src/model/bus.ts';
import { crc16 } from './crc16.ts';
import { Deadline } from './deadline.ts';
import { checkReply, createRequestFrame, type ExpectedReply, encodeMbap, headerBytes, mostFrameBytes } from './mbap.ts';
import { createReadClient, type Decoded, functionCodes, type ReadClient, type ReadRequest } from './read-client.ts';
import { isBitTable } from './read-plan.ts';
import { TcpLink } from './tcp-link.ts';

/** How a request ended. `bytes` is good until the next request. */
export type Answer =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'failed'; readonly reason: 'no-connection' | 'timeout' | 'bad-reply'; readonly detail: string };

export interface TcpExchangeOptions {
  readonly bus: ModbusTcpBus;
  readonly clock: Clock;
  readonly log: Log;
}

/** The request under way. */
interface Pending extends ExpectedReply {
  readonly request: ReadRequest;
  readonly settle: (answer: Answer) => void;
  readonly endMono: number;
  /** It went out over a connection that had been idle. */
  readonly isReused: boolean;
}

const crcBytes = 2;

/**
 * One request at a time over one connection, which is made when it is needed and replaced after any doubt: a timeout, a
 * reply that is not exactly the one asked for, a byte nobody asked for.
 */
export class TcpExchange {
  readonly #options: TcpExchangeOptions;
  readonly #client: ReadClient;
  readonly #deadline: Deadline;
  /** Reused: there is never more than one request, and what an old connection still holds of it is not sent. */
  readonly #frame = createRequestFrame();
  /** What came since the request was sent. A piece is only added to an incomplete frame, so two frames are room enough. */
  readonly #received = Buffer.alloc(3 * mostFrameBytes);
  #filled = 0;
  #transaction = 0;
  #link: TcpLink | undefined;
  #pending: Pending | undefined;
  #isClosed = false;

  constructor(options: TcpExchangeOptions) {
    this.#options = options;
    this.#client = createReadClient(
      frame => this.#send(frame),
      decoded => this.#onDecoded(decoded),
    );
    this.#deadline = new Deadline(options.clock, () => {
      this.#drop({ kind: 'failed', reason: 'timeout', detail: `no answer within ${options.bus.timeoutMs} ms` });
    });
  }

  /**
   * Resolves with what `conclude` makes of the answer; its bytes are only good while it runs. Never rejects, and takes
   * no longer than both timeouts of the bus together. Makes at most one attempt to connect. A connection that the
   * device closes before the first byte of an answer was idle for too long: that request, and only that, goes out a
   * second time over a new one.
   */
  ask<Request extends ReadRequest, Outcome>(
    request: Request,
    conclude: (request: Request, answer: Answer) => Outcome,
  ): Promise<Outcome> {
    assert(this.#pending === undefined, 'two requests at once on one bus');
    const { bus, clock } = this.#options;
    const endMono = clock.monoMs() + bus.connectTimeoutMs + bus.timeoutMs;
    return new Promise(resolve => {
      const settle = (answer: Answer) => resolve(conclude(request, answer));
      if (this.#link?.isOpen) this.#transact(this.#link, request, settle, endMono, true);
      else void this.#connectAndTransact(request, settle, endMono);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close('the bus is closed');
    this.#deadline.close();
  }

  async #connectAndTransact(request: ReadRequest, settle: Pending['settle'], endMono: number): Promise<void> {
    const { bus } = this.#options;
    if (this.#isClosed) {
      settle({ kind: 'failed', reason: 'no-connection', detail: 'the bus is closed' });
      return;
    }
    const link = this.#connect(endMono);
    if (await link.connected) this.#transact(link, request, settle, endMono, false);
    else settle({ kind: 'failed', reason: 'no-connection', detail: `${bus.host}:${bus.port}: ${link.goneBecause}` });
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

  #transact(link: TcpLink, request: ReadRequest, settle: Pending['settle'], endMono: number, isReused: boolean): void {
    const { bus, clock } = this.#options;
    if (!link.isOpen) {
      settle({ kind: 'failed', reason: 'no-connection', detail: 'the connection broke' });
      return;
    }
    this.#transaction = (this.#transaction + 1) & 0xffff;
    this.#filled = 0;
    this.#pending = {
      transaction: this.#transaction,
      unitId: request.unitId,
      functionCode: functionCodes[request.table],
      dataBytes: isBitTable(request.table) ? Math.ceil(request.count / 8) : 2 * request.count,
      request,
      settle,
      endMono,
      isReused,
    };
    this.#deadline.set(Math.min(clock.monoMs() + bus.timeoutMs, endMono));
    this.#client.request(request);
  }

  /** The library's frame is one of the serial line: without its CRC and behind a header it is one of TCP. */
  #send(frame: Uint8Array): void {
    encodeMbap(this.#frame, this.#transaction, frame);
    this.#link?.send(this.#frame);
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
    const check = checkReply(this.#received, this.#filled, pending);
    if (check.kind === 'wrong') this.#drop({ kind: 'failed', reason: 'bad-reply', detail: check.detail });
    if (check.kind !== 'complete') return;
    const hasMore = this.#filled > check.frameBytes;
    this.#decode(check.frameBytes);
    if (hasMore) this.#replaceLink('bytes after the answer');
  }

  /** Puts the CRC that the library looks for behind the frame, where it lies. */
  #decode(end: number): void {
    const crc = crc16(this.#received, headerBytes, end);
    this.#received[end] = crc & 0xff;
    this.#received[end + 1] = crc >> 8;
    this.#client.receive(this.#received.subarray(headerBytes, end + crcBytes));
  }

  #onDecoded(decoded: Decoded): void {
    if (decoded.kind === 'damaged') this.#drop({ kind: 'failed', reason: 'bad-reply', detail: decoded.detail });
    else this.#settle(decoded);
  }

  #onGone(detail: string): void {
    const pending = this.#pending;
    if (pending?.isReused && this.#filled === 0 && !this.#isClosed) {
      this.#pending = undefined;
      this.#deadline.clear();
      void this.#connectAndTransact(pending.request, pending.settle, pending.endMono);
    } else {
      this.#settle({ kind: 'failed', reason: 'no-connection', detail });
    }
  }

  /** Ends the request under way in doubt about the connection. */
  #drop(answer: Answer & { kind: 'failed' }): void {
    this.#settle(answer);
    this.#replaceLink(answer.detail);
  }

  #replaceLink(why: string): void {
    this.#options.log.debug({ why }, 'connection dropped');
    this.#link?.close(why);
  }

  #settle(answer: Answer): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    this.#deadline.clear();
    pending.settle(answer);
  }
}
