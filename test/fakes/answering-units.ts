import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.ts';

/** A device as a scan meets it: a few registers, and perhaps a name. */
export interface Unit {
  /** Holding and input registers from address 0; beyond them it answers exception 2. */
  readonly registers: readonly number[];
  /** Vendor, product code, revision (FC 43/14); without them it answers exception 1. */
  readonly names?: readonly [string, string, string];
  /** Answers with bytes that are no frame. */
  readonly isBroken?: boolean;
}

/** Several units on one wire, written by hand from the specification. Units that are not there are silent. */
export interface AnsweringUnits extends AsyncDisposable {
  readonly port: number;
  /** Path of a serial port, of units on a line. */
  readonly path: string;
  readonly units: Map<number, Unit>;
  /** The function codes that came. */
  readonly functionCodes: Set<number>;
  /** Unit ids, in the order in which they were asked. */
  readonly asked: number[];
}

/** @param framing `tcp` for Modbus TCP; `rtu` for a serial port, which ignores its speed */
export async function startAnsweringUnits(
  framing: 'tcp' | 'rtu',
  units: Iterable<[number, Unit]>,
): Promise<AnsweringUnits> {
  const sockets = new Set<Socket>();
  const known = new Map(units);
  const functionCodes = new Set<number>();
  const asked: number[] = [];
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    let received = Buffer.alloc(0);
    socket.on('data', bytes => {
      received = Buffer.concat([received, Buffer.from(bytes)]);
      for (;;) {
        const length = framing === 'tcp' ? tcpLength(received) : rtuLength(received);
        if (length === undefined || received.length < length) return;
        const frame = received.subarray(0, length);
        received = received.subarray(length);
        const at = framing === 'tcp' ? 6 : 0;
        const unitId = frame[at] ?? 0;
        asked.push(unitId);
        functionCodes.add(frame[at + 1] ?? 0);
        const unit = known.get(unitId);
        if (!unit) continue;
        const adu = Buffer.from([unitId, ...answerPdu(unit, frame.subarray(at + 1))]);
        if (unit.isBroken) socket.write(Buffer.from([0xff, 0x00, 0xff, 0x13, 0x37, 0x00, 0x01, 0x02, 0x03]));
        else socket.write(framing === 'tcp' ? withHeader(frame, adu) : withCrc(adu));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('no port was bound');
  const line = framing === 'rtu' ? await openLine(bound.port) : undefined;
  return {
    port: bound.port,
    path: line?.path ?? '',
    units: known,
    functionCodes,
    asked,
    async [Symbol.asyncDispose]() {
      await line?.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A pseudo terminal whose far end is our socket. */
async function openLine(port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-line-'));
  const path = join(folder, 'port');
  const socat: ChildProcess = spawn('socat', [`pty,rawer,echo=0,link=${path}`, `tcp:127.0.0.1:${port}`], {
    stdio: 'ignore',
  });
  await waitUntil(
    () => existsSync(path),
    () => 'socat made no port',
  );
  return {
    path,
    async close() {
      const gone = once(socat, 'exit');
      socat.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answerPdu({ registers, names }: Unit, pdu: Buffer): number[] {
  const code = pdu[0] ?? 0;
  if (code === 43 && names) {
    const objects = names.flatMap((name, id) => [id, Buffer.byteLength(name), ...Buffer.from(name)]);
    return [43, 14, 1, 1, 0, 0, names.length, ...objects];
  }
  if (code !== 3 && code !== 4) return [code | 0x80, 1];
  const [first, count] = [pdu.readUInt16BE(1), pdu.readUInt16BE(3)];
  if (first + count > registers.length) return [code | 0x80, 2];
  const words = registers.slice(first, first + count);
  return [code, 2 * count, ...words.flatMap(word => [word >> 8, word & 0xff])];
}

function tcpLength(received: Buffer): number | undefined {
  return received.length < 6 ? undefined : 6 + received.readUInt16BE(4);
}

/** A read is 8 bytes long, a question for the name 7. */
function rtuLength(received: Buffer): number | undefined {
  return received.length < 2 ? undefined : received[1] === 43 ? 7 : 8;
}

function withHeader(request: Buffer, adu: Buffer): Buffer {
  const header = Buffer.from(request.subarray(0, 6));
  header.writeUInt16BE(adu.length, 4);
  return Buffer.concat([header, adu]);
}

/** CRC-16 of the serial line (Modbus over Serial Line 1.02, appendix B), bit by bit. */
function withCrc(adu: Buffer): Buffer {
  let crc = 0xffff;
  for (const byte of adu) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return Buffer.concat([adu, Buffer.from([crc & 0xff, crc >> 8])]);
}
