import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { createFakeClock, hasFakeClock } from '../fakes/fake-clock.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { type Received, startSubscriber } from '../fakes/mosquitto-sub.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

interface Told {
  readonly subject: string;
  readonly type: string;
  readonly data: {
    readonly clock: string;
    readonly detectedAt: string;
    readonly sampledAt: string;
    readonly until: string | null;
  };
}

interface Window {
  readonly device: string;
  readonly clock: string;
  readonly windowStart: string;
  readonly windowEnd: string;
}

/** What two clocks read one after the other, and a poll, may be apart. */
const nearMs = 3_000;
const minuteMs = 60_000;

function eventsIn(received: readonly Received[]): Told[] {
  return received.filter(({ topic }) => topic.endsWith('/alarm')).map(({ payload }) => JSON.parse(payload));
}

function windowsIn(received: readonly Received[]): Window[] {
  return received
    .filter(({ topic }) => topic.endsWith('/summary'))
    .flatMap(({ payload }) => JSON.parse(payload).data.summaries as Window[]);
}

async function until(isMet: () => Promise<boolean>, why: () => string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await isMet()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(why());
}

test.runIf(hasFakeClock())(
  'a gateway that wakes up in 1970 and is set right later sends what happened meanwhile with the times of this day',
  { timeout: 120_000 },
  async () => {
    // Only its port, for now.
    await using broker = await startMosquitto();
    await broker.stop();
    await using slave = await startRegisterSlave();
    const fake = createFakeClock('1970-01-01 00:00:50');
    const beganAt = Date.now();
    await using daemon = await startDaemon(site(slave.port, broker.port), {}, fake.env);
    const status = () => daemon.client.status();
    const alarms = () => daemon.client.alarms(20);
    const say = () => daemon.log().slice(-3_000);
    expect((await status()).clock).toEqual({ quality: 'unsynchronised', jumps: 0 });
    slave.set(1, 1);
    const floodedAt = Date.now();
    await until(async () => (await alarms()).standing.length === 1, say);
    expect((await alarms()).standing[0]?.raisedAt).toBeLessThan(3_600_000);
    const order = { alarms: ['sump/level-high'], reason: 'the float sticks', who: 'Li Wei', for: '2h' } as const;
    await daemon.client.command({ kind: 'shelve', ...order });
    const shelvedAt = Date.now();
    const shelvedSince = async () => (await alarms()).hidden[0]?.masks.shelved?.expiry?.since ?? 0;
    expect(await shelvedSince()).toBeLessThan(3_600_000);
    // One minute of 1970 is stored, the next is under way in memory.
    await until(async () => (await status()).history.classes['1min'].oldestAt !== null, say);

    fake.setRight();
    await until(async () => (await status()).clock.quality === 'synchronised', say);
    expect((await status()).clock.jumps).toBe(1);
    await until(async () => ((await alarms()).standing[0]?.raisedAt ?? 0) > beganAt, say);
    await until(async () => Math.abs((await shelvedSince()) - shelvedAt) < nearMs, say);
    await daemon.client.command({ kind: 'unshelve', alarms: order.alarms });
    slave.set(0, 300);
    const highAt = Date.now();
    await until(async () => (await alarms()).standing.length === 2, say);

    await broker.restart();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/#' });
    await waitUntil(
      () => eventsIn(platform.received).length === 4 && windowsIn(platform.received).length >= 4,
      () => `${JSON.stringify(platform.received)}\n${say()}`,
    );

    const [flooded, shelved, , high] = eventsIn(platform.received);
    const shelvedUntil = Date.parse(shelved?.data.until ?? '');
    expect(Math.abs(shelvedUntil - 2 * 60 * minuteMs - shelvedAt)).toBeLessThan(nearMs);
    expect(flooded).toMatchObject({ subject: 'sump/flooded', data: { clock: 'corrected' } });
    expect(Math.abs(Date.parse(flooded?.data.detectedAt ?? '') - floodedAt)).toBeLessThan(nearMs);
    expect(Math.abs(Date.parse(flooded?.data.sampledAt ?? '') - floodedAt)).toBeLessThan(nearMs);
    expect(high).toMatchObject({ subject: 'sump/level-high', data: { clock: 'synchronised' } });
    expect(Math.abs(Date.parse(high?.data.detectedAt ?? '') - highAt)).toBeLessThan(nearMs);

    const windows = windowsIn(platform.received).filter(({ device }) => device === 'sump');
    expect(windows.map(({ clock }) => clock).slice(0, 2)).toEqual(['corrected', 'corrected']);
    // The first window by the right clock takes itself for the whole of its minute.
    const earliestAt = Math.floor((beganAt - nearMs) / minuteMs) * minuteMs;
    for (const { windowStart, windowEnd } of windows) {
      expect(Date.parse(windowStart)).toBeGreaterThanOrEqual(earliestAt);
      expect(Date.parse(windowEnd)).toBeLessThan(Date.now() + minuteMs);
    }

    // Nothing else has noticed: no alarm, no read that was not done, no device that was lost.
    expect((await alarms()).history.map(({ alarm, kind }) => `${alarm} ${kind}`).toReversed()).toEqual([
      'sump/flooded raised',
      'sump/level-high shelved',
      'sump/level-high unshelved',
      'sump/level-high raised',
    ]);
    const { devices } = await status();
    expect(devices.map(({ id, health, readsFailed }) => [id, health, readsFailed])).toEqual([
      ['sump', 'online', 0],
      ['self', 'online', 0],
    ]);
    for (const table of ['raw_frame', 'summary_1min'])
      expect(Number(daemon.query(`select min(from_at) from ${table}`, 'history.db'))).toBeGreaterThanOrEqual(
        earliestAt,
      );
  },
);

function site(slavePort: number, brokerPort: number): string {
  return `gateway: {id: g1, name: Test}
uplink: {url: "mqtt://127.0.0.1:${brokerPort}"}
buses:
  - {id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slavePort}}
devices:
  - id: sump
    bus: room
    interval: 100ms
    points:
      - {id: level, holding-register: 0, type: u16, scale: 0.01, unit: m}
      - {id: flood, holding-register: 1, type: u16, states: {0: dry, 1: wet}}
alarms:
  - {id: level-high, point: sump/level, high: 2 m, priority: high}
  - {id: flooded, point: sump/flood, state: wet, priority: urgent}
`;
}
