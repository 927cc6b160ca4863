import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A piece of cable to a port of this machine that can be pinched: bytes towards it then wait. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  pinch(): void;
  release(): void;
  /** Cuts all connections, without a word. */
  cut(): void;
}

export async function openRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isPinched = false;
  const uphill = new Set<Socket>();
  const server = createServer(near => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        uphill.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    uphill.add(near);
    near.on('data', chunk => far.write(chunk));
    far.on('data', chunk => near.write(chunk));
    if (isPinched) near.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    pinch() {
      isPinched = true;
      for (const socket of uphill) socket.pause();
    },
    release() {
      isPinched = false;
      for (const socket of uphill) socket.resume();
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
