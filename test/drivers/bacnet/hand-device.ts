import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/*
 * A BACnet device of hand-made bytes, with nothing of the driver in it. Every value says whose it is: property p of
 * instance i of device d is the unsigned number d × 1,000,000 + i × 1,000 + p, so that a value of another place is seen.
 */

export interface HandDevice {
  readonly host: string;
  readonly port: number;
  /** Confirmed requests that came, with the invoke id of each. */
  readonly invokeIds: number[];
  close(): void;
}

export interface HandDeviceOptions {
  readonly host: string;
  readonly number: number;
  /** How many objects its object-list has. */
  readonly objects?: number;
  /** Bytes of payload in a segment; undefined: it knows no segmentation and aborts what is too long. */
  readonly segmentBytes?: number;
  /** How many segments it would like to send at once. */
  readonly window?: number;
  /** What becomes of an answer: told when to send it, and from which socket. Default: at once, from its own. */
  readonly fate?: (send: (from?: Socket) => void, answer: Buffer) => void;
  /** Of a segment, by its number: 'lost' the first time, or 'doubled'. */
  readonly segmentFate?: (segment: number) => 'sent' | 'lost' | 'doubled';
}

/** The longest answer in one piece. */
const mostApduBytes = 480;
export const objectList = 76;
export const presentValue = 85;

export function stampOf(device: number, instance: number, property: number): number {
  return device * 1_000_000 + instance * 1_000 + property;
}

export async function openHandDevice(options: HandDeviceOptions): Promise<HandDevice> {
  const socket = createSocket('udp4');
  socket.bind({ address: options.host, port: 0 });
  await once(socket, 'listening');
  const invokeIds: number[] = [];
  let isClosed = false;
  const transfers = new Map<string, SegmentedAnswer>();
  socket.on('message', (bytes, { address, port }) => {
    const apdu = bytes.subarray(6);
    const kind = (apdu[0] ?? 0) >> 4;
    const invokeId = apdu[kind === 0 ? 2 : 1] ?? 0;
    const key = `${address}:${port}:${invokeId}`;
    const sendTo = (answer: Buffer, from: Socket = socket) => {
      if (!isClosed) from.send(answer, port, address);
    };
    if (kind === 4) transfers.get(key)?.onAck(apdu[2] ?? 0, apdu[3] ?? 0);
    if (kind === 7) transfers.get(key)?.stop();
    if (kind !== 0) return;
    invokeIds.push(invokeId);
    const payload = answerTo(apdu, options);
    if (payload === undefined) {
      sendTo(wrap(Buffer.from([0x50, invokeId, apdu[3] ?? 0, 0x91, 2, 0x91, 32])));
    } else if (payload.length + 3 <= mostApduBytes && options.segmentBytes === undefined) {
      const answer = wrap(Buffer.concat([Buffer.from([0x30, invokeId, apdu[3] ?? 0]), payload]));
      if (options.fate) options.fate(from => sendTo(answer, from), answer);
      else sendTo(answer);
    } else if (options.segmentBytes === undefined) {
      sendTo(wrap(Buffer.from([0x71, invokeId, 4])));
    } else transfers.set(key, startSegments(payload, invokeId, apdu[3] ?? 0, options, sendTo));
  });
  const close = () => {
    isClosed = true;
    for (const transfer of transfers.values()) transfer.stop();
    socket.close();
  };
  return { host: options.host, port: socket.address().port, invokeIds, close };
}

interface SegmentedAnswer {
  onAck(sequence: number, window: number): void;
  stop(): void;
}

/** Clause 5.4, the sending side: the first segment alone, then windows; a window goes again when its end is not acknowledged. */
function startSegments(
  payload: Buffer,
  invokeId: number,
  service: number,
  { segmentBytes = 50, window: proposed = 8, segmentFate = () => 'sent' }: HandDeviceOptions,
  sendTo: (answer: Buffer) => void,
): SegmentedAnswer {
  const count = Math.ceil(payload.length / segmentBytes);
  const wasLost = new Set<number>();
  let acknowledged = 0;
  let window = 1;
  let again: NodeJS.Timeout | undefined;

  function sendWindow(): void {
    for (let segment = acknowledged; segment < Math.min(count, acknowledged + window); segment += 1) {
      const more = segment < count - 1 ? 4 : 0;
      const head = Buffer.from([0x38 | more, invokeId, segment & 0xff, proposed, service]);
      const answer = wrap(
        Buffer.concat([head, payload.subarray(segment * segmentBytes, (segment + 1) * segmentBytes)]),
      );
      const fate = wasLost.has(segment) ? 'sent' : segmentFate(segment);
      if (fate === 'lost') wasLost.add(segment);
      else sendTo(answer);
      if (fate === 'doubled') sendTo(answer);
    }
    clearTimeout(again);
    again = setTimeout(sendWindow, 300);
  }

  sendWindow();
  return {
    stop: () => clearTimeout(again),
    onAck(sequence, allowed) {
      // The segment after the one that is acknowledged, nearest to where we are.
      const ahead = (sequence + 1 - acknowledged) & 0xff;
      if (ahead > window) return;
      acknowledged += ahead;
      window = allowed;
      clearTimeout(again);
      if (acknowledged < count) sendWindow();
    },
  };
}

function wrap(apdu: Buffer): Buffer {
  const frame = Buffer.concat([Buffer.from([0x81, 0x0a, 0, 0, 1, 0]), apdu]);
  frame.writeUInt16BE(frame.length, 2);
  return frame;
}

/** ReadProperty only; undefined: no such property. */
function answerTo(apdu: Buffer, options: HandDeviceOptions): Buffer | undefined {
  if (apdu[3] !== 12) return undefined;
  const object = apdu.readUInt32BE(5);
  const propertyBytes = (apdu[9] ?? 0) & 7;
  const property = apdu.readUIntBE(10, propertyBytes);
  const indexAt = 10 + propertyBytes;
  const index = indexAt < apdu.length ? apdu.readUIntBE(indexAt + 1, (apdu[indexAt] ?? 0) & 7) : undefined;
  const value =
    property === objectList
      ? listValue(options, index)
      : unsigned(stampOf(options.number, object & 0x3fffff, property));
  if (!value) return undefined;
  const echo = apdu.subarray(4);
  return Buffer.concat([echo, Buffer.from([0x3e]), value, Buffer.from([0x3f])]);
}

function listValue({ objects = 0, number }: HandDeviceOptions, index: number | undefined): Buffer | undefined {
  if (index === 0) return unsigned(objects);
  if (index !== undefined) return index <= objects ? objectValue(listedInstance(number, index)) : undefined;
  return Buffer.concat(Array.from({ length: objects }, (_, place) => objectValue(listedInstance(number, place + 1))));
}

/** Which analog input stands at this place of the list, counted from 1. */
export function listedInstance(device: number, place: number): number {
  return device * 10_000 + place;
}

function objectValue(instance: number): Buffer {
  const bytes = Buffer.from([0xc4, 0, 0, 0, 0]);
  bytes.writeUInt32BE(instance, 1);
  return bytes;
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.from([0x24, 0, 0, 0, 0]);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}
