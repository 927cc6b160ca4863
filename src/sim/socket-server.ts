import { createServer, type Server, type Socket } from 'node:net';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { createSlaveEndpoint, type EndpointOptions, type SlaveEndpoint } from './slave-endpoint.ts';
import { mostUnsentBytes, type ServerOptions, type SlaveServer } from './slave-server.ts';
import { createCounts, type WireCounts } from './wire.ts';

export interface SocketServerOptions extends ServerOptions {
  readonly framing: EndpointOptions['framing'];
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Connections beyond this are closed at once by Node. */
const mostConnections = 64;

/**
 * Serves units on a TCP port: with the framing `tcp` as Modbus TCP, each connection for itself; with `rtu` as a serial
 * device server, whose one line all connections hear.
 *
 * @throws PlantroomError kind `busy` when the port is taken, `network` when the address cannot be used
 */
export async function openSocketServer(options: SocketServerOptions): Promise<SlaveServer> {
  const { host } = options;
  const counts = createCounts();
  const sockets = new Set<Socket>();
  const line = options.framing === 'rtu' ? createSharedLine(options, sockets, counts) : undefined;
  let port = options.port;
  let server: Server | undefined;

  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A peer that vanishes is no event for a slave.
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    const endpoint = line ?? createOwnEndpoint(options, socket, counts);
    socket.on('data', chunk => endpoint.receive(chunk));
    if (!line) socket.on('close', () => endpoint.end());
  };
  const plug = async () => {
    if (server) return;
    const opened = createServer(onConnection);
    opened.maxConnections = mostConnections;
    server = opened;
    try {
      port = await listen(opened, host, port);
    } catch (thrown) {
      server = undefined;
      throw thrown;
    }
  };
  const unplug = async () => {
    const closing = server;
    server = undefined;
    for (const socket of sockets) socket.destroy();
    if (closing) await new Promise<void>(resolve => closing.close(() => resolve()));
  };
  await plug();
  return {
    get port() {
      return port;
    },
    counts,
    get isPlugged() {
      return server !== undefined;
    },
    plug,
    unplug,
    async close() {
      line?.end();
      await unplug();
    },
  };
}

/** The endpoint of one connection. */
function createOwnEndpoint(options: SocketServerOptions, socket: Socket, counts: WireCounts) {
  const ends = { send: (bytes: Uint8Array) => send(socket, bytes), close: () => socket.destroySoon() };
  return createSlaveEndpoint({ ...options, ...ends, counts });
}

/** The line behind a device server outlives its connections: what comes late goes to whoever is connected then. */
function createSharedLine(
  options: SocketServerOptions,
  sockets: ReadonlySet<Socket>,
  counts: WireCounts,
): SlaveEndpoint {
  return createSlaveEndpoint({
    ...options,
    counts,
    send: bytes => {
      for (const socket of sockets) send(socket, bytes);
    },
    close: () => {
      for (const socket of sockets) socket.destroySoon();
    },
  });
}

function send(socket: Socket, bytes: Uint8Array): void {
  if (socket.destroyed || socket.writableEnded) return;
  if (socket.writableLength > mostUnsentBytes) socket.destroy();
  else socket.write(bytes);
}

/** @returns the port */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', thrown => reject(listenError(host, port, thrown)));
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function listenError(host: string, port: number, thrown: unknown): PlantroomError {
  if (codeOf(thrown) === 'EADDRINUSE') {
    return new PlantroomError(`port ${port} on ${host}, needed for a simulated bus, is already in use`, {
      kind: 'busy',
      hint: `end the program that holds it (ss -ltnp sport = :${port} shows which), or give the bus another port in the site file`,
      cause: thrown,
    });
  }
  return new PlantroomError(`the simulator cannot listen on ${host}:${port}: ${messageOf(thrown)}`, {
    kind: 'network',
    hint: 'give the bus a loopback address (127.0.0.1) and a port above 1023 in the site file',
    cause: thrown,
  });
}
