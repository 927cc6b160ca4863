import { connectAsync } from 'mqtt';

/*
 * The other end of the line, in a process of its own: counts what comes, and looks whether the minutes of each device come
 * in order and once. Any line on standard input: tell. Alarms are told as they come.
 */

const [port = ''] = process.argv.slice(2);
const seen = { messages: 0, records: 0, disordered: 0, doubled: 0, firstMono: 0, lastMono: 0 };
const newest = new Map<string, string>();

// Its session outlives the outage, so that nothing is published before it has subscribed again.
const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
  protocolVersion: 5,
  clientId: `outage-${process.pid}`,
  clean: false,
  reconnectPeriod: 100,
  properties: { sessionExpiryInterval: 86_400 },
});
client.on('error', () => {});
client.on('message', (topic, payload) => {
  if (topic.endsWith('/alarm')) {
    const { data } = JSON.parse(payload.toString('utf8'));
    process.stdout.write(`${JSON.stringify({ alarm: data.number, atMono: clockMs() })}\n`);
    return;
  }
  seen.lastMono = clockMs();
  seen.firstMono ||= seen.lastMono;
  seen.messages += 1;
  if (topic === 'floor') {
    seen.records += 1;
    return;
  }
  const { data } = JSON.parse(payload.toString('utf8'));
  for (const { device, windowStart, points } of data.summaries) {
    const before = newest.get(device) ?? '';
    if (windowStart === before) seen.doubled += points.length;
    else if (windowStart < before) seen.disordered += points.length;
    else newest.set(device, windowStart);
    seen.records += points.length;
  }
});
await client.subscribeAsync(['plantroom/+/alarm', 'plantroom/+/summary', 'floor'], { qos: 1 });
process.stdout.write('{"ready":true}\n');
process.stdin.on('data', () => {
  process.stdout.write(`${JSON.stringify({ seen })}\n`);
});
process.on('SIGTERM', () => process.exit(0));

/** Comparable between processes. */
function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
