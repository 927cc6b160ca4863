import { assert } from '../../src/base/assert.ts';
import { type Apdu, decodeApdu, encodeRequestHead, encodeUnconfirmedHead } from './apdu.ts';
import { type BvlcFunction, bvlcBytes, bvlcFunctions, decodeBvlc, setBvlc } from './bvlc.ts';
import { decodeNpdu, encodeNpdu } from './npdu.ts';
import { allNetworks, type Peer } from './peer.ts';
import { isRequestService, whoIsService } from './services.ts';
import type { Wrong } from './wrong.ts';

/*
 * Whole datagrams: the three layers put together and taken apart. Everything that goes to the plant is made here, so this
 * is the last gate before the wire.
 */

/** What came in one datagram. */
export type Incoming =
  | {
      readonly kind: 'message';
      readonly peer: Peer;
      readonly apdu: Apdu;
      /** It was sent to all, so it is no answer to anything. */
      readonly isBroadcast: boolean;
      /** A BBMD says who sent it; else the network does. */
      readonly isForwarded: boolean;
    }
  | { readonly kind: 'bbmd-result'; readonly code: number }
  | Wrong;

/** Never throws, and never reads past the end. */
export function decodeDatagram(bytes: Buffer, host: string, port: number): Incoming {
  const bvlc = decodeBvlc(bytes);
  if (bvlc.kind === 'wrong') return bvlc;
  if (bvlc.kind === 'result') return { kind: 'bbmd-result', code: bvlc.code };
  const npdu = decodeNpdu(bytes, bvlc.at);
  if (npdu.kind === 'wrong') return npdu;
  const apdu = decodeApdu(bytes, npdu.at);
  if (apdu.kind === 'wrong') return apdu;
  const { network, mac } = npdu;
  const { isBroadcast, origin } = bvlc;
  const peer = { host: origin?.host ?? host, port: origin?.port ?? port, network, mac };
  return { kind: 'message', peer, apdu, isBroadcast, isForwarded: origin !== undefined };
}

/** @param maxSegments see encodeRequestHead */
export function encodeRequest(
  peer: Peer,
  invokeId: number,
  service: number,
  payload: Uint8Array,
  maxSegments: number,
): Buffer {
  assert(isRequestService(service), `service ${service} was to be asked of the plant`);
  assert(invokeId >= 1 && invokeId <= 255, `${invokeId} is no invoke id`);
  const head = encodeRequestHead(invokeId, service, maxSegments);
  return frameOf(bvlcFunctions.originalUnicast, [encodeNpdu(peer.network, peer.mac, true), head, payload]);
}

/** An answer to a device, or the acknowledgement of a segment: see apdu.ts for all that there are. */
export function encodeAnswer(peer: Peer, apdu: Uint8Array): Buffer {
  return frameOf(bvlcFunctions.originalUnicast, [encodeNpdu(peer.network, peer.mac, false), apdu]);
}

/** A Who-Is to one device, or with an empty `mac` to all of a network behind its router. */
export function encodeWhoIsTo(peer: Peer, payload: Uint8Array): Buffer {
  const npdu = encodeNpdu(peer.network, peer.mac, false);
  return frameOf(bvlcFunctions.originalUnicast, [npdu, encodeUnconfirmedHead(whoIsService), payload]);
}

/** A Who-Is to all devices of all networks: on this one, or by a BBMD that passes it on. */
export function encodeWhoIsToAll(by: 'broadcast' | 'bbmd', payload: Uint8Array): Buffer {
  const bvlcFunction = by === 'bbmd' ? bvlcFunctions.distributeBroadcast : bvlcFunctions.originalBroadcast;
  return frameOf(bvlcFunction, [encodeNpdu(allNetworks, '', false), encodeUnconfirmedHead(whoIsService), payload]);
}

const roomForBvlc = Buffer.alloc(bvlcBytes);

function frameOf(bvlcFunction: BvlcFunction, parts: readonly Uint8Array[]): Buffer {
  const frame = Buffer.concat([roomForBvlc, ...parts]);
  setBvlc(frame, bvlcFunction);
  return frame;
}
