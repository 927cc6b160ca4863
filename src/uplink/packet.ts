import type { Message } from './link.ts';
import { contentType } from './payload.ts';

/** Fixed header with the longest length field, topic length, packet id, and the properties we send (MQTT 5, 3.3). */
const overheadBytes = 5 + 2 + 2 + 1 + 2 + 3 + contentType.length;

/** How long a publish of this message is on the wire, at most. */
export function packetBytes(message: Message): number {
  return overheadBytes + Buffer.byteLength(message.topic) + Buffer.byteLength(message.payload);
}

/** How long a payload on this topic may be in a packet of that length. */
export function payloadRoomBytes(longestPacketBytes: number, topic: string): number {
  return longestPacketBytes - overheadBytes - Buffer.byteLength(topic);
}
