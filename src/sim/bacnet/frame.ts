/** The outermost layers of a datagram: BACnet/IP (BVLC) and the network layer (NPDU). */

/** Where somebody is on the network: on a network behind a router, or network 0 for the IP network itself. */
export interface NetworkAddress {
  readonly network: number;
  /** Hex; empty for the IP network itself and for a broadcast. */
  readonly mac: string;
}

export interface IpAddress {
  readonly host: string;
  readonly port: number;
}

export const bvlc = {
  result: 0x00,
  readBroadcastTable: 0x02,
  forwarded: 0x04,
  register: 0x05,
  readForeignTable: 0x06,
  readForeignTableAck: 0x07,
  distribute: 0x09,
  unicast: 0x0a,
  broadcast: 0x0b,
} as const;

const bacnetIp = 0x81;

export interface Bvlc {
  readonly code: number;
  readonly body: Buffer;
}

export function encodeBvlc(code: number, body: Uint8Array): Buffer {
  const head = Buffer.of(bacnetIp, code, 0, 0);
  head.writeUInt16BE(4 + body.length, 2);
  return Buffer.concat([head, body]);
}

/** Undefined for what is no BACnet/IP, or not as long as it says. */
export function decodeBvlc(datagram: Buffer): Bvlc | undefined {
  if (datagram.length < 4 || datagram[0] !== bacnetIp || datagram.readUInt16BE(2) !== datagram.length) return undefined;
  return { code: datagram[1] ?? 0, body: datagram.subarray(4) };
}

export function encodeIp({ host, port }: IpAddress): Buffer {
  const bytes = Buffer.from([...host.split('.').map(Number), 0, 0]);
  bytes.writeUInt16BE(port, 4);
  return bytes;
}

export function decodeIp(bytes: Buffer): IpAddress | undefined {
  if (bytes.length < 6) return undefined;
  return { host: [...bytes.subarray(0, 4)].join('.'), port: bytes.readUInt16BE(4) };
}

/** Network 65535: everywhere. */
export const everywhere: NetworkAddress = { network: 0xffff, mac: '' };

export interface Npdu {
  readonly destination: NetworkAddress | undefined;
  readonly source: NetworkAddress | undefined;
  /** Of a message of the network layer itself. */
  readonly messageType: number | undefined;
  readonly isReplyExpected: boolean;
  /** The APDU, or what follows the message type. */
  readonly payload: Buffer;
}

const hopCount = 255;

export function encodeNpdu(npdu: Npdu): Buffer {
  const { destination, source, messageType } = npdu;
  const control =
    (messageType === undefined ? 0 : 0x80) |
    (destination ? 0x20 : 0) |
    (source ? 0x08 : 0) |
    (npdu.isReplyExpected ? 0x04 : 0);
  return Buffer.concat([
    Buffer.of(1, control),
    destination ? encodeNetworkAddress(destination) : Buffer.alloc(0),
    source ? encodeNetworkAddress(source) : Buffer.alloc(0),
    destination ? Buffer.of(hopCount) : Buffer.alloc(0),
    messageType === undefined ? Buffer.alloc(0) : Buffer.of(messageType),
    npdu.payload,
  ]);
}

function encodeNetworkAddress({ network, mac }: NetworkAddress): Buffer {
  const bytes = Buffer.from(mac, 'hex');
  return Buffer.concat([Buffer.of(network >> 8, network & 0xff, bytes.length), bytes]);
}

/** Undefined for another version, or where the bytes end too early. */
export function decodeNpdu(bytes: Buffer): Npdu | undefined {
  const control = bytes[1];
  if (bytes[0] !== 1 || control === undefined) return undefined;
  let at = 2;
  const readAddress = (): NetworkAddress | undefined => {
    const length = bytes[at + 2];
    if (length === undefined || at + 3 + length > bytes.length) return undefined;
    const address = { network: bytes.readUInt16BE(at), mac: bytes.toString('hex', at + 3, at + 3 + length) };
    at += 3 + length;
    return address;
  };
  const hasDestination = (control & 0x20) !== 0;
  const hasSource = (control & 0x08) !== 0;
  const destination = hasDestination ? readAddress() : undefined;
  if (hasDestination && !destination) return undefined;
  const source = hasSource ? readAddress() : undefined;
  if (hasSource && !source) return undefined;
  if (hasDestination) at += 1;
  const messageType = (control & 0x80) !== 0 ? bytes[at] : undefined;
  if ((control & 0x80) !== 0) at += 1;
  if (at > bytes.length) return undefined;
  const isReplyExpected = (control & 0x04) !== 0;
  return { destination, source, messageType, isReplyExpected, payload: bytes.subarray(at) };
}
