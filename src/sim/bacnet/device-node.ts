import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { type Answer, answerReadMultiple, answerReadProperty, type EchoShift } from './answer.ts';
import {
  aborts,
  type ConfirmedRequest,
  decodeApdu,
  encodeAbort,
  encodeAck,
  encodeError,
  encodeReject,
  encodeSimpleAck,
  encodeUnconfirmed,
  errors,
  rejects,
  segmentHeaderOctets,
  service,
  unconfirmed,
} from './apdu.ts';
import type { BacnetFaults } from './bacnet-fault.ts';
import { createCovDesk } from './cov-desk.ts';
import { type Delivery, planDelivery } from './delivery.ts';
import { type ObjectTable, segmentationCodes } from './device-objects.ts';
import { viewThrough } from './device-view.ts';
import { objectTypes } from './ids.ts';
import type { Remote } from './remote.ts';
import { readContext, unsignedOf } from './tag-reader.ts';
import { createTransferDesk } from './transfer-desk.ts';
import { encodeValues, enumerated, objectId, unsigned } from './value.ts';

/** How a device cuts its answers. */
export interface SegmentHabit {
  /** The longest APDU of a segment; never longer than device and client take. */
  readonly octets: number;
  /** Segments that it proposes to send at a time, 1 to 127. */
  readonly windowSize: number;
}

export interface DeviceNodeOptions {
  readonly table: ObjectTable;
  readonly clock: Clock;
  readonly random: Random;
  /** What is wrong with it now. */
  readonly faults: () => BacnetFaults;
  readonly segments: SegmentHabit;
  /** How long it thinks before it answers, ms. */
  readonly answerAfterMs: number;
  readonly lateMs: number;
  /** The instance that it gives out as its own when two devices have one. */
  readonly neighbour: number;
  /** Whether an I-Am goes to everybody, or to the one who asked. */
  readonly iAm: 'broadcast' | 'unicast';
  /** Sends an APDU; to everybody where `to` is undefined. */
  readonly send: (to: Remote | undefined, delivery: Delivery, isReplyExpected: boolean) => void;
}

/** The application of one simulated device: what it makes of the messages that reach it. */
export interface DeviceNode {
  receive(apdu: Buffer, from: Remote): void;
  /** Tells subscribers what has changed; to be called after every change of a value. */
  tellChanges(): void;
  /** To be called ten times a second: what lapses and what faults do without being asked. */
  tick(): void;
  /** Forgets subscriptions and transfers, as after a loss of power, and says that it is there. */
  restart(): void;
  /** Requests heard since the start. */
  readonly requests: number;
  readonly subscriptions: number;
  stop(): void;
}

const bigAnswerOctets = 100;
const smallSegmentOctets = 50;
const floodPerTick = 100;
/** Of whom a flood knows; the oldest is forgotten. */
const mostAcquaintances = 8;

export function createDeviceNode(options: DeviceNodeOptions): DeviceNode {
  const { table, clock, random, faults } = options;
  const acquaintances = new Map<string, Remote>();
  let requests = 0;
  let wasOff = false;
  let floodInstance = 0;

  const view = () => viewThrough(table, faults(), options.neighbour);
  const send = (to: Remote | undefined, apdu: Buffer, isReplyExpected = false) => {
    for (const delivery of planDelivery(apdu, faults(), options, random)) options.send(to, delivery, isReplyExpected);
  };
  const transfers = createTransferDesk({ clock, faults, send });
  const cov = createCovDesk({ clock, table: view, faults, send });

  const receive = (bytes: Buffer, from: Remote) => {
    if (faults().has('restart')) return;
    const message = decodeApdu(bytes);
    if (message === undefined) return;
    remember(acquaintances, from);
    switch (message.kind) {
      case 'confirmed':
        requests += 1;
        return answer(message, from);
      case 'unconfirmed':
        if (message.service === unconfirmed.whoIs) answerWhoIs(message.body, from);
        return;
      case 'segment-ack':
        return transfers.acknowledge(from, message.ack);
      case 'abort':
        return transfers.abort(from, message.invokeId);
      case 'reply':
        return cov.acknowledge(from, message.invokeId);
    }
  };

  const answer = (request: ConfirmedRequest, from: Remote) => {
    const { invokeId } = request;
    const refusal = refuse(request, faults());
    if (refusal) return send(from, refusal);
    const result = serve(request, from);
    switch (result.kind) {
      case 'reject':
        return send(from, encodeReject(invokeId, result.reason));
      case 'error':
        return send(from, encodeError(invokeId, request.service, result.error));
      case 'simple-ack':
        return send(from, encodeSimpleAck(invokeId, request.service));
      case 'ack':
        return acknowledge(request, result.body, from);
    }
  };

  const serve = (request: ConfirmedRequest, from: Remote): Answer => {
    const shift = shiftOf(faults());
    switch (request.service) {
      case service.readProperty:
        return answerReadProperty(view(), request.body, shift);
      case service.readMultiple:
        if (faults().has('no-rpm')) return { kind: 'reject', reason: rejects.unrecognizedService };
        return answerReadMultiple(view(), request.body, shift);
      case service.subscribeCov:
      case service.subscribeCovProperty:
        return cov.subscribe(request.body, request.service === service.subscribeCovProperty, from);
      default:
        return { kind: 'reject', reason: rejects.unrecognizedService };
    }
  };

  const acknowledge = (request: ConfirmedRequest, body: Buffer, from: Remote) => {
    const { invokeId } = request;
    const on = faults();
    const habit = habitOf(options.segments, on);
    const { maxApdu, segmentation } = view().facts;
    const whole = encodeAck(invokeId, request.service, body);
    if (on.has('abort-big') && whole.length > bigAnswerOctets) {
      return send(from, encodeAbort(invokeId, aborts.bufferOverflow));
    }
    const octets = Math.min(request.maxApdu, maxApdu, habit.octets);
    if (whole.length <= octets && !on.has('one-segment')) return send(from, whole);
    const maySegment = request.takesSegments && (segmentation === 'both' || segmentation === 'transmit');
    if (!maySegment) {
      // A device that only likes short segments can still send a long answer whole.
      if (whole.length <= Math.min(request.maxApdu, maxApdu)) return send(from, whole);
      return send(from, encodeAbort(invokeId, aborts.segmentationNotSupported));
    }
    const bodies = cut(body, octets - segmentHeaderOctets);
    if (bodies.length > request.maxSegments) {
      return send(from, encodeAbort(invokeId, aborts.bufferOverflow));
    }
    const begun = transfers.begin(from, { invokeId, service: request.service, bodies, windowSize: habit.windowSize });
    if (!begun) send(from, encodeAbort(invokeId, aborts.outOfResources));
  };

  const answerWhoIs = (body: Buffer, from: Remote) => {
    const { instance } = view().facts;
    if (isMeant(body, instance)) sayIAm(instance, options.iAm === 'broadcast' ? undefined : from);
  };
  const sayIAm = (instance: number, to: Remote | undefined) => send(to, encodeIAm(view(), instance));

  const flood = () => {
    const to = [undefined, ...acquaintances.values()];
    for (let count = 0; count < floodPerTick; count += 1) {
      floodInstance = (floodInstance + 1) % 4_194_303;
      sayIAm(floodInstance, to[count % to.length]);
    }
  };
  const restart = () => {
    transfers.stop();
    cov.forget();
    sayIAm(view().facts.instance, undefined);
  };
  return {
    receive,
    tellChanges: cov.tellChanges,
    tick() {
      const isOff = faults().has('restart');
      if (isOff) {
        transfers.stop();
        cov.forget();
      } else if (wasOff) restart();
      wasOff = isOff;
      if (faults().has('i-am-flood')) flood();
      cov.tellChanges();
    },
    restart,
    get requests() {
      return requests;
    },
    get subscriptions() {
      return cov.count();
    },
    stop() {
      transfers.stop();
      cov.forget();
    },
  };
}

function remember(acquaintances: Map<string, Remote>, from: Remote): void {
  acquaintances.delete(from.key);
  acquaintances.set(from.key, from);
  const [oldest] = acquaintances.keys();
  if (acquaintances.size > mostAcquaintances && oldest !== undefined) acquaintances.delete(oldest);
}

/** The answer of a device that answers nothing rightly. */
function refuse({ invokeId, service: code, isSegmented }: ConfirmedRequest, faults: BacnetFaults): Buffer | undefined {
  if (faults.has('busy')) return encodeAbort(invokeId, aborts.outOfResources);
  if (faults.has('abort')) return encodeAbort(invokeId, aborts.other);
  if (faults.has('reject')) return encodeReject(invokeId, rejects.unrecognizedService);
  if (faults.has('error')) return encodeError(invokeId, code, errors.operationalProblem);
  return isSegmented ? encodeAbort(invokeId, aborts.segmentationNotSupported) : undefined;
}

function shiftOf(faults: BacnetFaults): EchoShift {
  return {
    object: faults.has('wrong-object') ? 1 : 0,
    property: faults.has('wrong-property') ? 1 : 0,
    index: faults.has('wrong-index') ? 1 : 0,
  };
}

function habitOf(usual: SegmentHabit, faults: BacnetFaults): SegmentHabit {
  if (faults.has('small-segments')) return { octets: smallSegmentOctets, windowSize: 1 };
  if (faults.has('wide-window')) return { octets: smallSegmentOctets, windowSize: 127 };
  return usual;
}

function cut(body: Buffer, octets: number): Buffer[] {
  const count = Math.max(1, Math.ceil(body.length / octets));
  return Array.from({ length: count }, (_, index) => body.subarray(index * octets, (index + 1) * octets));
}

/** A Who-Is without limits means everybody. */
function isMeant(body: Buffer, instance: number): boolean {
  if (body.length === 0) return true;
  const low = readContext(body, 0, 0);
  const high = low && readContext(body, low.next, 1);
  const from = low && unsignedOf(low);
  const to = high && unsignedOf(high);
  return from !== undefined && to !== undefined && instance >= from && instance <= to;
}

function encodeIAm({ facts }: ObjectTable, instance: number): Buffer {
  return encodeUnconfirmed(
    unconfirmed.iAm,
    encodeValues([
      objectId(objectTypes.device, instance),
      unsigned(facts.maxApdu),
      enumerated(segmentationCodes[facts.segmentation]),
      unsigned(facts.vendorId),
    ]),
  );
}
