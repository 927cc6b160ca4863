import { createServer, type Server, type Socket } from 'node:net';

/** A request as it came over the wire. */
interface SlaveRequest {
  readonly transaction: number;
  readonly unitId: number;
  readonly functionCode: number;
  readonly address: number;
  readonly count: number;
  /** How many requests came before it: makes the values of each answer its own. */
  readonly number: number;
}

/** What the slave does with one request: bytes in pieces that arrive one by one, then perhaps the end. */
interface Move {
  readonly pieces: readonly Uint8Array[];
  readonly end?: 'close' | 'reset';
}

export type Script = (request: SlaveRequest, good: Buffer) => Move;

/**
 * A Modbus TCP slave that is written by hand from the specification and misbehaves as told. Register `a` of request
 * number `n` holds `registerValue(a, n)`, so that no two answers are alike.
 */
export interface ScriptedSlave {
  readonly port: number;
  /** Everything that was sent to it. */
  readonly requests: readonly SlaveRequest[];
  /** Bytes that came and were no whole read request of Modbus TCP. */
  strangeBytes(): number;
  /** Moves that were made to the end. */
  movesMade(): number;
  connections(): number;
  openConnections(): number;
  /** The next requests are answered by these scripts, then all is good again. */
  play(...scripts: readonly Script[]): void;
  /** Sends bytes that nobody asked for over every open connection. */
  blurt(bytes: Uint8Array): Promise<void>;
  /** Called with every new connection before it sends a request. */
  greeting: Uint8Array | undefined;
  hangUp(): void;
  close(): Promise<void>;
}

export function registerValue(address: number, requestNumber: number): number {
  return (address * 31 + requestNumber * 977 + 1) & 0xffff;
}

export function bitValue(address: number, requestNumber: number): number {
  return (registerValue(address, requestNumber) >> 3) & 1;
}

/** Port 0 takes a free one. */
export async function openScriptedSlave(port = 0): Promise<ScriptedSlave> {
  const sockets = new Set<Socket>();
  const requests: SlaveRequest[] = [];
  const scripts: Script[] = [];
  let connections = 0;
  let movesMade = 0;
  let strangeBytes = 0;

  async function onRequest(socket: Socket, frame: Buffer): Promise<void> {
    // It has closed its half: what still comes is not heard.
    if (socket.writableEnded) return;
    const request = parseRequest(frame, requests.length);
    requests.push(request);
    const good = encodeGood(request);
    const move: Move = scripts.shift()?.(request, good) ?? { pieces: [good] };
    for (const piece of move.pieces) await send(socket, piece);
    if (move.end === 'close') socket.end();
    if (move.end === 'reset') socket.resetAndDestroy();
    movesMade += 1;
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    connections += 1;
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('data', bytes => {
      received = Buffer.concat([received, Buffer.from(bytes)]);
      for (; received.length >= requestBytes; received = received.subarray(requestBytes)) {
        if (isFramed(received)) void onRequest(socket, received.subarray(0, requestBytes));
        else strangeBytes += requestBytes;
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      strangeBytes += received.length;
      sockets.delete(socket);
    });
    if (slave.greeting) socket.write(slave.greeting);
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));

  const slave: ScriptedSlave = {
    port: portOf(server),
    requests,
    strangeBytes: () => strangeBytes,
    movesMade: () => movesMade,
    connections: () => connections,
    openConnections: () => sockets.size,
    play: (...more) => scripts.push(...more),
    greeting: undefined,
    async blurt(bytes) {
      for (const socket of sockets) await send(socket, bytes);
    },
    hangUp: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
  return slave;
}

/** A whole frame: header with a transaction id, unit id, PDU. */
export function encodeFrame(transaction: number, unitId: number, pdu: readonly number[] | Uint8Array): Buffer {
  const frame = Buffer.alloc(7 + pdu.length);
  frame.writeUInt16BE(transaction, 0);
  frame.writeUInt16BE(1 + pdu.length, 4);
  frame[6] = unitId;
  frame.set(pdu, 7);
  return frame;
}

function encodeGood(request: SlaveRequest): Buffer {
  const { transaction, unitId, functionCode, address, count, number } = request;
  const isBits = functionCode <= 2;
  const data = Buffer.alloc(isBits ? Math.ceil(count / 8) : 2 * count);
  for (let index = 0; index < count; index += 1) {
    if (!isBits) data.writeUInt16BE(registerValue(address + index, number), 2 * index);
    else if (bitValue(address + index, number)) data[index >> 3] = (data[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return encodeFrame(transaction, unitId, [functionCode, data.length, ...data]);
}

/** Header, unit id, function code, address and count. */
const requestBytes = 12;

function isFramed(frame: Buffer): boolean {
  return frame.readUInt16BE(2) === 0 && frame.readUInt16BE(4) === requestBytes - 6;
}

function parseRequest(frame: Buffer, number: number): SlaveRequest {
  return {
    transaction: frame.readUInt16BE(0),
    unitId: frame.readUInt8(6),
    functionCode: frame.readUInt8(7),
    address: frame.readUInt16BE(8),
    count: frame.readUInt16BE(10),
    number,
  };
}

/** Resolves when the other side, which shares our event loop, has had its turn to read the piece. */
async function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (socket.destroyed) return;
  await new Promise(resolve => socket.write(bytes, resolve));
  for (let turn = 0; turn < 2; turn += 1) await new Promise(resolve => setImmediate(resolve));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the slave listens on no port');
  return address.port;
}
