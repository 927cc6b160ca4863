import type { Clock } from '../../base/clock.ts';
import { type BroadcastDesk, createBroadcastDesk, encodeForwarded } from './broadcast-desk.ts';
import { bvlc, type IpAddress } from './frame.ts';
import { createStation, type Door, type Resident, type Station } from './station.ts';
import { openUdpSocket, type UdpSocket } from './udp-socket.ts';

/** A station with those who live there. */
export interface StationSite {
  readonly station: Station;
  readonly residents: Resident[];
  readonly bbmd: BroadcastDesk | undefined;
  /** Sends from one of its sockets. */
  readonly send: (door: Door, frame: Buffer, to: IpAddress) => void;
}

export interface IpNetworkOptions {
  readonly clock: Clock;
  /** Where broadcasts are heard and sent; undefined: there are none. */
  readonly broadcast: IpAddress | undefined;
  readonly onSent: ((frame: Buffer, from: IpAddress, to: IpAddress) => void) | undefined;
}

/** All stations of a simulated plant, and the wire between them. */
export interface IpNetwork {
  /** The station at an address, opened where there is none yet; with port 0 always a new one. */
  siteAt(host: string, port: number): Promise<StationSite>;
  addBbmd(host: string, port: number): Promise<StationSite & { readonly bbmd: BroadcastDesk }>;
  /** From now on broadcasts are heard. */
  listen(): Promise<void>;
  isPlugged(): boolean;
  setPlugged(isPlugged: boolean): void;
  close(): Promise<void>;
}

/** From where answers of another host come, where devices are on the loopback interface. */
const strangerHost = '127.99.99.99';

export function createIpNetwork({ clock, broadcast, onSent }: IpNetworkOptions): IpNetwork {
  const sockets: UdpSocket[] = [];
  const sites = new Map<string, StationSite>();
  const strangers = new Map<number, UdpSocket>();
  let isPlugged = true;

  const open = async (
    host: string,
    port: number,
    onDatagram: (datagram: Buffer, from: IpAddress) => void,
    isShared = false,
  ) => {
    const hear = (datagram: Buffer, from: IpAddress) => {
      if (isPlugged) onDatagram(datagram, from);
    };
    const socket = await openUdpSocket({ host, port, isShared, onDatagram: hear });
    sockets.push(socket);
    return socket;
  };
  const sendFrom = (socket: UdpSocket, frame: Buffer, to: IpAddress) => {
    if (!isPlugged) return;
    onSent?.(frame, socket.address, to);
    socket.send(frame, to);
  };

  const openStranger = async (host: string, port: number): Promise<UdpSocket> => {
    const known = strangers.get(port);
    if (known) return known;
    const other = () => open(host, 0, () => {});
    const socket = host.startsWith('127.') ? await open(strangerHost, port, () => {}).catch(other) : await other();
    strangers.set(port, socket);
    return socket;
  };

  /** What is a broadcast here reaches the clients of every BBMD. */
  const tellForeign = (npdu: Buffer, origin: IpAddress) => {
    for (const { bbmd, send } of sites.values()) {
      for (const client of bbmd?.registered() ?? []) {
        if (keyOf(client) !== keyOf(origin)) send('itself', encodeForwarded(origin, npdu), client);
      }
    }
  };

  const openSite = async (host: string, port: number, bbmd: BroadcastDesk | undefined): Promise<StationSite> => {
    const itself = await open(host, port, (datagram, from) => station.receive(datagram, from, 'itself'));
    const otherPort = await open(host, 0, (datagram, from) => station.receive(datagram, from, 'other-port'));
    const stranger = await openStranger(host, itself.address.port);
    const doors: Readonly<Record<Door, UdpSocket>> = { itself, 'other-port': otherPort, stranger };
    const residents: Resident[] = [];
    const send: StationSite['send'] = (door, frame, to) => {
      sendFrom(doors[door], frame, to);
      if (frame[1] === bvlc.broadcast) tellForeign(frame.subarray(4), doors[door].address);
    };
    const distribute = (npdu: Buffer, origin: IpAddress) => {
      tellForeign(npdu, origin);
      // Our own stations hear the broadcast like all others.
      if (broadcast) send('itself', encodeForwarded(origin, npdu), broadcast);
      else for (const other of sites.values()) other.station.hear(npdu, origin);
    };
    const { address } = itself;
    const station = createStation({ address, clock, residents: () => residents, bbmd, broadcast, send, distribute });
    const site: StationSite = { station, residents, bbmd, send };
    sites.set(keyOf(address), site);
    return site;
  };

  const onBroadcast = (datagram: Buffer, from: IpAddress) => {
    // Broadcasts of our own stations were told to the clients of the BBMD when they were sent.
    const isOurs = sockets.some(({ address }) => keyOf(address) === keyOf(from));
    if (!isOurs && datagram[1] === bvlc.broadcast) tellForeign(datagram.subarray(4), from);
    for (const { station } of sites.values()) station.receive(datagram, from, 'broadcast');
  };

  return {
    siteAt: async (host, port) => sites.get(keyOf({ host, port })) ?? openSite(host, port, undefined),
    async addBbmd(host, port) {
      const bbmd = createBroadcastDesk(clock);
      return { ...(await openSite(host, port, bbmd)), bbmd };
    },
    async listen() {
      if (broadcast) await open(broadcast.host, broadcast.port, onBroadcast, true);
    },
    isPlugged: () => isPlugged,
    setPlugged(plugged) {
      isPlugged = plugged;
    },
    async close() {
      for (const { station } of sites.values()) station.stop();
      await Promise.all(sockets.map(socket => socket.close()));
    },
  };
}

function keyOf({ host, port }: IpAddress): string {
  return `${host}:${port}`;
}
