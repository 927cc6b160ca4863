import { unreachable } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { type Apdu, abortReasons, encodeAbort, encodeSegmentAck } from './apdu.ts';
import { encodeAnswer, encodeRequest } from './datagram.ts';
import { Deadlines } from './deadlines.ts';
import { FinishedTransfers } from './finished-transfers.ts';
import { outcomeOf } from './outcome.ts';
import { isSamePeer, type Peer } from './peer.ts';
import { type PeerQueue, PeerQueues, type RequestLimits } from './peer-queues.ts';
import type { OnOutcome, Outcome, Request } from './request.ts';
import { createTransfer, lastSequence, type SegmentVerdict, type Transfer, takeSegment } from './segments.ts';
import { requestServices } from './services.ts';

/** Requests that wait for their turn. One more ends at once as `no-connection`. */
const mostWaiting = 4_096;

/** Answers that may be coming in segments at once; one more is refused as `out-of-resources`. */
const mostTransfers = 64;

/** More than 64 is all the same to the protocol. */
const anySegments = 255;

/** An id of which an answer may still come rests for so many timeouts, and for so long at least. */
const restTimeouts = 4;
const leastRestMs = 10_000;

/** A request that has not ended. */
interface Pending {
  readonly request: Request;
  readonly onOutcome: OnOutcome;
  /** When it ends at the latest. */
  endMono: number;
  /** When something has to be done about it: the answer is late, or its turn did not come. */
  dueMono: number;
  queue: PeerQueue<Pending> | undefined;
  /** Undefined while it waits for its turn. */
  flight: Flight | undefined;
}

/** A request that was sent. */
interface Flight {
  readonly invokeId: number;
  readonly frame: Buffer;
  readonly sentMono: number;
  /** How often it may be sent again; then, how often our acknowledgement of the last segment. */
  retriesLeft: number;
  /** Something of it may come after it has ended: a second answer, or more segments. */
  mayStillAnswer: boolean;
  transfer: Transfer | undefined;
}

export interface RequestsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: RequestLimits;
  readonly send: (bytes: Buffer, peer: Peer) => void;
}

/**
 * Requests under way, and those that wait for their turn. Finds the one request that an answer belongs to by all of peer,
 * invoke id and service; sends again what was not answered; puts segments together; ends each request exactly once.
 */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #deadlines: Deadlines;
  /** All that have not ended, in the order in which they were made. */
  readonly #pending = new Set<Pending>();
  readonly #queues: PeerQueues<Pending>;
  /** Those in flight by invoke id: a few for each. */
  readonly #byInvokeId: Pending[][] = Array.from({ length: 256 }, () => []);
  readonly #finished = new FinishedTransfers();
  #transfers = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#queues = new PeerQueues(options.limits, options.random);
    this.#deadlines = new Deadlines(options.clock, nowMono => this.#onDue(nowMono));
  }

  ask(request: Request, onOutcome: OnOutcome): void {
    const nowMono = this.#options.clock.monoMs();
    const endMono = nowMono + request.timeoutMs * (1 + request.retries);
    if (this.#queues.waiting >= mostWaiting) {
      this.#options.clock.at(nowMono, () => onOutcome(noConnection(`${mostWaiting} requests are waiting`)));
      return;
    }
    const pending: Pending = {
      request,
      onOutcome,
      endMono,
      dueMono: endMono,
      queue: undefined,
      flight: undefined,
    };
    this.#pending.add(pending);
    pending.queue = this.#queues.add(request.peer, pending);
    this.#startWaiting(nowMono);
    this.#deadlines.want(pending.dueMono);
  }

  /** False when it answers nothing that is under way. */
  onAnswer(peer: Peer, apdu: Apdu, bytes: Buffer): boolean {
    if (apdu.kind === 'confirmed-request' || apdu.kind === 'unconfirmed-request' || apdu.kind === 'segment-ack') {
      return false;
    }
    const pending = this.#byInvokeId[apdu.invokeId]?.find(one => isSamePeer(one.request.peer, peer));
    const flight = pending?.flight;
    if (!pending || !flight) return apdu.kind === 'complex-ack' && this.#acknowledgeAgain(peer, apdu);
    if ('service' in apdu && apdu.service !== pending.request.service) return false;
    // A read is answered by a value, anything else by a bare yes.
    if (apdu.kind === (isRead(pending.request) ? 'simple-ack' : 'complex-ack')) return false;
    if (apdu.kind === 'complex-ack' && apdu.segment) return this.#onSegment(pending, flight, apdu, bytes);
    // The device began to answer in segments; a whole answer is of somebody who does not know.
    if (apdu.kind === 'complex-ack' && flight.transfer) return false;
    this.#end(pending, outcomeOf(apdu, bytes, this.#options.clock.monoMs() - flight.sentMono));
    return true;
  }

  /** The system says that nothing can be sent there. */
  onUnreachable(host: string, port: number, detail: string): void {
    for (const pending of [...this.#pending]) {
      const { peer } = pending.request;
      if (pending.flight && peer.host === host && peer.port === port) this.#end(pending, noConnection(detail));
    }
  }

  /** Ends all of them; those that are made from within are of a new time. */
  endAll(detail: string): void {
    // What waits goes first, or it would go out in the place of what ended.
    const all = [...this.#pending];
    for (const pending of all) if (!pending.flight) this.#end(pending, noConnection(detail));
    for (const pending of all) this.#end(pending, noConnection(detail));
  }

  close(detail: string): void {
    this.endAll(detail);
    this.#deadlines.close();
  }

  /** Sends whatever may go out. */
  #startWaiting(nowMono: number): void {
    for (let turn = this.#queues.next(nowMono); turn; turn = this.#queues.next(nowMono)) {
      this.#start(turn.item, turn.invokeId, nowMono);
    }
  }

  #start(pending: Pending, invokeId: number, nowMono: number): void {
    const { peer, service, payload, retries, maxSegments = anySegments } = pending.request;
    const frame = encodeRequest(peer, invokeId, service, payload, maxSegments);
    pending.flight = {
      invokeId,
      frame,
      sentMono: nowMono,
      retriesLeft: retries,
      mayStillAnswer: false,
      transfer: undefined,
    };
    this.#setDue(pending, nowMono);
    this.#byInvokeId[invokeId]?.push(pending);
    this.#options.send(frame, peer);
  }

  #setDue(pending: Pending, nowMono: number): void {
    pending.dueMono = Math.min(nowMono + pending.request.timeoutMs, pending.endMono);
    this.#deadlines.want(pending.dueMono);
  }

  #onSegment(pending: Pending, flight: Flight, apdu: Apdu & { kind: 'complex-ack' }, bytes: Buffer): boolean {
    if (!apdu.segment) return false;
    const nowMono = this.#options.clock.monoMs();
    const responseMs = nowMono - flight.sentMono;
    if (!flight.transfer) {
      // Only the first segment begins it.
      if (apdu.segment.sequence !== 0) return false;
      const refusal = this.#refuseTransfer(pending);
      if (refusal !== undefined) {
        this.#giveUp(pending, flight, refusal, { kind: 'abort', reason: refusal, responseMs });
        return true;
      }
      flight.transfer = createTransfer();
      this.#transfers += 1;
      pending.endMono = Math.max(pending.endMono, nowMono + (pending.request.transferMs ?? 0));
    }
    const { transfer } = flight;
    const before = transfer.ends.length;
    const verdict = takeSegment(transfer, apdu.segment, bytes.subarray(apdu.payloadAt));
    if (transfer.ends.length > before) {
      flight.retriesLeft = pending.request.retries;
      this.#setDue(pending, nowMono);
    }
    this.#onVerdict(pending, flight, transfer, verdict, responseMs);
    return true;
  }

  /** Why no answer in segments can be taken now, as the reason of an abort. */
  #refuseTransfer({ request }: Pending): number | undefined {
    if (request.maxSegments === 0) return abortReasons.segmentationNotSupported;
    return this.#transfers >= mostTransfers ? abortReasons.outOfResources : undefined;
  }

  #onVerdict(pending: Pending, flight: Flight, transfer: Transfer, verdict: SegmentVerdict, responseMs: number): void {
    const { peer } = pending.request;
    switch (verdict.kind) {
      case 'nothing':
        return;
      case 'acknowledge':
        this.#acknowledge(pending, flight, transfer, verdict.isNegative);
        return;
      case 'complete': {
        const acknowledgement = this.#acknowledge(pending, flight, transfer, false);
        this.#finished.add({ peer, invokeId: flight.invokeId, sequence: lastSequence(transfer), acknowledgement });
        this.#end(pending, { kind: 'ack', payload: transfer.bytes.subarray(0, transfer.filled), responseMs });
        return;
      }
      case 'too-long': {
        const reason = abortReasons.bufferOverflow;
        this.#giveUp(pending, flight, reason, { kind: 'abort', reason, responseMs });
        return;
      }
      case 'wrong':
        this.#giveUp(pending, flight, abortReasons.invalidApduInThisState, {
          kind: 'bad-reply',
          detail: verdict.detail,
        });
        return;
      default:
        unreachable(verdict);
    }
  }

  #acknowledge(pending: Pending, flight: Flight, transfer: Transfer, isNegative: boolean): Buffer {
    const ack = encodeSegmentAck(flight.invokeId, lastSequence(transfer), transfer.window, isNegative);
    const frame = encodeAnswer(pending.request.peer, ack);
    this.#options.send(frame, pending.request.peer);
    return frame;
  }

  /** The last segment once more: our last acknowledgement was lost. */
  #acknowledgeAgain(peer: Peer, { invokeId, segment }: Apdu & { kind: 'complex-ack' }): boolean {
    const acknowledgement = segment && this.#finished.acknowledgementOf(peer, invokeId, segment.sequence);
    if (acknowledgement) this.#options.send(acknowledgement, peer);
    return acknowledgement !== undefined;
  }

  /** Tells the device to stop sending, which it may not hear. */
  #giveUp(pending: Pending, flight: Flight, reason: number, outcome: Outcome): void {
    const { peer } = pending.request;
    flight.mayStillAnswer = true;
    this.#options.send(encodeAnswer(peer, encodeAbort(flight.invokeId, reason, false)), peer);
    this.#end(pending, outcome);
  }

  #onDue(nowMono: number): void {
    for (const pending of [...this.#pending]) {
      if (pending.dueMono > nowMono || !this.#pending.has(pending)) continue;
      if (pending.endMono > nowMono && pending.flight && pending.flight.retriesLeft > 0) {
        this.#repeat(pending, pending.flight, nowMono);
      } else this.#onLate(pending);
    }
    // Ids that rested may be free again.
    this.#startWaiting(nowMono);
    this.#queues.forgetIdle(nowMono);
    let nextMono = Number.POSITIVE_INFINITY;
    for (const { dueMono } of this.#pending) nextMono = Math.min(nextMono, dueMono);
    if (nextMono !== Number.POSITIVE_INFINITY) this.#deadlines.want(nextMono);
  }

  /** What was not answered goes out again: the request, or the acknowledgement after which nothing more came. */
  #repeat(pending: Pending, flight: Flight, nowMono: number): void {
    flight.retriesLeft -= 1;
    flight.mayStillAnswer = true;
    this.#setDue(pending, nowMono);
    if (flight.transfer && flight.transfer.ends.length > 0) {
      flight.transfer.acknowledged = flight.transfer.ends.length;
      this.#acknowledge(pending, flight, flight.transfer, true);
    } else this.#options.send(flight.frame, pending.request.peer);
  }

  #onLate(pending: Pending): void {
    const { flight } = pending;
    const outcome: Outcome = { kind: 'timeout', wasSent: flight !== undefined };
    if (flight?.transfer) this.#giveUp(pending, flight, abortReasons.tsmTimeout, outcome);
    else this.#end(pending, outcome);
  }

  #end(pending: Pending, outcome: Outcome): void {
    if (!this.#pending.delete(pending)) return;
    const nowMono = this.#options.clock.monoMs();
    const { flight } = pending;
    if (flight) this.#land(pending, flight, outcome, nowMono);
    else if (pending.queue) this.#queues.remove(pending.queue, pending);
    // The next request goes out before the last answer is decoded: the device works while we do.
    this.#startWaiting(nowMono);
    pending.onOutcome(outcome);
  }

  #land(pending: Pending, flight: Flight, outcome: Outcome, nowMono: number): void {
    const { invokeId } = flight;
    const sameId = this.#byInvokeId[invokeId] ?? [];
    sameId.splice(sameId.indexOf(pending), 1);
    if (flight.transfer) this.#transfers -= 1;
    const isOwed = flight.mayStillAnswer || !('responseMs' in outcome);
    const restMs = isOwed ? Math.max(leastRestMs, restTimeouts * pending.request.timeoutMs) : 0;
    if (pending.queue) this.#queues.end(pending.queue, invokeId, nowMono + restMs, nowMono);
  }
}

function isRead({ service }: Request): boolean {
  return service === requestServices.readProperty || service === requestServices.readPropertyMultiple;
}

function noConnection(detail: string): Outcome {
  return { kind: 'no-connection', detail };
}
