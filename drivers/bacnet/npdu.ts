import { allNetworks } from './peer.ts';
import { type Wrong, wrong } from './wrong.ts';

/*
 * The network layer (clause 6): which network a message comes from and goes to.
 *
 *     0x01  control  [DNET 2, DLEN, DADR …]  [SNET 2, SLEN, SADR …]  [hop count]  APDU …
 */

const version = 1;
const control = { isNetworkMessage: 0x80, hasDestination: 0x20, hasSource: 0x08, expectsReply: 0x04 } as const;
const mostHops = 255;

export interface Npdu {
  readonly kind: 'apdu';
  /** Where the APDU begins. */
  readonly at: number;
  /** Where the sender is: 0 and '' on the IP network itself, see Peer. */
  readonly network: number;
  readonly mac: string;
}

/** Messages among routers are wrong here, and so are those for another network: this is no router. */
export function decodeNpdu(bytes: Buffer, start: number): Npdu | Wrong {
  if (start + 2 > bytes.length) return wrong('a network header that ends too soon');
  if (bytes[start] !== version) return wrong('not version 1 of the network layer');
  const flags = bytes[start + 1] ?? 0;
  if (flags & control.isNetworkMessage) return wrong('a message among routers');
  let at = start + 2;
  if (flags & control.hasDestination) {
    const end = addressEnd(bytes, at);
    if (end === undefined) return wrong('a network header that ends too soon');
    if (bytes.readUInt16BE(at) !== allNetworks) return wrong('a message for another network');
    at = end;
  }
  let network = 0;
  let mac = '';
  if (flags & control.hasSource) {
    const end = addressEnd(bytes, at);
    if (end === undefined) return wrong('a network header that ends too soon');
    network = bytes.readUInt16BE(at);
    mac = bytes.toString('hex', at + 3, end);
    if (network === 0 || network === allNetworks || mac === '') return wrong('a sender that cannot be');
    at = end;
  }
  if (flags & control.hasDestination) at += 1;
  return at < bytes.length ? { kind: 'apdu', at, network, mac } : wrong('a network header that ends too soon');
}

/** The end of a network number, a length and an address of so many bytes; undefined when they do not fit in. */
function addressEnd(bytes: Buffer, at: number): number | undefined {
  if (at + 3 > bytes.length) return undefined;
  const end = at + 3 + (bytes[at + 2] ?? 0);
  return end <= bytes.length ? end : undefined;
}

/** Nearly all that is sent is to the IP network itself. */
const localNpdu = Buffer.from([version, 0]);
const localNpduExpectingReply = Buffer.from([version, control.expectsReply]);

/**
 * Not to be changed: it may be shared.
 *
 * @param network 0: the device that the datagram goes to; else `mac` in that network, '' for all devices there
 */
export function encodeNpdu(network: number, mac: string, expectsReply: boolean): Buffer {
  if (network === 0) return expectsReply ? localNpduExpectingReply : localNpdu;
  const reply = expectsReply ? control.expectsReply : 0;
  const address = Buffer.from(mac, 'hex');
  const head = [version, control.hasDestination | reply, network >> 8, network & 0xff, address.length];
  return Buffer.concat([Buffer.from(head), address, Buffer.from([mostHops])]);
}
