import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';

/*
 * Modbus TCP slaves for benchmarks, in a process of their own: many ports, one unit each, every holding register holds
 * a number that changes with every request. They answer after a turnaround, as devices do, or as fast as they can.
 * Each notes when the first read of a scan (address 0) came, to tell the drift of the master's schedule.
 */

const [firstPort = 0, devices = 0, turnaroundMs = 0] = process.argv.slice(2).map(Number);

interface Seen {
  requests: number;
  scans: number;
  firstMono: number;
  lastMono: number;
}

const seen: Seen[] = [];
let tick = 0;

function serve(index: number): Promise<void> {
  const own: Seen = { requests: 0, scans: 0, firstMono: 0, lastMono: 0 };
  seen.push(own);
  const answer = Buffer.alloc(9 + 250);
  const server = createServer({ noDelay: true }, socket => {
    socket.on('data', request => {
      if (typeof request === 'string' || request.length !== 12) return;
      const address = request.readUInt16BE(8);
      const bytes = 2 * request.readUInt16BE(10);
      own.requests += 1;
      if (address === 0) {
        own.scans += 1;
        own.lastMono = performance.now();
        if (own.scans === 1) own.firstMono = own.lastMono;
      }
      tick = (tick + 1) & 31;
      answer.fill(tick, 9, 9 + bytes);
      request.copy(answer, 0, 0, 8);
      answer.writeUInt16BE(3 + bytes, 4);
      answer[8] = bytes;
      const reply = Uint8Array.prototype.slice.call(answer, 0, 9 + bytes);
      if (turnaroundMs > 0) setTimeout(() => socket.write(reply), turnaroundMs);
      else socket.write(reply);
    });
    socket.on('error', () => socket.destroy());
  });
  return new Promise(resolve => server.listen(firstPort + index, '127.0.0.1', resolve));
}

await Promise.all(Array.from({ length: devices }, (_, index) => serve(index)));
process.stdout.write('{"ready":true}\n');
// Any line on standard input: tell what was seen, and begin anew.
process.stdin.on('data', () => {
  process.stdout.write(`${JSON.stringify({ seen })}\n`);
  for (const own of seen) Object.assign(own, { requests: 0, scans: 0, firstMono: 0, lastMono: 0 });
});
process.on('SIGTERM', () => process.exit(0));
