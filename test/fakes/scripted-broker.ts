import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/**
 * A broker that does what a test tells it to, down to the byte. It has its own small MQTT 5 codec on purpose: one taken
 * from the client's library would share its faults.
 */
export interface BrokerScript {
  /** A client has sent CONNECT. Without this it is let in with no limits. */
  readonly onConnect?: (connection: BrokerConnection) => void;
  /** A client has published with QoS 1. Without this it is acknowledged. */
  readonly onPublish?: (connection: BrokerConnection, publish: Publish) => void;
}

export interface Publish {
  readonly packetId: number;
  readonly topic: string;
  readonly payload: string;
  readonly isRetained: boolean;
  /** Of the whole packet. */
  readonly bytes: number;
}

export interface Limits {
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
}

export interface BrokerConnection {
  readonly published: readonly Publish[];
  connack(reasonCode: number, limits?: Limits): void;
  puback(packetId: number, reasonCode: number): void;
  disconnect(reasonCode: number): void;
  send(bytes: Uint8Array): void;
  /** Cuts the connection without a word. */
  destroy(): void;
}

export interface ScriptedBroker {
  readonly port: number;
  readonly connections: readonly BrokerConnection[];
  /** Everything published on any connection, in order. */
  readonly published: readonly Publish[];
  /** CONNECT, PUBLISH and DISCONNECT in the order in which they came. */
  readonly heard: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

const packetTypes = { connect: 1, connack: 2, publish: 3, puback: 4, pingreq: 12, pingresp: 13, disconnect: 14 };

export async function startScriptedBroker(script: BrokerScript = {}): Promise<ScriptedBroker> {
  const sockets = new Set<Socket>();
  const connections: BrokerConnection[] = [];
  const published: Publish[] = [];
  const heard: string[] = [];
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    const { connection, taken } = createConnection(socket);
    connections.push(connection);
    readPackets(socket, (type, flags, body, bytes) => {
      if (type === packetTypes.connect) {
        heard.push('CONNECT');
        if (script.onConnect) script.onConnect(connection);
        else connection.connack(0);
      } else if (type === packetTypes.publish) {
        heard.push('PUBLISH');
        const publish = parsePublish(flags, body, bytes);
        published.push(publish);
        taken.push(publish);
        if (script.onPublish) script.onPublish(connection, publish);
        else connection.puback(publish.packetId, 0);
      } else if (type === packetTypes.pingreq) {
        connection.send(packet(packetTypes.pingresp, Buffer.alloc(0)));
      } else if (type === packetTypes.disconnect) {
        heard.push('DISCONNECT');
        socket.end();
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port was bound');
  return {
    port: address.port,
    connections,
    published,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function createConnection(socket: Socket): { connection: BrokerConnection; taken: Publish[] } {
  const taken: Publish[] = [];
  const send = (bytes: Uint8Array) => {
    if (!socket.destroyed) socket.write(bytes);
  };
  const connection: BrokerConnection = {
    published: taken,
    connack: (reasonCode, limits = {}) => {
      const properties = limitProperties(limits);
      const body = Buffer.concat([Buffer.from([0, reasonCode, properties.length]), properties]);
      send(packet(packetTypes.connack, body));
    },
    puback: (packetId, reasonCode) => {
      send(packet(packetTypes.puback, Buffer.from([packetId >> 8, packetId & 0xff, reasonCode, 0])));
    },
    disconnect: reasonCode => {
      send(packet(packetTypes.disconnect, Buffer.from([reasonCode, 0])));
      socket.end();
    },
    send,
    destroy: () => socket.destroy(),
  };
  return { connection, taken };
}

function limitProperties(limits: Limits): Buffer {
  const parts: Buffer[] = [];
  if (limits.receiveMaximum !== undefined) {
    const bytes = Buffer.from([0x21, 0, 0]);
    bytes.writeUInt16BE(limits.receiveMaximum, 1);
    parts.push(bytes);
  }
  if (limits.maximumPacketSize !== undefined) {
    const bytes = Buffer.from([0x27, 0, 0, 0, 0]);
    bytes.writeUInt32BE(limits.maximumPacketSize, 1);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** What the broker sends is short, so its length field is one byte. */
function packet(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type << 4, body.length]), body]);
}

function readPackets(
  socket: Socket,
  onPacket: (type: number, flags: number, body: Buffer, bytes: number) => void,
): void {
  let pending = Buffer.alloc(0);
  socket.on('data', chunk => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const length = readLength(pending, 1);
      const end = length && 1 + length.bytes + length.value;
      if (!length || !end || pending.length < end) return;
      const first = pending[0] ?? 0;
      const body = pending.subarray(1 + length.bytes, end);
      pending = pending.subarray(end);
      onPacket(first >> 4, first & 0x0f, body, end);
    }
  });
}

/** A variable byte integer (1.5.5); undefined when it is not there in full. */
function readLength(bytes: Buffer, offset: number): { value: number; bytes: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, bytes: index + 1 };
  }
  return undefined;
}

function parsePublish(flags: number, body: Buffer, bytes: number): Publish {
  const topicBytes = body.readUInt16BE(0);
  const packetIdAt = 2 + topicBytes;
  const properties = readLength(body, packetIdAt + 2) ?? { value: 0, bytes: 1 };
  return {
    packetId: body.readUInt16BE(packetIdAt),
    topic: body.toString('utf8', 2, packetIdAt),
    payload: body.toString('utf8', packetIdAt + 2 + properties.bytes + properties.value),
    isRetained: (flags & 1) === 1,
    bytes,
  };
}
