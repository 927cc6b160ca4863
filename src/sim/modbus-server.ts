import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.ts';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { RegisterImage } from './register-image.ts';
import { answerRequest, encodeException, exceptions } from './slave.ts';
import { applyWireFault, type WireFault } from './wire-fault.ts';

/** A Modbus unit behind an endpoint. `fault` may be changed at any time and holds from the next request on. */
export interface Unit {
  readonly unitId: number;
  readonly image: RegisterImage;
  fault: WireFault | undefined;
}

export interface ModbusServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly units: readonly Unit[];
  readonly clock: Clock;
}

export interface ModbusServer {
  /** The port it listens on. */
  readonly port: number;
  /** Requests answered or swallowed since the start. */
  requests(): number;
  close(): Promise<void>;
}

/** Connections beyond this are closed at once by Node. */
const mostConnections = 64;

/** Answers that nobody reads: beyond this the connection is closed. */
const mostUnsentBytes = 256 * 1_024;

/** Transaction id, protocol id, length, unit id. */
const headerBytes = 7;

/** Unit id and the longest PDU. */
const longestLength = 254;

/**
 * Serves units as Modbus TCP slaves. A unit that is not there is answered with exception 11, as a gateway does.
 *
 * @throws PlantroomError kind `busy` when the port is taken, `network` when the address cannot be used
 */
export async function openModbusServer(options: ModbusServerOptions): Promise<ModbusServer> {
  const { host, port, clock } = options;
  const units = new Map(options.units.map(unit => [unit.unitId, unit]));
  const sockets = new Set<Socket>();
  const counter = { requests: 0 };
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A peer that vanishes is no event for a slave.
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    serveConnection(socket, units, clock, counter);
  });
  server.maxConnections = mostConnections;
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    requests: () => counter.requests,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', thrown => reject(listenError(host, port, thrown)));
    server.listen({ host, port }, () => resolve());
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

function serveConnection(
  socket: Socket,
  units: ReadonlyMap<number, Unit>,
  clock: Clock,
  counter: { requests: number },
) {
  let pending: Buffer = Buffer.alloc(0);
  const sendLater = createLaterSender(socket, clock);
  socket.on('data', chunk => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= headerBytes) {
      const length = pending.readUInt16BE(4);
      // Not Modbus TCP: there is no way to find the next frame.
      if (pending.readUInt16BE(2) !== 0 || length < 2 || length > longestLength) {
        socket.destroy();
        return;
      }
      if (pending.length < 6 + length) return;
      counter.requests += 1;
      serveFrame(socket, units, sendLater, pending.subarray(0, 6 + length));
      if (socket.destroyed) return;
      pending = pending.subarray(6 + length);
    }
  });
}

type LaterSender = (bytes: Buffer, afterMs: number) => void;

/** Answers that are still to come are forgotten with the connection. */
function createLaterSender(socket: Socket, clock: Clock): LaterSender {
  const timers = new Set<Timer>();
  socket.on('close', () => {
    for (const timer of timers) timer.cancel();
    timers.clear();
  });
  return (bytes, afterMs) => {
    const timer = clock.at(clock.monoMs() + afterMs, () => {
      timers.delete(timer);
      send(socket, bytes);
    });
    timers.add(timer);
  };
}

function serveFrame(socket: Socket, units: ReadonlyMap<number, Unit>, sendLater: LaterSender, frame: Buffer): void {
  const transaction = frame.readUInt16BE(0);
  const unitId = frame[6] ?? 0;
  const functionCode = frame[7] ?? 0;
  const unit = units.get(unitId);
  const pdu = unit
    ? answerRequest(unit.image, frame.subarray(headerBytes))
    : encodeException(functionCode, exceptions.targetSilent);
  const answer = applyWireFault(unit?.fault, unitId, functionCode, pdu);
  switch (answer.kind) {
    case 'nothing':
      return;
    case 'close':
      socket.destroy();
      return;
    case 'tear': {
      const whole = encodeFrame(transaction, answer.unitId, answer.pdu);
      send(socket, whole.subarray(0, whole.length >> 1));
      return;
    }
    case 'send': {
      const whole = encodeFrame(transaction, answer.unitId, answer.pdu);
      if (answer.afterMs === 0) send(socket, whole);
      else sendLater(whole, answer.afterMs);
    }
  }
}

function send(socket: Socket, bytes: Buffer): void {
  if (socket.destroyed) return;
  if (socket.writableLength > mostUnsentBytes) socket.destroy();
  else socket.write(bytes);
}

function encodeFrame(transaction: number, unitId: number, pdu: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + pdu.length);
  frame.writeUInt16BE(transaction, 0);
  frame.writeUInt16BE(0, 2);
  frame.writeUInt16BE(1 + pdu.length, 4);
  frame[6] = unitId;
  pdu.copy(frame, headerBytes);
  return frame;
}
