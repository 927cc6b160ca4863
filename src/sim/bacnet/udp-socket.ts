import { createSocket, type Socket } from 'node:dgram';
import { codeOf, messageOf, PlantroomError } from '../../base/errors.ts';
import type { IpAddress } from './frame.ts';

export interface UdpSocket {
  readonly address: IpAddress;
  /** What cannot be sent is lost, as on any network. */
  send(bytes: Uint8Array, to: IpAddress): void;
  close(): Promise<void>;
}

export interface UdpSocketOptions extends IpAddress {
  readonly onDatagram: (datagram: Buffer, from: IpAddress) => void;
  /** Several sockets may share a broadcast address; each hears everything. */
  readonly isShared?: boolean;
}

/**
 * Opens a UDP socket; port 0 takes a free one.
 *
 * @throws PlantroomError kind `busy` when the port is taken, `network` when the address cannot be used
 */
export async function openUdpSocket(options: UdpSocketOptions): Promise<UdpSocket> {
  const { host, port, onDatagram, isShared = false } = options;
  const socket = createSocket({ type: 'udp4', reuseAddr: isShared });
  await bind(socket, host, port);
  socket.on('error', () => {});
  socket.on('message', (datagram, from) => onDatagram(datagram, { host: from.address, port: from.port }));
  socket.setBroadcast(true);
  let isOpen = true;
  return {
    address: { host, port: socket.address().port },
    send(bytes, to) {
      if (isOpen) socket.send(bytes, to.port, to.host, () => {});
    },
    close() {
      if (!isOpen) return Promise.resolve();
      isOpen = false;
      return new Promise(resolve => socket.close(() => resolve()));
    },
  };
}

function bind(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', thrown => {
      socket.close();
      reject(bindError(host, port, thrown));
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
}

function bindError(host: string, port: number, thrown: unknown): PlantroomError {
  if (codeOf(thrown) === 'EADDRINUSE') {
    return new PlantroomError(`UDP port ${port} on ${host}, needed for a simulated BACnet device, is already in use`, {
      kind: 'busy',
      hint: `end the program that holds it (ss -lunp sport = :${port} shows which), or give the device another address in the site file`,
      cause: thrown,
    });
  }
  return new PlantroomError(`a simulated BACnet device cannot be at ${host}:${port}: ${messageOf(thrown)}`, {
    kind: 'network',
    hint: 'give it an address of this machine, such as 127.0.0.2, and a port above 1023',
    cause: thrown,
  });
}
