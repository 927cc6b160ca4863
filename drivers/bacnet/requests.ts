import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { type Apdu, abortReasons, encodeAbort, encodeSegmentAck } from './apdu.ts';
import { encodeAnswer, encodeRequest } from './datagram.ts';
import { Deadlines } from './deadlines.ts';
import { decodeErrorPayload } from './error-payload.ts';
import { createInvokeIds, giveBackInvokeId, type InvokeIds, isUnused, takeInvokeId } from './invoke-ids.ts';
import { isSamePeer, type Peer, peerKey } from './peer.ts';
import type { OnOutcome, Outcome, Request } from './request.ts';
import { createTransfer, lastSequence, type Transfer, takeSegment } from './segments.ts';
import { requestServices } from './services.ts';

export interface RequestLimits {
  /** At once to one device; most have memory for few. */
  readonly perPeer: number;
  /** At once in all. */
  readonly inAll: number;
}

/** Requests that wait for their turn. One more ends at once as `no-connection`. */
const mostWaiting = 4_096;

/** Answers that may be coming in segments at once; one more is refused as `out-of-resources`. */
const mostTransfers = 64;

/** Transfers that are done, of which the last acknowledgement may have been lost; the oldest is forgotten. */
const mostFinished = 32;

/** More than 64 is all the same to the protocol. */
const anySegments = 255;

/** An id of which an answer may still come rests for so many timeouts, and for so long at least. */
const restTimeouts = 4;
const leastRestMs = 10_000;

interface PeerState {
  readonly key: string;
  readonly ids: InvokeIds;
  inFlight: number;
}

/** A request that has not ended. */
interface Pending {
  readonly request: Request;
  readonly onOutcome: OnOutcome;
  /** When it ends at the latest. */
  endMono: number;
  /** When something has to be done about it: the answer is late, or its turn did not come. */
  dueMono: number;
  /** Undefined while it waits for its turn. */
  flight: Flight | undefined;
}

/** A request that was sent. */
interface Flight {
  readonly state: PeerState;
  readonly invokeId: number;
  readonly frame: Buffer;
  readonly sentMono: number;
  /** How often it may be sent again; then, how often our acknowledgement of the last segment. */
  retriesLeft: number;
  wasRepeated: boolean;
  transfer: Transfer | undefined;
}

interface Finished {
  readonly peer: Peer;
  readonly invokeId: number;
  readonly sequence: number;
  readonly ack: Buffer;
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
  readonly #waiting: Pending[] = [];
  /** Those in flight by invoke id: a few for each. */
  readonly #byInvokeId: Pending[][] = Array.from({ length: 256 }, () => []);
  readonly #peers = new Map<string, PeerState>();
  readonly #finished: Finished[] = [];
  #inFlight = 0;
  #transfers = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock, nowMono => this.#onDue(nowMono));
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Peers of which something is remembered, for tests that look for a leak. */
  get peers(): number {
    return this.#peers.size;
  }

  ask(request: Request, onOutcome: OnOutcome): void {
    const nowMono = this.#options.clock.monoMs();
    const endMono = nowMono + request.timeoutMs * (1 + request.retries);
    const pending: Pending = { request, onOutcome, endMono, dueMono: endMono, flight: undefined };
    if (this.#waiting.length >= mostWaiting) {
      this.#options.clock.at(nowMono, () => onOutcome(noConnection(`${mostWaiting} requests are waiting`)));
      return;
    }
    this.#pending.add(pending);
    this.#waiting.push(pending);
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
    const all = [...this.#pending];
    this.#waiting.length = 0;
    for (const pending of all) this.#end(pending, noConnection(detail));
  }

  close(detail: string): void {
    this.endAll(detail);
    this.#deadlines.close();
  }

  #startWaiting(nowMono: number): void {
    const waiting = this.#waiting;
    for (let index = 0; index < waiting.length && this.#inFlight < this.#options.limits.inAll; ) {
      const pending = waiting[index];
      if (pending && this.#start(pending, nowMono)) waiting.splice(index, 1);
      else index += 1;
    }
  }

  /** False when the device has enough to do. */
  #start(pending: Pending, nowMono: number): boolean {
    const { request } = pending;
    const state = this.#peerState(request.peer);
    if (state.inFlight >= this.#options.limits.perPeer) return false;
    const invokeId = takeInvokeId(state.ids, nowMono);
    if (invokeId === undefined) return false;
    const maxSegments = request.maxSegments ?? anySegments;
    const frame = encodeRequest(request.peer, invokeId, request.service, request.payload, maxSegments);
    pending.flight = {
      state,
      invokeId,
      frame,
      sentMono: nowMono,
      retriesLeft: request.retries,
      wasRepeated: false,
      transfer: undefined,
    };
    this.#setDue(pending, nowMono);
    state.inFlight += 1;
    this.#inFlight += 1;
    this.#byInvokeId[invokeId]?.push(pending);
    this.#options.send(frame, request.peer);
    return true;
  }

  #peerState(peer: Peer): PeerState {
    const key = peerKey(peer);
    const known = this.#peers.get(key);
    if (known) return known;
    const first = 1 + Math.floor(this.#options.random.next() * 255);
    const state = { key, ids: createInvokeIds(first), inFlight: 0 };
    this.#peers.set(key, state);
    return state;
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
      if (pending.request.maxSegments === 0) {
        this.#giveUp(pending, flight, abortReasons.segmentationNotSupported, responseMs);
        return true;
      }
      if (this.#transfers >= mostTransfers) {
        this.#giveUp(pending, flight, abortReasons.outOfResources, responseMs);
        return true;
      }
      // Only the first segment begins it.
      if (apdu.segment.sequence !== 0) return false;
      flight.transfer = createTransfer();
      this.#transfers += 1;
      pending.endMono = Math.max(pending.endMono, nowMono + (pending.request.transferMs ?? 0));
    }
    const { transfer } = flight;
    const before = transfer.ends.length;
    const verdict = takeSegment(transfer, apdu.segment, bytes.subarray(apdu.payloadAt));
    if (verdict.kind === 'acknowledge') this.#acknowledge(pending, flight, transfer, verdict.isNegative);
    if (verdict.kind === 'too-long') this.#giveUp(pending, flight, abortReasons.bufferOverflow, responseMs);
    if (verdict.kind === 'wrong') {
      this.#abort(pending, flight, abortReasons.invalidApduInThisState);
      this.#end(pending, { kind: 'bad-reply', detail: verdict.detail });
    }
    if (verdict.kind === 'complete') {
      this.#remember(pending, flight, this.#acknowledge(pending, flight, transfer, false), transfer);
      this.#end(pending, { kind: 'ack', payload: transfer.bytes.subarray(0, transfer.filled), responseMs });
    } else if (transfer.ends.length > before) {
      flight.retriesLeft = pending.request.retries;
      this.#setDue(pending, nowMono);
    }
    return true;
  }

  #acknowledge(pending: Pending, flight: Flight, transfer: Transfer, isNegative: boolean): Buffer {
    const ack = encodeSegmentAck(flight.invokeId, lastSequence(transfer), transfer.window, isNegative);
    const frame = encodeAnswer(pending.request.peer, ack);
    this.#options.send(frame, pending.request.peer);
    return frame;
  }

  #remember(pending: Pending, { invokeId }: Flight, ack: Buffer, transfer: Transfer): void {
    this.#finished.push({ peer: pending.request.peer, invokeId, sequence: lastSequence(transfer), ack });
    if (this.#finished.length > mostFinished) this.#finished.shift();
  }

  /** The last segment once more: our last acknowledgement was lost, and without it the device would go on. */
  #acknowledgeAgain(peer: Peer, { invokeId, segment }: Apdu & { kind: 'complex-ack' }): boolean {
    if (!segment) return false;
    const finished = this.#finished.find(
      one => one.invokeId === invokeId && one.sequence === segment.sequence && isSamePeer(one.peer, peer),
    );
    if (finished) this.#options.send(finished.ack, peer);
    return finished !== undefined;
  }

  #giveUp(pending: Pending, flight: Flight, reason: number, responseMs: number): void {
    this.#abort(pending, flight, reason);
    this.#end(pending, { kind: 'abort', reason, responseMs });
  }

  #abort({ request }: Pending, { invokeId }: Flight, reason: number): void {
    this.#options.send(encodeAnswer(request.peer, encodeAbort(invokeId, reason, false)), request.peer);
  }

  #onDue(nowMono: number): void {
    for (const pending of [...this.#pending]) {
      if (pending.dueMono > nowMono || !this.#pending.has(pending)) continue;
      if (pending.endMono > nowMono && pending.flight && pending.flight.retriesLeft > 0) {
        this.#repeat(pending, pending.flight, nowMono);
      } else this.#onLate(pending);
    }
    // Ids that rested may be free again, and peers forgotten.
    this.#startWaiting(nowMono);
    this.#forgetPeers(nowMono);
    let nextMono = Number.POSITIVE_INFINITY;
    for (const { dueMono } of this.#pending) nextMono = Math.min(nextMono, dueMono);
    if (nextMono !== Number.POSITIVE_INFINITY) this.#deadlines.want(nextMono);
  }

  /** What was not answered goes out again: the request, or the acknowledgement after which nothing more came. */
  #repeat(pending: Pending, flight: Flight, nowMono: number): void {
    flight.retriesLeft -= 1;
    flight.wasRepeated = true;
    this.#setDue(pending, nowMono);
    if (flight.transfer && flight.transfer.ends.length > 0) {
      flight.transfer.acknowledged = flight.transfer.ends.length;
      this.#acknowledge(pending, flight, flight.transfer, true);
    } else this.#options.send(flight.frame, pending.request.peer);
  }

  #onLate(pending: Pending): void {
    const { flight } = pending;
    if (flight?.transfer) this.#abort(pending, flight, abortReasons.other);
    this.#end(pending, { kind: 'timeout', wasSent: flight !== undefined });
  }

  #end(pending: Pending, outcome: Outcome): void {
    if (!this.#pending.delete(pending)) return;
    const nowMono = this.#options.clock.monoMs();
    const { flight } = pending;
    if (flight) this.#land(pending, flight, outcome, nowMono);
    else {
      const index = this.#waiting.indexOf(pending);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
    // The next request goes out before the last answer is decoded: the device works while we do.
    if (this.#waiting.length > 0) this.#startWaiting(nowMono);
    pending.onOutcome(outcome);
  }

  #land(pending: Pending, flight: Flight, outcome: Outcome, nowMono: number): void {
    const { state, invokeId } = flight;
    const sameId = this.#byInvokeId[invokeId] ?? [];
    sameId.splice(sameId.indexOf(pending), 1);
    state.inFlight -= 1;
    this.#inFlight -= 1;
    if (flight.transfer) this.#transfers -= 1;
    const isOwed = flight.wasRepeated || !('responseMs' in outcome);
    const restMs = isOwed ? Math.max(leastRestMs, restTimeouts * pending.request.timeoutMs) : 0;
    giveBackInvokeId(state.ids, invokeId, nowMono + restMs, nowMono);
  }

  /** Only what nothing is known of: ids go round, so a peer that is asked again soon must find where it was. */
  #forgetPeers(nowMono: number): void {
    if (this.#peers.size < mostIdlePeers) return;
    for (const [key, state] of this.#peers) {
      if (state.inFlight === 0 && isUnused(state.ids, nowMono)) this.#peers.delete(key);
    }
  }
}

/** Peers that are remembered without a request under way; more are forgotten where nothing of theirs rests. */
const mostIdlePeers = 1_024;

function isRead({ service }: Request): boolean {
  return service === requestServices.readProperty || service === requestServices.readPropertyMultiple;
}

function outcomeOf(
  apdu: Apdu & { kind: 'simple-ack' | 'complex-ack' | 'error' | 'reject' | 'abort' },
  bytes: Buffer,
  responseMs: number,
): Outcome {
  switch (apdu.kind) {
    case 'complex-ack':
      return { kind: 'ack', payload: bytes.subarray(apdu.payloadAt), responseMs };
    case 'simple-ack':
      return { kind: 'simple-ack', responseMs };
    case 'error': {
      const error = decodeErrorPayload(bytes.subarray(apdu.payloadAt));
      return error ? { ...error, responseMs } : { kind: 'bad-reply', detail: 'an error that does not say which' };
    }
    default:
      return { kind: apdu.kind, reason: apdu.reason, responseMs };
  }
}

function noConnection(detail: string): Outcome {
  return { kind: 'no-connection', detail };
}
