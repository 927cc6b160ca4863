import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A Modbus TCP slave in this process that holds 16-bit registers and answers reads of them, whatever the table. */
export interface RegisterSlave {
  readonly port: number;
  set(address: number, value: number): void;
  /** Resolves with the monotonic time at which the register is next sent to a master. */
  sent(address: number): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `onRequest` is called as each request comes. */
export async function startRegisterSlave(port = 0, onRequest: () => void = () => {}): Promise<RegisterSlave> {
  const registers = new Uint16Array(65_536);
  const sockets = new Set<Socket>();
  const unsent = new Map<number, (sentAtMono: number) => void>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (request: Buffer) => {
      if (request.length !== 12) return;
      onRequest();
      const address = request.readUInt16BE(8);
      const count = request.readUInt16BE(10);
      const answer = Buffer.alloc(9 + 2 * count);
      request.copy(answer, 0, 0, 8);
      answer.writeUInt16BE(3 + 2 * count, 4);
      answer[8] = 2 * count;
      for (let index = 0; index < count; index += 1) {
        answer.writeUInt16BE(registers[address + index] ?? 0, 9 + 2 * index);
      }
      const sentAtMono = performance.now();
      socket.write(answer);
      for (const [changed, tell] of unsent) {
        if (changed < address || changed >= address + count) continue;
        unsent.delete(changed);
        tell(sentAtMono);
      }
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('no port was bound');
  return {
    port: bound.port,
    set(address, value) {
      registers[address] = value;
    },
    sent: address => new Promise(resolve => unsent.set(address, resolve)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
