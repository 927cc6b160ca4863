import { type BacnetClient, createBacnetClient } from '../../../drivers/bacnet/client.ts';
import type { Peer } from '../../../drivers/bacnet/peer.ts';
import type { RequestLimits } from '../../../drivers/bacnet/peer-queues.ts';
import type { Outcome, Request } from '../../../drivers/bacnet/request.ts';
import type { PortHandlers, UdpPort } from '../../../drivers/bacnet/udp-port.ts';
import { createUdpPort } from '../../../drivers/bacnet/udp-port.ts';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';

/** A client on real sockets, on a port that the system chooses. */
export function openClient(limits?: RequestLimits): BacnetClient {
  const port = createUdpPort({ address: '127.0.0.1', port: 0, broadcast: undefined });
  return createBacnetClient({
    port,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
    ...(limits && { limits }),
  });
}

export function peerAt(host: string, port: number): Peer {
  return { host, port, network: 0, mac: '' };
}

export function outcomeOf(client: BacnetClient, request: Request): Promise<Outcome> {
  return new Promise(resolve => client.request(request, resolve));
}

/** A port whose other end is the test. */
export interface TestPort extends UdpPort {
  readonly sent: { readonly bytes: Buffer; readonly host: string; readonly port: number }[];
  readonly broadcasts: Buffer[];
  /** As if it had come from there. */
  hear(bytes: Buffer, host: string, port: number): void;
  goDown(detail: string): void;
  failToSend(host: string, port: number, detail: string): void;
  readonly opened: number;
}

export function createTestPort(): TestPort {
  const sent: TestPort['sent'] = [];
  const broadcasts: Buffer[] = [];
  let handlers: PortHandlers | undefined;
  let opened = 0;
  return {
    sent,
    broadcasts,
    get opened() {
      return opened;
    },
    open(to) {
      handlers = to;
      opened += 1;
    },
    send: (bytes, host, port) => sent.push({ bytes: Buffer.from(bytes), host, port }),
    broadcast: bytes => broadcasts.push(bytes),
    close: async () => undefined,
    hear: (bytes, host, port) => handlers?.onDatagram(bytes, host, port),
    goDown: detail => handlers?.onDown(detail),
    failToSend: (host, port, detail) => handlers?.onUnsent(host, port, detail),
  };
}

/** A client whose port and clock are the test's. */
export function createTestClient(clock: Clock, port: UdpPort, limits?: RequestLimits): BacnetClient {
  return createBacnetClient({ port, clock, random: seededRandom(1), log: silentLog, ...(limits && { limits }) });
}
