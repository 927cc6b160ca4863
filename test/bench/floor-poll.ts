import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { limits, referencePoints, referenceReads } from './reference-site.ts';

/*
 * The floor: the barest script that polls the reference site over node:net. Hand-made requests, one under way per
 * connection, every point decoded and compared with a limit, nothing else: no store, no broker, no error handling.
 */

const [firstPort = 0, devices = 0, intervalMs = 1_000] = process.argv.slice(2).map(Number);

/** How to decode the points of each read: offset into the answer's bytes, by read. */
const plans = referenceReads.map(({ address, count }) => {
  const request = Buffer.from([0, 0, 0, 0, 0, 6, 1, 3, address >> 8, address & 255, count >> 8, count & 255]);
  const points = referencePoints
    .map((point, number) => ({ ...point, number }))
    .filter(point => point.address >= address && point.address < address + count)
    .map(point => ({ number: point.number, type: point.type, at: 9 + 2 * (point.address - address) }));
  return { request, points, bytes: 9 + 2 * count };
});

let scans = 0;
let above = 0;

function startDevice(index: number): void {
  const values = new Float64Array(referencePoints.length);
  const received = Buffer.alloc(512);
  let filled = 0;
  let read = 0;
  const socket: Socket = connect({
    port: firstPort + index,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(512),
      callback(count, chunk) {
        received.set(chunk.subarray(0, count), filled);
        filled += count;
        const plan = plans[read];
        if (!plan || filled < plan.bytes) return true;
        filled = 0;
        for (const { number, type, at } of plan.points) {
          const value =
            type === 'u16'
              ? received.readUInt16BE(at)
              : type === 'u32'
                ? received.readUInt32BE(at)
                : received.readFloatBE(at);
          values[number] = value;
          if (value > limits[type]) above += 1;
        }
        read += 1;
        const next = plans[read];
        if (next) socket.write(next.request);
        else scans += 1;
        return true;
      },
    },
  });
  const startMs = performance.now() + (index / devices) * intervalMs;
  let due = 0;
  const scan = () => {
    read = 0;
    const first = plans[0];
    if (first) socket.write(first.request);
    due += 1;
    setTimeout(scan, Math.max(0, startMs + due * intervalMs - performance.now()));
  };
  setTimeout(scan, Math.max(0, startMs - performance.now()));
}

for (let index = 0; index < devices; index += 1) startDevice(index);
process.stdout.write('{"ready":true}\n');
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify({ scans, above })}\n`));
process.on('SIGTERM', () => process.exit(0));
