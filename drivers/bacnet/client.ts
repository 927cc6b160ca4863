import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import {
  type Apdu,
  abortReasons,
  encodeAbort,
  encodeError,
  encodeReject,
  encodeSimpleAck,
  rejectReasons,
} from './apdu.ts';
import { decodeDatagram, encodeAnswer, encodeWhoIsTo, encodeWhoIsToAll, type Incoming } from './datagram.ts';
import type { Registration } from './foreign-device.ts';
import { type ForeignRegistration, startForeignRegistration } from './foreign-registration.ts';
import type { Peer } from './peer.ts';
import type { RequestLimits } from './peer-queues.ts';
import type { OnOutcome, Request } from './request.ts';
import { Requests } from './requests.ts';
import { confirmedCovService, iAmService, iHaveService } from './services.ts';
import type { UdpPort } from './udp-port.ts';

export interface BacnetClientOptions {
  readonly port: UdpPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Default: 2 to one device, 128 in all. */
  readonly limits?: RequestLimits;
}

/** @returns whether somebody wants it; the payload is good during the call */
export type OnConfirmed = (peer: Peer, service: number, payload: Buffer) => boolean;
export type OnUnconfirmed = (peer: Peer, service: number, payload: Buffer) => void;

/** What was heard, counted since the client was made. */
export interface ClientCounts {
  datagrams: number;
  /** Datagrams that are not well formed, or not meant for a client. */
  malformed: number;
  /** Answers to nothing that is under way: late, doubled, of another host or service. */
  unasked: number;
}

/** Asks BACnet devices, and hears what they say by themselves. Opens its port with the first thing that it is asked for. */
export interface BacnetClient {
  /** Tells the outcome once, never before it returns, and by the deadline: `timeoutMs` for each sending, waiting included. */
  request(request: Request, onOutcome: OnOutcome): void;
  /** Who-Is to all devices. @param whoIs see encodeWhoIs */
  broadcast(whoIs: Uint8Array): void;
  /** Who-Is to one device; with `network` and an empty `mac` to all of that network by the router at `host`. */
  sendUnconfirmed(peer: Peer, whoIs: Uint8Array): void;
  /** I-Am, I-Have and COV notifications. One handler; the last one counts. */
  onUnconfirmed(handler: OnUnconfirmed): void;
  /** COV notifications that want an answer. One handler; the last one counts. */
  onConfirmed(handler: OnConfirmed): void;
  /**
   * Registers as a foreign device with the BBMD there, and renews it; Who-Is to all then goes by the BBMD too.
   * `onChange` is told how it stands. @param ttlSeconds 1 to 65535
   */
  register(host: string, port: number, ttlSeconds: number, onChange: (registration: Registration) => void): void;
  readonly counts: Readonly<ClientCounts>;
  /** Lets go of the port; what is under way ends as `no-connection`. */
  close(): Promise<void>;
}

const defaultLimits: RequestLimits = { perPeer: 2, inAll: 128 };

/** "No such subscription": class services, code unknown-subscription. */
const unknownSubscription = { errorClass: 5, errorCode: 79 } as const;

export function createBacnetClient({ port, clock, random, log, limits }: BacnetClientOptions): BacnetClient {
  const counts: ClientCounts = { datagrams: 0, malformed: 0, unasked: 0 };
  let state: 'idle' | 'open' | 'closed' = 'idle';
  let takeUnconfirmed: OnUnconfirmed = () => undefined;
  let takeConfirmed: OnConfirmed = () => false;
  let lastDown: string | undefined;
  let foreign: ForeignRegistration | undefined;
  const send = (bytes: Buffer, peer: Peer) => port.send(bytes, peer.host, peer.port);
  const requests = new Requests({ clock, random, limits: limits ?? defaultLimits, send });

  function open(): void {
    if (state !== 'idle') return;
    state = 'open';
    port.open({ onDatagram, onDown, onUnsent: (host, at, detail) => requests.onUnreachable(host, at, detail) });
  }

  function onDown(detail: string): void {
    // Whoever asks opens it again, and again: one line is enough.
    if (detail !== lastDown) log.warn({ detail }, 'BACnet port is down');
    lastDown = detail;
    if (state === 'open') state = 'idle';
    requests.endAll(detail);
  }

  function onDatagram(bytes: Buffer, host: string, fromPort: number): void {
    counts.datagrams += 1;
    lastDown = undefined;
    const incoming = decodeDatagram(bytes, host, fromPort);
    if (incoming.kind === 'wrong') counts.malformed += 1;
    else if (incoming.kind === 'bbmd-result') foreign?.onResult(incoming.code, host, fromPort);
    else onMessage(incoming, bytes);
  }

  function onMessage(incoming: Incoming & { kind: 'message' }, bytes: Buffer): void {
    const { peer, apdu, isBroadcast, isForwarded } = incoming;
    if (apdu.kind === 'unconfirmed-request') {
      // Whoever claims to pass on a message can claim that it is anybody's: enough to look there, not for a value.
      if (isForwarded && apdu.service !== iAmService && apdu.service !== iHaveService) return;
      takeUnconfirmed(peer, apdu.service, bytes.subarray(apdu.payloadAt));
    } else if (isBroadcast) counts.unasked += 1;
    else if (apdu.kind === 'confirmed-request') send(encodeAnswer(peer, answerTo(peer, apdu, bytes)), peer);
    else if (!requests.onAnswer(peer, apdu, bytes)) counts.unasked += 1;
  }

  /** As a client must: a notification that it has subscribed to is taken, anything else is none of its services. */
  function answerTo(peer: Peer, apdu: Apdu & { kind: 'confirmed-request' }, bytes: Buffer): Buffer {
    const { invokeId, service } = apdu;
    if (apdu.isSegmented) return encodeAbort(invokeId, abortReasons.segmentationNotSupported, true);
    if (service !== confirmedCovService) return encodeReject(invokeId, rejectReasons.unrecognizedService);
    if (takeConfirmed(peer, service, bytes.subarray(apdu.payloadAt))) return encodeSimpleAck(invokeId, service);
    return encodeError(invokeId, service, unknownSubscription.errorClass, unknownSubscription.errorCode);
  }

  /** Also after the port broke down: a registration goes on by itself. */
  function sendIfOpen(bytes: Buffer, host: string, toPort: number): void {
    open();
    port.send(bytes, host, toPort);
  }

  return {
    counts,
    request(request, onOutcome) {
      open();
      if (state === 'open') requests.ask(request, onOutcome);
      else clock.at(clock.monoMs(), () => onOutcome({ kind: 'no-connection', detail: 'the bus is closed' }));
    },
    broadcast(whoIs) {
      open();
      port.broadcast(encodeWhoIsToAll('broadcast', whoIs));
      if (foreign?.isRegistered) port.send(encodeWhoIsToAll('bbmd', whoIs), foreign.host, foreign.port);
    },
    sendUnconfirmed(peer, whoIs) {
      open();
      send(encodeWhoIsTo(peer, whoIs), peer);
    },
    onUnconfirmed(handler) {
      takeUnconfirmed = handler;
    },
    onConfirmed(handler) {
      takeConfirmed = handler;
    },
    register(host, bbmdPort, ttlSeconds, onChange) {
      open();
      foreign?.close();
      foreign = startForeignRegistration({ host, port: bbmdPort, ttlSeconds, clock, onChange, send: sendIfOpen });
    },
    async close() {
      state = 'closed';
      foreign?.close();
      requests.close('the bus is closed');
      await port.close();
    },
  };
}
