import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectMqtt } from 'mqtt';

/* The floor of the way from a register to a message: poll one register, compare, publish. Nothing is kept. */

const [slavePort = 0, brokerPort = 0, intervalMs = 100] = process.argv.slice(2).map(Number);
const request = Buffer.from([0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1]);
const broker = connectMqtt(`mqtt://127.0.0.1:${brokerPort}`, { protocolVersion: 5 });
const socket = connect({ port: slavePort, host: '127.0.0.1', noDelay: true });
let isHigh: boolean | undefined;

socket.on('data', answer => {
  const isHighNow = answer.readUInt16BE(9) > 200;
  if (isHigh !== undefined && isHighNow !== isHigh) {
    broker.publish('floor/alarm', JSON.stringify({ isHigh: isHighNow, at: Date.now() }), { qos: 1 });
  }
  isHigh = isHighNow;
});

const startMs = performance.now();
let due = 0;
const poll = () => {
  socket.write(request);
  due += 1;
  setTimeout(poll, startMs + due * intervalMs - performance.now());
};
broker.once('connect', () => {
  process.stdout.write('{"ready":true}\n');
  poll();
});
process.on('SIGTERM', () => process.exit(0));
