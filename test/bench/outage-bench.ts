import { join } from 'node:path';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type Mosquitto, startMosquitto } from '../fakes/mosquitto.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { type Child, rssBytes, startScript } from './process.ts';

/*
 * A week without the broker at 2,000 points: their minutes, written by the real history while the gateway is off, so that
 * a week is as short as the disk allows. Then the real gateway drains them over real mosquitto, and meanwhile a contact opens
 * and closes, whose alarms must not wait behind the backlog. The floor is a bare spool that sends one record a message.
 */

const devices = 40;
const pointsEach = 50;
const alarmEveryMs = 250;
/** The start of a gateway is no growth. */
const settleMs = 10_000;
const barPerS = 20_000;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const minutes = isQuick ? 300 : 7 * 24 * 60;
  await using broker = await startMosquitto({ config: ['set_tcp_nodelay true', 'max_queued_messages 0'] });
  await using contact = await startRegisterSlave();
  say('floor');
  const floor = await spool(broker, isQuick ? 20_000 : 300_000);
  await using daemon = await startDaemon(site(contact.port, broker.port));
  await daemon.stop();
  say(`${minutes} minutes of ${devices * pointsEach} points are written`);
  const filled = await fill(join(daemon.folder, 'data'), minutes);
  say('drain');
  const drained = await drain(daemon, broker, contact, filled.written, say);
  return report({ minutes, floor, ...filled, ...drained });
}

/** Records a second of the bare spool. */
async function spool(broker: Mosquitto, count: number): Promise<number> {
  const subscriber = await subscribe(broker);
  const script = startScript(join(import.meta.dirname, 'floor-spool.ts'), [String(broker.port), String(count)]);
  const { elapsedMs } = await script.next();
  await subscriber.stop();
  return (count * 1_000) / Number(elapsedMs);
}

async function subscribe(broker: Mosquitto): Promise<Child> {
  const subscriber = startScript(join(import.meta.dirname, 'outage-subscriber.ts'), [String(broker.port)]);
  await subscriber.next();
  return subscriber;
}

async function fill(folder: string, minutes: number): Promise<{ written: number; bytes: number; dropped: number }> {
  const args = [folder, minutes, devices, pointsEach].map(String);
  const told = await startScript(join(import.meta.dirname, 'fill-history.ts'), args).next();
  return { written: Number(told.written), bytes: Number(told.bytes), dropped: Number(told.droppedSummaries) };
}

interface Seen {
  readonly messages: number;
  readonly records: number;
  readonly disordered: number;
  readonly doubled: number;
  readonly firstMono: number;
  readonly lastMono: number;
}

async function drain(
  daemon: Daemon,
  broker: Mosquitto,
  contact: RegisterSlave,
  written: number,
  say: BenchOptions['say'],
) {
  const subscriber = await subscribe(broker);
  const alarms = listenForAlarms(subscriber);
  await broker.stop();
  await daemon.start();
  await pause(settleMs);
  const rssBefore = rssBytes(daemon.pid);
  await broker.restart();
  let rssMost = 0;
  let isOpen = false;
  let seen: Seen = alarms.seen();
  let toldMono = 0;
  while (seen.records < written) {
    isOpen = !isOpen;
    contact.set(0, isOpen ? 1 : 0);
    alarms.expect(await contact.sent(0));
    await pause(alarmEveryMs);
    rssMost = Math.max(rssMost, rssBytes(daemon.pid));
    subscriber.send('tell');
    seen = alarms.seen();
    if (performance.now() - toldMono < 10_000) continue;
    toldMono = performance.now();
    say(`${Math.round((100 * seen.records) / written)} % drained`);
  }
  await pause(1_000);
  const { uplinks } = await daemon.client.status();
  await subscriber.stop();
  return { seen, rssBefore, rssMost, waits: alarms.waits(), left: uplinks[0]?.backlogSummaries ?? Number.NaN };
}

/** Reads what the subscriber says, for as long as it lives. */
function listenForAlarms(subscriber: Child) {
  const waits: number[] = [];
  let sentMono: number | undefined;
  let seen: Seen = { messages: 0, records: 0, disordered: 0, doubled: 0, firstMono: 0, lastMono: 0 };
  const listen = async () => {
    for (;;) {
      const told = await subscriber.next();
      if (told.seen) seen = told.seen as Seen;
      if (typeof told.atMono !== 'number' || sentMono === undefined) continue;
      waits.push(told.atMono - sentMono);
      sentMono = undefined;
    }
  };
  listen().catch(() => {});
  const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return {
    expect(mono: number) {
      sentMono = mono + originMs;
    },
    seen: () => seen,
    waits: () => waits,
  };
}

interface Findings {
  readonly minutes: number;
  readonly floor: number;
  readonly rssBefore: number;
  readonly rssMost: number;
  readonly written: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly seen: Seen;
  readonly waits: readonly number[];
  readonly left: number;
}

function report(found: Findings): readonly Figure[] {
  const { seen, waits, floor } = found;
  const perS = (seen.records * 1_000) / (seen.lastMono - seen.firstMono);
  return [
    figure('outage', found.minutes / 1_440, 'days'),
    figure('records (a minute of a point)', found.written, ''),
    figure('given up for want of room', found.dropped, '', '= 0'),
    figure('backlog on the disk', found.bytes / 1e6, 'MB', '<= 600'),
    figure('records received beyond those', seen.records - found.written - seen.doubled, ''),
    figure('records out of the order of their device', seen.disordered, '', '= 0'),
    figure('records doubled', seen.doubled, ''),
    figure('left unsent', found.left, 'summaries'),
    figure('floor: one record a message, 500 in flight', floor, 'records/s'),
    figure('drained', perS, 'records/s', `>= ${barPerS}`),
    figure('drained / floor', perS / floor, '×', '>= 0.8'),
    figure('messages', seen.messages, ''),
    figure('memory while the broker is away', found.rssBefore / 1e6, 'MB'),
    figure('memory grown by, at most', (found.rssMost - found.rssBefore) / 1e6, 'MB', '<= 30'),
    figure('alarms meanwhile', waits.length, ''),
    figure('value sent → alarm at the subscriber, p50', percentile(waits, 50), 'ms'),
    figure('value sent → alarm at the subscriber, p99', percentile(waits, 99), 'ms', '<= 100'),
  ];
}

function site(slavePort: number, brokerPort: number): string {
  return `gateway: {id: bench, name: Benchmark}
uplink: {url: "mqtt://127.0.0.1:${brokerPort}", backlog-rate: 40 Mbit/s}
buses:
  - {id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slavePort}}
devices:
  - id: sump
    bus: room
    interval: 100ms
    points: [{id: contact, holding-register: 0, type: u16}]
alarms:
  - {id: contact-open, point: sump/contact, high: 0, priority: urgent}
`;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
