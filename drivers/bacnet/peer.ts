/**
 * Where a BACnet device is: the IP host and port to send to, and behind a router the network and the address in it.
 * Two devices behind one router share host and port, so all four together say which device it is.
 */
export interface Peer {
  /** Dotted IPv4; behind a router that of the router. */
  readonly host: string;
  readonly port: number;
  /** 0 for a device on the IP network itself; 1 to 65534 behind a router. */
  readonly network: number;
  /** The address within that network as lower-case hex text; '' on the IP network itself. */
  readonly mac: string;
}

/** A network of its own for what concerns all of them. */
export const allNetworks = 0xffff;

/** For maps and for people: `10.0.0.5:47808`, `10.0.0.1:47808/200:0a`. */
export function peerKey({ host, port, network, mac }: Peer): string {
  return network === 0 ? `${host}:${port}` : `${host}:${port}/${network}:${mac}`;
}

export function isSamePeer(one: Peer, other: Peer): boolean {
  return one.host === other.host && one.port === other.port && one.network === other.network && one.mac === other.mac;
}
