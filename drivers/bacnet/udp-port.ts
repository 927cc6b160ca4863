import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { codeOf, messageOf } from '../../src/base/errors.ts';

/** Carries datagrams. What goes wrong is told to the handlers, never thrown. */
export interface UdpPort {
  /** Begins to listen; after `onDown` it may be called again. */
  open(handlers: PortHandlers): void;
  send(bytes: Buffer, host: string, port: number): void;
  /** To every host of the network: one datagram. */
  broadcast(bytes: Buffer): void;
  close(): Promise<void>;
}

export interface PortHandlers {
  readonly onDatagram: (bytes: Buffer, host: string, port: number) => void;
  /** Nothing comes or goes any more. */
  readonly onDown: (detail: string) => void;
  /** One datagram did not leave. */
  readonly onUnsent: (host: string, port: number, detail: string) => void;
}

export interface UdpPortOptions {
  /** The IPv4 address of an interface of this machine; 0.0.0.0 for all of them. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Where broadcasts go; undefined: where the mask of the interface says, of 0.0.0.0 to 255.255.255.255. */
  readonly broadcast: string | undefined;
}

const anyAddress = '0.0.0.0';

/**
 * The one file that touches node:dgram.
 *
 * A socket that is bound to the address of an interface does not hear broadcasts on Linux, so a second one listens on the
 * broadcast address. Our own address is not shared with other programs: a second one on this port would take our answers.
 * The broadcast address is, since whoever listens there hears everything.
 */
export function createUdpPort({ address, port, broadcast }: UdpPortOptions): UdpPort {
  const broadcastHost = broadcast ?? broadcastAddressOf(address);
  let sockets: readonly Socket[] = [];
  let unsent: PortHandlers['onUnsent'] = () => undefined;

  function open(handlers: PortHandlers): void {
    closeAll(sockets);
    unsent = handlers.onUnsent;
    const own = createSocket({ type: 'udp4', reuseAddr: false });
    const opened = address === anyAddress ? [own] : [own, createSocket({ type: 'udp4', reuseAddr: true })];
    sockets = opened;
    const goDown = (where: string, error: unknown) => {
      if (sockets !== opened) return;
      sockets = [];
      closeAll(opened);
      handlers.onDown(`${where}: ${explain(error)}`);
    };
    for (const [index, socket] of opened.entries()) {
      const host = index === 0 ? address : broadcastHost;
      socket.on('error', error => goDown(`${host}:${port}`, error));
      socket.on('message', (bytes, from) => {
        if (sockets === opened) handlers.onDatagram(bytes, from.address, from.port);
      });
    }
    own.bind({ address, port, exclusive: true }, () => {
      if (sockets !== opened) return;
      own.setBroadcast(true);
      // On the same port, also where the system chose it.
      opened[1]?.bind({ address: broadcastHost, port: own.address().port, exclusive: true });
    });
  }

  function send(bytes: Buffer, host: string, toPort: number): void {
    const [own] = sockets;
    try {
      // Bound or not yet: until then Node keeps it.
      own?.send(bytes, toPort, host, onSent);
    } catch (error) {
      // A port that cannot be, of a forged datagram: told as what the system refuses, not before this returns.
      queueMicrotask(() => unsent(host, toPort, explain(error)));
    }
  }

  /** One function for all that is sent: an error of the system says where it was to go. */
  function onSent(error: (Error & { address?: string; port?: number }) | null): void {
    if (error) unsent(error.address ?? '', error.port ?? 0, explain(error));
  }

  return {
    open,
    send,
    broadcast: bytes => send(bytes, broadcastHost, port),
    async close() {
      const closing = sockets;
      sockets = [];
      closeAll(closing);
    },
  };
}

function closeAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    try {
      socket.close();
    } catch {
      // It was closed by what went wrong with it.
    }
  }
}

function explain(error: unknown): string {
  if (codeOf(error) === 'EADDRINUSE') return 'another program has this port';
  if (codeOf(error) === 'EADDRNOTAVAIL') return 'no interface of this machine has this address';
  return messageOf(error);
}

/** By the mask of the interface that has this address; 255.255.255.255 where none has. */
function broadcastAddressOf(address: string): string {
  const everyone = '255.255.255.255';
  if (address === anyAddress) return everyone;
  const own = Object.values(networkInterfaces())
    .flat()
    .find(one => one?.family === 'IPv4' && one.address === address);
  if (!own) return everyone;
  const mask = own.netmask.split('.').map(Number);
  return address
    .split('.')
    .map((part, index) => Number(part) | (~(mask[index] ?? 255) & 0xff))
    .join('.');
}
