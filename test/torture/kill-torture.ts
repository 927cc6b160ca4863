import { seededRandom } from '../../src/base/random.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type Mosquitto, startMosquitto } from '../fakes/mosquitto.ts';
import { type Subscriber, startSubscriber } from '../fakes/mosquitto-sub.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * kill -9 of the real gateway at random moments while the broker is away and alarms come and go. An outside observer
 * notes every event that the store showed as committed; after the broker is back each of them must have arrived at
 * mosquitto_sub, in order, none twice under another id. One run is one kill; twenty make an outage of a minute.
 */

interface Told {
  readonly id: string;
  readonly data: { readonly number: number };
}

export async function torture({ runs = 20, seed, say }: TortureOptions): Promise<Verdict> {
  const random = seededRandom(seed);
  await using broker = await startMosquitto();
  await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/+/alarm', clientId: 'platform' });
  await using slave = await startRegisterSlave();
  await using daemon = await startDaemon(site(slave.port, broker.port));
  const accepted = new Map<number, string>();

  let isToggling = true;
  const toggling = toggle(slave, random, () => isToggling);
  await until(async () => (await noteAccepted(daemon, accepted)) >= 5);

  say('the broker goes away');
  await broker.stop();
  for (let kill = 1; kill <= runs; kill += 1) {
    await pause(1_000 + random.next() * 3_500);
    await noteAccepted(daemon, accepted);
    await daemon.kill();
    await daemon.start();
    say(`killed ${kill} of ${runs} times, ${accepted.size} events accepted so far`);
  }
  isToggling = false;
  await toggling;
  await pause(500);
  await noteAccepted(daemon, accepted);
  await comeBack(broker, daemon);
  say('the broker is back and the backlog is sent');
  const stored = Number(daemon.query('select count(*) from alarm_log'));
  const received = await collect(platform, stored);
  return judge(accepted, received, stored);
}

/** Committed events, as the daemon reads them from its store: what was accepted before a kill must outlive it. */
async function noteAccepted(daemon: Daemon, accepted: Map<number, string>): Promise<number> {
  const { history } = await daemon.client.alarms(1_000);
  for (const { number, id } of history) accepted.set(number, id);
  return accepted.size;
}

async function comeBack(broker: Mosquitto, daemon: Daemon): Promise<void> {
  await broker.restart();
  await until(async () => (await daemon.client.status()).uplinks[0]?.backlogAlarms === 0);
}

/** The broker keeps for the subscriber what came before it was back itself. What is lost is waited for in vain. */
async function collect(platform: Subscriber, count: number): Promise<readonly Told[]> {
  const told = () => platform.received.map(({ payload }) => JSON.parse(payload) as Told);
  for (let attempt = 0; attempt < 200 && new Set(told().map(({ id }) => id)).size < count; attempt += 1) {
    await pause(100);
  }
  // A duplicate may come behind the last one.
  await pause(500);
  return told();
}

function judge(accepted: ReadonlyMap<number, string>, received: readonly Told[], stored: number): Verdict {
  const violations: string[] = [];
  const firstSeen = new Map<string, number>();
  let duplicates = 0;
  let highest = 0;
  for (const { id, data } of received) {
    if (firstSeen.has(id)) {
      duplicates += 1;
      continue;
    }
    firstSeen.set(id, data.number);
    if (data.number <= highest) violations.push(`event ${data.number} arrived after event ${highest}`);
    highest = Math.max(highest, data.number);
  }
  for (const [number, id] of accepted) {
    if (!firstSeen.has(id)) violations.push(`event ${number} (${id}) was accepted and never arrived`);
  }
  const numbers = [...firstSeen.values()];
  if (new Set(numbers).size !== numbers.length) violations.push('an event arrived twice under different ids');
  if (stored !== firstSeen.size) violations.push(`${stored} events are stored, ${firstSeen.size} arrived`);
  return { counts: { accepted: accepted.size, arrived: firstSeen.size, duplicates }, violations };
}

function site(slavePort: number, brokerPort: number): string {
  return `gateway: {id: g1, name: Torture}
uplink: {url: "mqtt://127.0.0.1:${brokerPort}"}
buses:
  - {id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slavePort}}
devices:
  - id: sump
    bus: room
    interval: 50ms
    points:
      - {id: level, holding-register: 0, type: u16, scale: 0.01, unit: m}
      - {id: flood, holding-register: 1, type: u16, states: {0: dry, 1: wet}}
alarms:
  - {id: level-high, point: sump/level, high: 2 m, deadband: 0.1 m, priority: high}
  - {id: flooded, point: sump/flood, state: wet, priority: urgent}
`;
}

async function toggle(slave: RegisterSlave, random: { next(): number }, isOn: () => boolean): Promise<void> {
  for (let turn = 0; isOn(); turn += 1) {
    const isFlood = turn % 2 === 1;
    const isUp = turn % 4 < 2;
    slave.set(isFlood ? 1 : 0, isUp ? (isFlood ? 1 : 300) : 0);
    await pause(60 + random.next() * 120);
  }
}

async function until(isMet: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await isMet()) return;
    await pause(100);
  }
  throw new Error('it never came to hold');
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
