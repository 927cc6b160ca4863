import { sealBytes } from './format.ts';
import type { Message } from './link.ts';

type Envelope = Pick<Message, 'topic' | 'contentType'>;

/** Fixed header with the longest length field, topic length, packet id, and the properties we send (MQTT 5, 3.3). */
function overheadBytes({ topic, contentType = '' }: Envelope): number {
  return 5 + 2 + 2 + 1 + 2 + 3 + contentType.length + Buffer.byteLength(topic) + sealBytes;
}

/** How long a publish of this message is on the wire, at most. */
export function packetBytes(message: Message): number {
  return overheadBytes(message) + payloadBytes(message);
}

export function payloadBytes({ payload }: Pick<Message, 'payload'>): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
}

/** How long a payload may be in a packet of that length. */
export function payloadRoomBytes(longestPacketBytes: number, envelope: Envelope): number {
  return longestPacketBytes - overheadBytes(envelope);
}
