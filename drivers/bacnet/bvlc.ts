import { type Wrong, wrong } from './wrong.ts';

/*
 * The outermost layer of BACnet/IP (annex J): four bytes that say how a datagram travels.
 *
 *     0x81  function  length of all, 2 bytes  …
 */

const bvlcType = 0x81;
export const bvlcBytes = 4;
/** Of a Forwarded-NPDU: who sent it first. */
const originBytes = 6;

export const bvlcFunctions = {
  result: 0x00,
  forwardedNpdu: 0x04,
  registerForeignDevice: 0x05,
  distributeBroadcast: 0x09,
  originalUnicast: 0x0a,
  originalBroadcast: 0x0b,
} as const;

export type BvlcFunction = (typeof bvlcFunctions)[keyof typeof bvlcFunctions];

/** Results of a BBMD that matter to us; 0 is success. */
export const bvlcResults = { success: 0x0000, registerRefused: 0x0030, distributeRefused: 0x0060 } as const;

export type Bvlc =
  /** A network message from `at` to the end of the datagram. */
  | {
      readonly kind: 'npdu';
      readonly at: number;
      readonly isBroadcast: boolean;
      /** Who sent it, where a BBMD passed it on. */
      readonly origin: { readonly host: string; readonly port: number } | undefined;
    }
  /** What a BBMD says of something that it was asked for. */
  | { readonly kind: 'result'; readonly code: number };

/** Functions that only a BBMD has to understand are wrong here: this is none. */
export function decodeBvlc(bytes: Buffer): Bvlc | Wrong {
  if (bytes.length < bvlcBytes) return wrong('a datagram of less than 4 bytes');
  if (bytes[0] !== bvlcType) return wrong('not BACnet/IP');
  if (bytes.readUInt16BE(2) !== bytes.length) return wrong('a length that is not that of the datagram');
  switch (bytes[1]) {
    case bvlcFunctions.originalUnicast:
      return { kind: 'npdu', at: bvlcBytes, isBroadcast: false, origin: undefined };
    case bvlcFunctions.originalBroadcast:
      return { kind: 'npdu', at: bvlcBytes, isBroadcast: true, origin: undefined };
    case bvlcFunctions.forwardedNpdu:
      return decodeForwarded(bytes);
    case bvlcFunctions.result:
      if (bytes.length !== bvlcBytes + 2) return wrong('a result that is not 2 bytes');
      return { kind: 'result', code: bytes.readUInt16BE(bvlcBytes) };
    default:
      return wrong(`BVLC function ${bytes[1]}, which is not for us`);
  }
}

function decodeForwarded(bytes: Buffer): Bvlc | Wrong {
  const npduAt = bvlcBytes + originBytes;
  if (bytes.length < npduAt) return wrong('a forwarded message without its origin');
  const first = bytes[4] ?? 0;
  const port = bytes.readUInt16BE(8);
  // Nobody sends from port 0 or from an address of many; to answer there would reach others, or nobody.
  if (port === 0 || first === 0 || first >= 224) return wrong('a forwarded message from nowhere');
  const host = `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`;
  return { kind: 'npdu', at: npduAt, isBroadcast: true, origin: { host, port } };
}

/** Writes the four bytes in front of what is in `frame` behind them. */
export function setBvlc(frame: Buffer, bvlcFunction: BvlcFunction): void {
  frame[0] = bvlcType;
  frame[1] = bvlcFunction;
  frame.writeUInt16BE(frame.length, 2);
}

/** @param ttlSeconds 1 to 65535: for how long the BBMD is to pass broadcasts on to us */
export function encodeRegisterForeignDevice(ttlSeconds: number): Buffer {
  const frame = Buffer.alloc(bvlcBytes + 2);
  frame.writeUInt16BE(ttlSeconds, bvlcBytes);
  setBvlc(frame, bvlcFunctions.registerForeignDevice);
  return frame;
}
