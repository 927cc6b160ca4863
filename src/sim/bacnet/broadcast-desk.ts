import type { Clock } from '../../base/clock.ts';
import { bvlc, decodeIp, encodeBvlc, encodeIp, type IpAddress } from './frame.ts';

/** A BBMD's table of clients on other networks, who get its broadcasts for a while. */
export interface BroadcastDesk {
  /**
   * What a BBMD does with a message that is for it alone.
   *
   * @returns the answer; undefined when there is none
   */
  answer(code: number, body: Buffer, from: IpAddress): Buffer | undefined;
  isRegistered(from: IpAddress): boolean;
  /** All that are registered now. */
  registered(): readonly IpAddress[];
  /** Forgets all, as after a loss of power. */
  forget(): void;
  /** Refuses whoever registers, from now on or no longer. */
  setRefusing(isRefusing: boolean): void;
}

/** A client is kept so much longer than it asked for. */
const graceMs = 30_000;
/** More are refused. */
const mostClients = 128;

export const resultCodes = {
  done: 0,
  readNak: 0x0020,
  registerNak: 0x0030,
  readForeignNak: 0x0040,
  distributeNak: 0x0060,
};

export function createBroadcastDesk(clock: Clock): BroadcastDesk {
  const clients = new Map<string, { readonly address: IpAddress; readonly ttlS: number; readonly endsMono: number }>();
  let isRefusing = false;
  const current = () => {
    for (const [key, { endsMono }] of clients) if (endsMono <= clock.monoMs()) clients.delete(key);
    return clients;
  };
  const register = (body: Buffer, address: IpAddress): Buffer => {
    const isKnown = current().has(keyOf(address));
    if (isRefusing || body.length !== 2 || (clients.size >= mostClients && !isKnown)) {
      return encodeResult(resultCodes.registerNak);
    }
    const ttlS = body.readUInt16BE(0);
    clients.set(keyOf(address), { address, ttlS, endsMono: clock.monoMs() + 1_000 * ttlS + graceMs });
    return encodeResult(resultCodes.done);
  };
  const list = (): Buffer => {
    const entries = [...current().values()].map(({ address, ttlS, endsMono }) => {
      const times = Buffer.alloc(4);
      times.writeUInt16BE(ttlS, 0);
      times.writeUInt16BE(Math.min(0xffff, Math.ceil((endsMono - clock.monoMs()) / 1_000)), 2);
      return Buffer.concat([encodeIp(address), times]);
    });
    return encodeBvlc(bvlc.readForeignTableAck, Buffer.concat(entries));
  };
  return {
    answer(code, body, from) {
      if (code === bvlc.register) return register(body, from);
      if (code === bvlc.readForeignTable) return list();
      if (code === bvlc.readBroadcastTable) return encodeResult(resultCodes.readNak);
      return undefined;
    },
    isRegistered: from => current().has(keyOf(from)),
    registered: () => [...current().values()].map(({ address }) => address),
    forget: () => clients.clear(),
    setRefusing(refusing) {
      isRefusing = refusing;
    },
  };
}

function keyOf({ host, port }: IpAddress): string {
  return `${host}:${port}`;
}

export function encodeResult(code: number): Buffer {
  return encodeBvlc(bvlc.result, Buffer.of(code >> 8, code & 0xff));
}

/** A broadcast with the address that it came from. */
export function encodeForwarded(origin: IpAddress, npdu: Uint8Array): Buffer {
  return encodeBvlc(bvlc.forwarded, Buffer.concat([encodeIp(origin), npdu]));
}

export function decodeForwarded(body: Buffer): { readonly origin: IpAddress; readonly npdu: Buffer } | undefined {
  const origin = decodeIp(body);
  return origin && { origin, npdu: body.subarray(6) };
}
