import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { ModbusRtuBus, ModbusRtuOverTcpBus } from '../../src/model/bus.ts';
import { characterMs, silenceMs } from '../../src/model/serial-line.ts';
import { Deadline } from './deadline.ts';
import { checkEcho } from './echo.ts';
import type { Answer, Exchange, FailedAnswer, Patience, Request } from './exchange.ts';
import { type KnownRequest, RequestBook } from './known-request.ts';
import type { Link, OpenLink } from './link.ts';
import { Quarantine } from './quarantine.ts';
import { dataHeaderBytes } from './reply.ts';
import type { ReplyCheck } from './reply-check.ts';
import { checkRtuFrame, createRtuFrame, mostFrameBytes, replyFrameBytes, rtuFrameBytes } from './rtu-frame.ts';

export interface RtuExchangeOptions {
  readonly bus: ModbusRtuBus | ModbusRtuOverTcpBus;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly log: Log;
}

interface Pending {
  readonly request: KnownRequest;
  readonly patience: Patience;
  readonly onAnswer: (answer: Answer) => void;
  readonly askedMono: number;
  /** When its last character is on the wire; undefined until it was sent. */
  sentMono: number | undefined;
}

/** Room for an echo, a late answer, the answer, and as much again: what is more is no answer. */
const receivedBytes = 4 * mostFrameBytes;

/** Opening a port or a socket to a device server, when the bus says nothing else. */
const openTimeoutMs = 3_000;

/** How long a line may go without the silence that a request needs before it counts as disturbed. */
const mostNoiseMs = 500;

/** How long a USB adapter keeps what it has received before it hands it on: 16 ms for the commonest kind. */
const adapterHoldMs = 20;

/** Timers are a millisecond fine: armed for this much later, one seldom comes too early and has to be armed again. */
const halfTickMs = 0.5;

/** Timeouts in a row, of whichever units, after which a socket to a device server is made anew: it may be half open. */
const timeoutsToReconnect = 4;

/**
 * Modbus RTU: one request at a time over a line on which nothing but silence tells frames apart. A request goes out after
 * 3.5 characters of silence; the answer is everything that comes until its exact length, and must be right to the CRC.
 * What comes outside of a request's time is thrown away. A unit that owes an answer is in quarantine.
 */
export class RtuExchange implements Exchange {
  readonly window = 1;
  readonly #options: RtuExchangeOptions;
  readonly #book = new RequestBook(createRtuFrame);
  readonly #quarantine = new Quarantine();
  readonly #deadline: Deadline;
  readonly #quiet: Deadline;
  readonly #characterMs: number;
  readonly #restMs: number;
  #received: Buffer = Buffer.alloc(receivedBytes);
  /** The last answer lies in memory of its own, so that it can be decoded while the next one comes. */
  #last: Buffer = Buffer.alloc(receivedBytes);
  #filled = 0;
  /** Where the answer begins in what was received: behind an echo, and behind late answers of other units. */
  #start = 0;
  #isEchoSettled = false;
  /** The deadline was moved for an answer that had begun. */
  #isExtended = false;
  /** How many bytes of the frame under way are still to come. */
  #missing = 0;
  /** When the last byte went either way. */
  #heardMono = 0;
  #timeoutsInARow = 0;
  #hasToldEcho = false;
  #link: Link | undefined;
  #pending: Pending | undefined;
  #isClosed = false;

  constructor(options: RtuExchangeOptions) {
    this.#options = options;
    const { bus, clock } = options;
    this.#characterMs = characterMs(bus.line);
    this.#restMs = silenceMs(bus.line) + bus.turnaroundMs;
    this.#deadline = new Deadline(clock, () => this.#onDeadline());
    this.#quiet = new Deadline(clock, () => this.#sendWhenQuiet());
  }

  /** Until when this unit is not to be asked, since an answer of it may still come; 0 when it may be at once. */
  restsUntilMono(unitId: number): number {
    return this.#quarantine.untilMono(unitId, this.#options.clock.monoMs());
  }

  ask(request: Request, patience: Patience, onAnswer: (answer: Answer) => void): void {
    assert(this.#pending === undefined, 'two requests at once on one bus');
    const pending: Pending = {
      request: this.#book.take(request),
      patience,
      onAnswer,
      askedMono: this.#options.clock.monoMs(),
      sentMono: undefined,
    };
    if (this.restsUntilMono(request.unitId) > 0) {
      const detail = 'not asked: the answer to an earlier request may still come';
      queueMicrotask(() => onAnswer({ kind: 'failed', reason: 'timeout', detail, wasAsked: false }));
      return;
    }
    this.#pending = pending;
    if (this.#link?.isOpen) this.#waitForQuiet();
    else void this.#openAndWait(pending);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link?.close('the bus is closed');
    this.#deadline.close();
    this.#quiet.close();
  }

  async #openAndWait(pending: Pending): Promise<void> {
    const link = this.#isClosed ? undefined : this.#open();
    const isConnected = await link?.connected;
    // A link that broke meanwhile has told so.
    if (this.#pending !== pending) return;
    if (link && isConnected) {
      this.#heardMono = this.#options.clock.monoMs();
      this.#waitForQuiet();
    } else this.#fail('no-connection', link?.goneBecause ?? 'the bus is closed');
  }

  #open(): Link {
    const { bus, openLink } = this.#options;
    const link = openLink({
      connectTimeoutMs: bus.protocol === 'modbus-rtu' ? openTimeoutMs : bus.connectTimeoutMs,
      onBytes: (bytes, count) => this.#onBytes(bytes, count),
      onGone: detail => this.#onGone(link, detail),
      missingBytes: () => this.#missing,
    });
    this.#link = link;
    this.#timeoutsInARow = 0;
    return link;
  }

  #waitForQuiet(): void {
    const quietMono = this.#heardMono + this.#restMs;
    if (this.#options.clock.monoMs() >= quietMono) this.#send();
    else this.#quiet.set(quietMono + halfTickMs);
  }

  /** Timers may come early, and bytes may have come meanwhile: a request never goes out into less than the silence. */
  #sendWhenQuiet(): void {
    const pending = this.#pending;
    if (!pending || pending.sentMono !== undefined) return;
    const isDisturbed = this.#options.clock.monoMs() - pending.askedMono > mostNoiseMs + this.#restMs;
    if (isDisturbed && this.#heardMono > pending.askedMono) {
      this.#fail(
        'bad-reply',
        `the line was never quiet for ${mostNoiseMs} ms: bytes keep coming that nobody asked for`,
      );
    } else this.#waitForQuiet();
  }

  #send(): void {
    const pending = this.#pending;
    const link = this.#link;
    if (!pending || !link) return;
    const { frame } = pending.request;
    const sentMono = this.#options.clock.monoMs() + frame.length * this.#characterMs;
    pending.sentMono = sentMono;
    this.#heardMono = sentMono;
    this.#filled = 0;
    this.#start = 0;
    this.#isEchoSettled = false;
    this.#isExtended = false;
    const longestBytes = replyFrameBytes(pending.request) ?? mostFrameBytes;
    this.#missing = longestBytes;
    this.#deadline.set(sentMono + pending.patience.timeoutMs + longestBytes * this.#characterMs);
    link.send(frame);
  }

  #onBytes(bytes: Uint8Array, count: number): void {
    this.#heardMono = Math.max(this.#heardMono, this.#options.clock.monoMs());
    const pending = this.#pending;
    // Outside of a request's time: an answer that came too late, an echo, noise.
    if (pending?.sentMono === undefined) return;
    if (this.#filled + count > receivedBytes) {
      this.#fail('bad-reply', 'more bytes than an answer has');
      return;
    }
    for (let index = 0; index < count; index += 1) this.#received[this.#filled + index] = bytes[index] ?? 0;
    this.#filled += count;
    this.#judge(pending);
  }

  #judge(pending: Pending): void {
    if (!this.#findAnswer(pending)) return;
    const check = checkRtuFrame(this.#received, this.#start, this.#filled, pending.request);
    if (check.kind === 'wrong') this.#fail('bad-reply', check.detail);
    else if (check.kind === 'incomplete') this.#expectMore(pending.request);
    else if (this.#filled > this.#start + rtuFrameBytes(check.aduBytes))
      this.#fail('bad-reply', 'bytes after the answer');
    else this.#succeed(pending, check);
  }

  /** Moves on behind an echo and behind late answers of other units; false while it cannot be told, or is a failure. */
  #findAnswer({ request }: Pending): boolean {
    if (!this.#isEchoSettled) {
      const echo = checkEcho(request.frame, this.#received, this.#filled, this.#options.bus.rs485.echo);
      if (echo === 'maybe') return false;
      if (echo === 'missing') {
        this.#fail('bad-reply', 'no echo of the request came, and the site file says that there is one');
        return false;
      }
      this.#isEchoSettled = true;
      if (echo === 'whole') this.#passEcho(request);
    }
    while (this.#start < this.#filled && this.#received[this.#start] !== request.unitId) {
      const late = this.#quarantine.takeLate(this.#received, this.#start, this.#filled);
      if (late === undefined) return true;
      if (late === 0) return false;
      this.#start += late;
    }
    return true;
  }

  #passEcho({ frame }: KnownRequest): void {
    this.#start = frame.length;
    // Once: it is not wrong, but a technician wants to know.
    if (!this.#hasToldEcho) this.#options.log.info({}, 'this line lets us hear our own requests; they are left out');
    this.#hasToldEcho = true;
  }

  #expectMore(request: KnownRequest): void {
    const frameBytes = replyFrameBytes(request);
    this.#missing = frameBytes === undefined ? 1 : Math.max(1, this.#start + frameBytes - this.#filled);
  }

  #succeed(pending: Pending, reply: ReplyCheck & { kind: 'data' | 'exception' }): void {
    this.#end();
    this.#timeoutsInARow = 0;
    const onWireMs = rtuFrameBytes(reply.aduBytes) * this.#characterMs;
    const responseMs = Math.max(0, this.#options.clock.monoMs() - (pending.sentMono ?? 0) - onWireMs);
    if (reply.kind === 'exception') {
      pending.onAnswer({ kind: 'exception', code: reply.code, responseMs });
      return;
    }
    const [received, start] = [this.#received, this.#start];
    [this.#received, this.#last] = [this.#last, this.#received];
    const dataAt = start + (pending.request.dataBytes === undefined ? dataHeaderBytes - 1 : dataHeaderBytes);
    pending.onAnswer({ kind: 'data', bytes: received.subarray(dataAt, start + reply.aduBytes), responseMs });
  }

  /** Ends the request under way; one that went out leaves its unit in quarantine, whatever came. */
  #fail(reason: FailedAnswer['reason'], detail: string): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#end();
    const { request, patience, sentMono } = pending;
    if (sentMono !== undefined) {
      const onWireMs = (replyFrameBytes(request) ?? mostFrameBytes) * this.#characterMs;
      this.#quarantine.add(request, sentMono + Math.max(patience.timeoutMs, patience.worstCaseMs) + onWireMs);
    }
    const wasAsked = sentMono !== undefined || reason === 'no-connection';
    pending.onAnswer({ kind: 'failed', reason, detail, wasAsked });
  }

  #end(): void {
    this.#pending = undefined;
    this.#missing = 0;
    this.#deadline.clear();
    this.#quiet.clear();
  }

  #onDeadline(): void {
    const pending = this.#pending;
    if (!pending || this.#waitForTheRest()) return;
    this.#timeoutsInARow = this.#filled === 0 ? this.#timeoutsInARow + 1 : 0;
    const came = this.#filled === 0 ? 'no answer' : `only ${this.#filled} bytes of an answer`;
    const isHalfOpen = this.#options.bus.protocol !== 'modbus-rtu' && this.#timeoutsInARow >= timeoutsToReconnect;
    if (isHalfOpen) this.#link?.close(`no answer ${timeoutsToReconnect} times in a row`);
    if (this.#pending === pending) this.#fail('timeout', `${came} within ${Math.round(pending.patience.timeoutMs)} ms`);
  }

  /** An answer that has begun is waited for once more: its end would fall into the time of the next unit. */
  #waitForTheRest(): boolean {
    if (this.#isExtended || this.#filled <= this.#start) return false;
    this.#isExtended = true;
    this.#deadline.set(this.#options.clock.monoMs() + this.#missing * this.#characterMs + adapterHoldMs);
    return true;
  }

  #onGone(link: Link, detail: string): void {
    if (this.#link === link && this.#pending) this.#fail('no-connection', detail);
  }
}
