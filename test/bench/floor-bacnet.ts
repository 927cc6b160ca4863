import { createSocket } from 'node:dgram';
import { performance } from 'node:perf_hooks';
import { devices, hostOf, intervalMs, limit, pointsPerDevice } from './bacnet-plant.ts';

/*
 * The floor: the barest script that asks the same devices for the same properties over node:dgram. One request made by hand
 * for each device and second, every value found at the place where it has to be and compared with a limit, nothing else.
 */

const [port = 0] = process.argv.slice(2).map(Number);

const presentValue = 85;
const statusFlags = 111;
/** BVLC, NPDU and the head of a ComplexACK. */
const headBytes = 4 + 2 + 3;
/** Of one object in an answer: its id, a REAL and four flags, each with its tags; where the REAL is in it. */
const objectBytes = 23;
const valueAt = 10;
const realTag = 0x44;

function requestOf(invokeId: number): Buffer {
  const objects = Array.from({ length: pointsPerDevice }, (_, instance) => [
    ...[0x0c, 0, 0, 0, instance, 0x1e],
    ...[0x09, presentValue, 0x09, statusFlags, 0x1f],
  ]).flat();
  const body = [0x01, 0x04, 0x00, 0x75, invokeId, 14, ...objects];
  const length = 4 + body.length;
  return Buffer.from([0x81, 0x0a, length >> 8, length & 255, ...body]);
}

let answers = 0;
let above = 0;
let strange = 0;
const values = new Float64Array(pointsPerDevice);
const socket = createSocket('udp4', bytes => {
  if (bytes.length !== headBytes + pointsPerDevice * objectBytes) {
    strange += 1;
    return;
  }
  for (let point = 0; point < pointsPerDevice; point += 1) {
    const at = headBytes + point * objectBytes + valueAt;
    if (bytes[at - 1] !== realTag) strange += 1;
    values[point] = bytes.readFloatBE(at);
    if ((values[point] ?? 0) > limit) above += 1;
  }
  answers += 1;
});

socket.bind(port, '127.0.0.1', () => {
  for (let index = 0; index < devices; index += 1) poll(index);
  process.stdout.write('{"ready":true}\n');
});

function poll(index: number): void {
  const host = hostOf(index);
  const startMs = performance.now() + (index / devices) * intervalMs;
  let due = 0;
  const scan = () => {
    socket.send(requestOf(1 + (due % 255)), port, host);
    due += 1;
    setTimeout(scan, Math.max(0, startMs + due * intervalMs - performance.now()));
  };
  setTimeout(scan, Math.max(0, startMs - performance.now()));
}

process.stdin.on('data', () => process.stdout.write(`${JSON.stringify({ answers, above, strange })}\n`));
process.on('SIGTERM', () => process.exit(0));
