import type { Clock, Timer } from '../../base/clock.ts';
import type { BacnetFaults } from './bacnet-fault.ts';
import { type BroadcastDesk, decodeForwarded, encodeResult, resultCodes } from './broadcast-desk.ts';
import type { Delivery } from './delivery.ts';
import type { DeviceNode } from './device-node.ts';
import {
  bvlc,
  decodeBvlc,
  decodeNpdu,
  encodeBvlc,
  encodeNpdu,
  everywhere,
  type IpAddress,
  type NetworkAddress,
  type Npdu,
} from './frame.ts';
import { type Remote, remoteOf } from './remote.ts';

/** A device at a station: on the IP network itself, or on a network behind it. */
export interface Resident {
  readonly place: NetworkAddress | undefined;
  readonly node: DeviceNode;
  readonly faults: () => BacnetFaults;
}

/** Where bytes leave from. */
export type Door = 'itself' | 'stranger' | 'other-port';

export interface StationOptions {
  readonly address: IpAddress;
  readonly clock: Clock;
  readonly residents: () => readonly Resident[];
  readonly bbmd: BroadcastDesk | undefined;
  /** Where a broadcast goes; undefined where there is none. */
  readonly broadcast: IpAddress | undefined;
  readonly send: (door: Door, frame: Buffer, to: IpAddress) => void;
  /** Lets all stations hear what the BBMD was asked to distribute. */
  readonly distribute: (npdu: Buffer, origin: IpAddress) => void;
}

/** One address on the IP network: a device, a router with the devices behind it, a BBMD, or all of these. */
export interface Station {
  readonly address: IpAddress;
  receive(datagram: Buffer, from: IpAddress, door: 'itself' | 'other-port' | 'broadcast'): void;
  /** A broadcast that came in some other way. */
  hear(npdu: Buffer, from: IpAddress): void;
  sendFrom(
    resident: Pick<Resident, 'place' | 'faults'>,
    to: Remote | undefined,
    delivery: Delivery,
    isReplyExpected: boolean,
  ): void;
  stop(): void;
}

const whoIsRouter = 0;
const iAmRouter = 1;
const rejectToNetwork = 3;
/** Of a reject: no such network. */
const unreachable = 1;
/** A device behind a router that nobody knows. */
const nowhere: NetworkAddress = { network: 64_999, mac: '7f' };

export function createStation(options: StationOptions): Station {
  const { address, clock, residents, bbmd, broadcast } = options;
  const timers = new Set<Timer>();

  const receive: Station['receive'] = (datagram, from, door) => {
    const frame = decodeBvlc(datagram);
    if (!frame) return;
    const { code, body } = frame;
    if (code === bvlc.unicast || code === bvlc.broadcast) return take(body, from, door);
    if (code === bvlc.forwarded) {
      const forwarded = decodeForwarded(body);
      if (forwarded) take(forwarded.npdu, forwarded.origin, door);
      return;
    }
    // The rest is for a BBMD, and answered by nobody who is none when it was not sent to him alone.
    if (door !== 'itself' || code === bvlc.result) return;
    if (code === bvlc.distribute) {
      if (bbmd?.isRegistered(from)) options.distribute(body, from);
      else options.send('itself', encodeResult(resultCodes.distributeNak), from);
      return;
    }
    const answer = bbmd
      ? bbmd.answer(code, body, from)
      : code === bvlc.register && encodeResult(resultCodes.registerNak);
    if (answer) options.send('itself', answer, from);
  };

  const take = (bytes: Buffer, from: IpAddress, door: 'itself' | 'other-port' | 'broadcast') => {
    const npdu = decodeNpdu(bytes);
    if (!npdu) return;
    const remote = remoteOf(from, npdu.source);
    if (npdu.messageType !== undefined) return answerRouting(npdu, remote);
    const { destination } = npdu;
    if (destination && destination.network !== everywhere.network && !hasNetwork(destination.network)) {
      if (door !== 'broadcast' && isRouter())
        sendRouting(rejectToNetwork, [unreachable, ...twoBytes(destination.network)], remote);
      return;
    }
    for (const resident of residents()) {
      if (isFor(resident, destination) && hears(resident, door)) resident.node.receive(npdu.payload, remote);
    }
  };

  const networks = () => [...new Set(residents().flatMap(({ place }) => (place ? [place.network] : [])))];
  const hasNetwork = (network: number) => networks().includes(network);
  const isRouter = () => networks().length > 0;

  const answerRouting = ({ messageType, payload }: Npdu, remote: Remote) => {
    if (messageType !== whoIsRouter || !isRouter()) return;
    const wanted = payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
    const known = networks().filter(network => wanted === undefined || network === wanted);
    if (known.length > 0) sendRouting(iAmRouter, known.flatMap(twoBytes), remote);
  };
  const sendRouting = (messageType: number, bytes: readonly number[], to: Remote) => {
    const npdu = { destination: to.behind, source: undefined, messageType, isReplyExpected: false };
    options.send('itself', encodeBvlc(bvlc.unicast, encodeNpdu({ ...npdu, payload: Buffer.from(bytes) })), to);
  };

  const sendNow = (
    { place, faults }: Pick<Resident, 'place' | 'faults'>,
    to: Remote | undefined,
    delivery: Delivery,
    isReplyExpected: boolean,
  ) => {
    const source = delivery.from === 'other-network' ? nowhere : place;
    const npdu = encodeNpdu({
      destination: to ? to.behind : everywhere,
      source,
      messageType: undefined,
      isReplyExpected,
      payload: delivery.apdu,
    });
    const door = doorOf(delivery, faults());
    if (to) return options.send(door, encodeBvlc(bvlc.unicast, npdu), to);
    if (broadcast) options.send(door, encodeBvlc(bvlc.broadcast, npdu), broadcast);
  };

  return {
    address,
    receive,
    hear: (npdu, from) => take(npdu, from, 'broadcast'),
    sendFrom(resident, to, delivery, isReplyExpected) {
      if (delivery.delayMs <= 0) return sendNow(resident, to, delivery, isReplyExpected);
      const timer = clock.at(clock.monoMs() + delivery.delayMs, () => {
        timers.delete(timer);
        sendNow(resident, to, delivery, isReplyExpected);
      });
      timers.add(timer);
    },
    stop() {
      for (const timer of timers) timer.cancel();
      timers.clear();
    },
  };
}

function doorOf({ from }: Delivery, faults: BacnetFaults): Door {
  if (from === 'stranger' || from === 'other-port') return from;
  return faults.has('moved') ? 'other-port' : 'itself';
}

/** A device that has moved hears what is sent to its new port, and broadcasts. */
function hears({ faults, place }: Resident, door: 'itself' | 'other-port' | 'broadcast'): boolean {
  if (door === 'broadcast') return true;
  return (faults().has('moved') && place === undefined) === (door === 'other-port');
}

/** An empty address means all of a network. */
function isFor({ place }: Resident, destination: NetworkAddress | undefined): boolean {
  if (destination === undefined) return place === undefined;
  if (destination.network === everywhere.network) return true;
  return place?.network === destination.network && (destination.mac === '' || destination.mac === place.mac);
}

function twoBytes(network: number): number[] {
  return [network >> 8, network & 0xff];
}
