import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { generate, type IConnackPacket, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { randomId } from '../base/random.ts';

/**
 * The embedded broker speaks MQTT 3.1.1 and refuses MQTT 5. This door stands before it and translates packet by packet,
 * so that an MQTT 5 client finds an MQTT 5 broker. What 3.1.1 cannot say is lost at the door: user properties, content
 * types, expiry, reasons. A 3.1.1 client goes through untouched. Good for a demo, no broker for a plant.
 */

/** Told to the client in its CONNACK; a longer packet closes the connection (MQTT 5, 3.2.2.3.6). */
const largestPacketBytes = 1_024 * 1_024;

interface Door {
  readonly socket: Socket;
  readonly inner: Duplex;
  /** Of the client; known from its CONNECT. */
  version: 3 | 4 | 5;
  /** Sent back to a client that brought no id of its own. */
  assignedClientId: string | undefined;
  /** The client asked for a session that outlives its connection, and cannot have it in 3.1.1 terms. */
  isSessionRefused: boolean;
  /** How many topics each UNSUBSCRIBE under way had: MQTT 5 wants an answer for each. */
  readonly unsubscriptions: Map<number, number>;
}

/** The broker's end of a client's connection. */
export function openDoor(socket: Socket): Duplex {
  const fromBroker = parser({ protocolVersion: 4 });
  const inner = new Duplex({
    read: () => socket.resume(),
    write(chunk, _encoding, done) {
      fromBroker.parse(chunk);
      // The broker waits while the client is slow.
      if (socket.writableNeedDrain) socket.once('drain', () => done());
      else done();
    },
    final(done) {
      socket.end();
      done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  const door: Door = {
    socket,
    inner,
    version: 4,
    assignedClientId: undefined,
    isSessionRefused: false,
    unsubscriptions: new Map(),
  };
  fromBroker.on('packet', packet => toClient(door, packet));
  fromBroker.on('error', error => inner.destroy(error));
  const fromClient = parser();
  fromClient.on('packet', packet => toBroker(door, packet));
  fromClient.on('error', () => inner.destroy());
  socket.on('data', chunk => fromClient.parse(chunk));
  socket.on('error', () => inner.destroy());
  socket.on('close', () => {
    // A peer that went away without a DISCONNECT leaves its will behind; the broker sees an end of the stream.
    if (!inner.readableEnded) inner.push(null);
    inner.destroy();
  });
  return inner;
}

function toBroker(door: Door, packet: Packet): void {
  if ((packet.length ?? 0) > largestPacketBytes) {
    door.socket.destroy();
    return;
  }
  const translated = downgrade(door, packet);
  if (translated === undefined) door.socket.destroy();
  else if (!door.inner.push(generate(translated, { protocolVersion: 4 }))) door.socket.pause();
}

/** As the broker understands it; undefined where the connection has to be cut instead. */
function downgrade(door: Door, packet: Packet): Packet | undefined {
  switch (packet.cmd) {
    case 'connect':
      door.version = packet.protocolVersion ?? 4;
      return door.version === 5 ? downgradeConnect(door, packet) : packet;
    case 'publish': {
      const { cmd, topic, payload, qos, dup, retain, messageId } = packet;
      return { cmd, topic, payload, qos, dup, retain, ...(messageId === undefined ? {} : { messageId }) };
    }
    case 'subscribe': {
      const subscriptions = packet.subscriptions.map(({ topic, qos }) => ({ topic, qos }));
      return { cmd: 'subscribe', subscriptions, messageId: packet.messageId ?? 0 };
    }
    case 'unsubscribe':
      door.unsubscriptions.set(packet.messageId ?? 0, packet.unsubscriptions.length);
      return { cmd: 'unsubscribe', unsubscriptions: packet.unsubscriptions, messageId: packet.messageId ?? 0 };
    case 'disconnect':
      // 4 asks for the will: the broker sends it when it hears no DISCONNECT.
      return packet.reasonCode === 4 ? undefined : { cmd: 'disconnect' };
    case 'auth':
      return undefined;
    default:
      return packet;
  }
}

function downgradeConnect(door: Door, packet: IConnectPacket): Packet {
  const expiryS = packet.properties?.sessionExpiryInterval ?? 0;
  const isClean = packet.clean === true || expiryS === 0;
  door.isSessionRefused = isClean && expiryS > 0;
  if (packet.clientId === '') door.assignedClientId = randomId();
  const { properties: _, will, ...rest } = packet;
  const { properties: __, ...oldWill } = will ?? { topic: '', payload: '' };
  return {
    ...rest,
    protocolVersion: 4,
    clientId: door.assignedClientId ?? packet.clientId,
    clean: isClean,
    ...(will === undefined ? {} : { will: oldWill }),
  };
}

function toClient(door: Door, packet: Packet): void {
  if (door.socket.destroyed) return;
  const translated = door.version === 5 ? upgrade(door, packet) : packet;
  door.socket.write(generate(translated, { protocolVersion: door.version }));
}

function upgrade(door: Door, packet: Packet): Packet {
  switch (packet.cmd) {
    case 'connack':
      return upgradeConnack(door, packet);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return { ...packet, reasonCode: 0 };
    case 'unsuback': {
      const count = door.unsubscriptions.get(packet.messageId ?? 0) ?? 1;
      door.unsubscriptions.delete(packet.messageId ?? 0);
      return { ...packet, granted: Array.from({ length: count }, () => 0) };
    }
    default:
      return packet;
  }
}

/** MQTT 3.1.1 return codes 1 to 5 as MQTT 5 reason codes: version, id, unavailable, user or password, not authorised. */
const reasonCodes = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87] as const;

function upgradeConnack(door: Door, packet: IConnackPacket): Packet {
  return {
    cmd: 'connack',
    sessionPresent: packet.sessionPresent,
    reasonCode: reasonCodes[packet.returnCode ?? 0] ?? 0x80,
    properties: {
      maximumPacketSize: largestPacketBytes,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      ...(door.isSessionRefused ? { sessionExpiryInterval: 0 } : {}),
      ...(door.assignedClientId === undefined ? {} : { assignedClientIdentifier: door.assignedClientId }),
    },
  };
}
