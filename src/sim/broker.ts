import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { openDoor } from './mqtt5-door.ts';

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Called for every message that a client publishes, before it is acknowledged. */
  readonly onMessage: (topic: string, payload: Buffer) => void;
}

export interface Broker {
  readonly port: number;
  close(): Promise<void>;
}

/** Connections beyond this are closed at once. */
const mostConnections = 64;

/**
 * A broker inside this process for the demo: MQTT 5 and 3.1.1, no passwords, nothing kept over a restart.
 *
 * @throws PlantroomError kind `busy` when the port is taken, `network` when the address cannot be used
 */
export async function openBroker({ host, port, onMessage }: BrokerOptions): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  await subscribeAll(aedes, onMessage);
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    aedes.handle(openDoor(socket));
  });
  server.maxConnections = mostConnections;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all([
      new Promise<void>(resolve => server.close(() => resolve())),
      new Promise<void>(resolve => aedes.close(() => resolve())),
    ]);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (thrown) {
    await close();
    throw listenError(host, port, thrown);
  }
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : port, close };
}

function subscribeAll(aedes: Aedes, onMessage: BrokerOptions['onMessage']): Promise<void> {
  return new Promise(resolve => {
    aedes.subscribe(
      '#',
      (packet, done) => {
        // Internally # takes in what the broker says of itself.
        if (!packet.topic.startsWith('$')) onMessage(packet.topic, Buffer.from(packet.payload));
        done();
      },
      resolve,
    );
  });
}

function listenError(host: string, port: number, thrown: unknown): PlantroomError {
  if (codeOf(thrown) === 'EADDRINUSE') {
    return new PlantroomError(`port ${port} on ${host}, needed for the embedded MQTT broker, is already in use`, {
      kind: 'busy',
      hint: `end the program that holds it (ss -ltnp sport = :${port} shows which), or give the uplink another port in the site file`,
      cause: thrown,
    });
  }
  return new PlantroomError(`the embedded MQTT broker cannot listen on ${host}:${port}: ${messageOf(thrown)}`, {
    kind: 'network',
    hint: 'give the uplink a loopback address (127.0.0.1) and a port above 1023 in the site file',
    cause: thrown,
  });
}
