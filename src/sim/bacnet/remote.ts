import type { IpAddress, NetworkAddress } from './frame.ts';

/** The one who asks: a client on the IP network or behind a router. */
export interface Remote extends IpAddress {
  /** Undefined on the IP network itself. */
  readonly behind: NetworkAddress | undefined;
  /** Tells one from another. */
  readonly key: string;
}

export function remoteOf(ip: IpAddress, behind: NetworkAddress | undefined): Remote {
  const place = behind === undefined ? '' : `/${behind.network}:${behind.mac}`;
  return { host: ip.host, port: ip.port, behind, key: `${ip.host}:${ip.port}${place}` };
}
