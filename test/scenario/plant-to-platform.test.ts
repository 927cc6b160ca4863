import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { findFreePort, startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

/** The whole way with parts that nobody here wrote: a libmodbus slave, mosquitto, mosquitto_sub, the sqlite3 shell. */

interface Told {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: { readonly number: number; readonly occurrence: string; readonly value?: number };
}

/**
 * The alarm events as a receiver takes them. Delivery is at least once: a gateway killed between the broker's
 * acknowledgement and its own note of it sends the event again, and the same id tells the receiver that it has it.
 */
function alarmsIn(received: readonly { topic: string; payload: string }[]): Told[] {
  const told = received
    .filter(({ topic }) => topic.endsWith('/alarm'))
    .map(({ payload }) => JSON.parse(payload) as Told);
  return [...new Map(told.toReversed().map(event => [event.id, event])).values()].toReversed();
}

describe('an independent slave, polled through a short site file', () => {
  let folder: string;
  let program: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plantroom-slave-'));
    program = join(folder, 'ramp-slave');
    const source = join(import.meta.dirname, '../fixtures/ramp-slave.c');
    execFileSync('gcc', ['-O1', '-o', program, source, '-I/usr/include/modbus', '-lmodbus']);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('raises a limit alarm and a rate alarm that mosquitto_sub prints', async () => {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/#' });
    const port = await findFreePort();
    const slave = spawn(program, [String(port)], { stdio: 'ignore' });
    try {
      const site = `gateway: {id: tower-a, name: Tower A}
uplink: {url: "mqtt://127.0.0.1:${broker.port}"}
buses:
  - {id: pumps, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}
devices:
  - id: booster
    bus: pumps
    interval: 100ms
    points:
      - {id: pressure, holding-register: 0, type: u16, scale: 0.01, unit: bar}
alarms:
  - {id: pressure-low, point: booster/pressure, low: 3 bar, deadband: 0.1 bar, priority: urgent}
  - id: pipe-burst
    point: booster/pressure
    rate: {fall: 0.5 bar/s, over: 2s, min-change: 0.5 bar}
    priority: urgent
`;
      expect(site.split('\n').length).toBeLessThan(25);
      await using daemon = await startDaemon(site);
      await waitUntil(
        () => new Set(alarmsIn(platform.received).map(({ subject }) => subject)).size >= 2,
        () => `came: ${JSON.stringify(alarmsIn(platform.received))}\n${daemon.log()}`,
      );
      const subjects = alarmsIn(platform.received).map(({ type, subject }) => `${type} ${subject}`);
      expect(subjects).toContain('plantroom.alarm.raised booster/pressure-low');
      expect(subjects).toContain('plantroom.alarm.raised booster/pipe-burst');
      expect(
        daemon.query("select count(*) from alarm_log where alarm = 'booster/pressure-low' and kind = 'raised'"),
      ).not.toBe('0');
      expect(await daemon.stop()).toBe(0);
    } finally {
      slave.kill('SIGKILL');
    }
  });
});

function switchSite(slavePort: number, brokerPort: number, extra = ''): string {
  return `gateway: {id: g1, name: Test}
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
  - {id: flooded, point: sump/flood, state: wet, priority: urgent, message: Sump flooded}
${extra}`;
}

describe('a running gateway', () => {
  test('keeps the alarms that stand over kill -9, and does not raise them twice', async () => {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/g1/alarm' });
    await using slave = await startRegisterSlave();
    slave.set(1, 1);
    await using daemon = await startDaemon(switchSite(slave.port, broker.port));
    await platform.waitFor(1);
    await daemon.kill();
    await daemon.start();
    expect((await daemon.client.alarms(10)).standing.map(({ alarm }) => alarm)).toEqual(['sump/flooded']);
    slave.set(1, 0);
    await waitUntil(
      () => alarmsIn(platform.received).some(({ type }) => type === 'plantroom.alarm.returned'),
      () => 'the alarm did not return',
    );
    const told = alarmsIn(platform.received);
    expect(told.map(({ type }) => type)).toEqual(['plantroom.alarm.raised', 'plantroom.alarm.returned']);
    expect(new Set(told.map(({ data }) => data.occurrence)).size).toBe(1);
  });

  test('takes a changed site file without losing an alarm, and refuses a wrong one while the old one goes on', async () => {
    await using broker = await startMosquitto();
    await using slave = await startRegisterSlave();
    slave.set(1, 1);
    await using daemon = await startDaemon(switchSite(slave.port, broker.port));
    const standing = async () => (await daemon.client.alarms(10)).standing;
    await waitUntilAsync(async () => (await standing()).length === 1);
    const before = await standing();

    daemon.writeSite(switchSite(slave.port, broker.port).replace('high: 2 m', 'high: 2 bar'));
    expect(await daemon.client.command({ kind: 'reload' })).toMatchObject({ kind: 'refused' });
    expect(await standing()).toEqual(before);

    daemon.writeSite(switchSite(slave.port, broker.port, '  - {id: level-low, point: sump/level, low: 0.5 m}\n'));
    process.kill(daemon.pid, 'SIGHUP');
    await waitUntilAsync(async () => (await standing()).some(({ alarm }) => alarm === 'sump/level-low'));
    expect(await standing()).toContainEqual(before[0]);

    daemon.writeSite(switchSite(slave.port, broker.port).replace(/.*id: flooded.*\n/, ''));
    expect(await daemon.client.command({ kind: 'reload' })).toMatchObject({ kind: 'done' });
    expect(await standing()).toEqual([]);
    expect((await daemon.client.alarms(10)).history.map(({ kind, alarm }) => `${kind} ${alarm}`)).toEqual(
      expect.arrayContaining(['removed sump/flooded', 'removed sump/level-low']),
    );
  });

  test('takes the commands that its site file lists from the platform, and no others', async () => {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/g1/#' });
    await using slave = await startRegisterSlave();
    const site = switchSite(slave.port, broker.port).replace(
      '"}',
      '", commands: [refresh, reload], confirm: platform}',
    );
    await using daemon = await startDaemon(site);
    const of = (topic: string) => platform.received.filter(message => message.topic === `plantroom/g1/${topic}`);
    const send = async (id: string, kind: string) => {
      const expiresAt = new Date(Date.now() + 60_000).toISOString();
      const command = JSON.stringify({ id, kind, expiresAt, device: 'sump' });
      execFileSync('mosquitto_pub', ['-p', `${broker.port}`, '-V', '5', '-t', 'plantroom/g1/command', '-m', command]);
      const answers = () => of('reply').map(({ payload }) => JSON.parse(payload));
      await waitUntil(
        () => answers().some(({ command: answered }) => answered === id),
        () => `no answer to ${id}:\n${daemon.log()}`,
      );
      return answers().find(({ command: answered }) => answered === id);
    };
    slave.set(1, 1);
    await waitUntil(
      () => of('alarm').length === 1 && of('standing').length === 1,
      () => `${platform.received.map(({ topic }) => topic)}`,
    );
    expect(await send('c1', 'forget-holes')).toMatchObject({
      outcome: 'refused',
      reason: 'forget-holes is not allowed here',
    });
    // A machine that knows its clock to be wrong takes none.
    if ((await daemon.client.status()).clock.quality === 'unsynchronised') {
      expect(await send('c2', 'refresh')).toMatchObject({ outcome: 'refused' });
      return;
    }
    expect(await send('c2', 'refresh')).toMatchObject({ outcome: 'done' });
    await waitUntil(
      () => of('standing').length === 2,
      () => 'the alarms that stand did not come',
    );
    expect(JSON.parse(of('standing').at(-1)?.payload ?? '').data.alarms).toMatchObject([{ alarm: 'sump/flooded' }]);
    daemon.writeSite('gateway: nonsense');
    expect(await send('c3', 'reload')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('is wrong'),
    });
    // The platform has it safely, which the gateway believes by its id.
    expect((await daemon.client.status()).uplinks[0]?.unconfirmed).toBe(1);
    const { id } = JSON.parse(of('alarm')[0]?.payload ?? '');
    const confirmed = JSON.stringify({ id });
    execFileSync('mosquitto_pub', [
      '-p',
      `${broker.port}`,
      '-V',
      '5',
      '-r',
      '-t',
      'plantroom/g1/confirm',
      '-m',
      confirmed,
    ]);
    await waitUntilAsync(async () => (await daemon.client.status()).uplinks[0]?.unconfirmed === 0);
  });

  test('a hundred reloads in a row lose nothing', async () => {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/g1/alarm' });
    await using slave = await startRegisterSlave();
    await using daemon = await startDaemon(switchSite(slave.port, broker.port));
    const reloads = reloadAgainAndAgain(daemon, 100);
    for (const value of [1, 0, 1, 0]) {
      const seen = alarmsIn(platform.received).length;
      slave.set(1, value);
      await waitUntil(
        () => alarmsIn(platform.received).length > seen,
        () => `nothing was told of the contact at ${value}`,
      );
    }
    expect(new Set(await reloads)).toEqual(new Set(['done']));
    expect(alarmsIn(platform.received).map(({ data }) => data.number)).toEqual([1, 2, 3, 4]);
  }, 120_000);

  test('starts without its devices and its broker, says so, and takes them when they come', async () => {
    const brokerPort = await findFreePort();
    const slavePort = await findFreePort();
    await using daemon = await startDaemon(
      switchSite(slavePort, brokerPort).replace(
        'interval: 50ms',
        'interval: 50ms\n    communication: {on-delay: 1s, priority: high}',
      ),
    );
    await waitUntilAsync(
      async () => (await daemon.client.status()).devices.find(({ id }) => id === 'sump')?.health === 'offline',
    );
    await waitUntilAsync(async () =>
      (await daemon.client.alarms(1)).standing.some(({ alarm }) => alarm === 'sump/communication'),
    );
    expect((await daemon.client.status()).uplinks[0]?.lastFailure).toContain('nothing answers');
    await using slave = await startRegisterSlave(slavePort);
    await waitUntilAsync(
      async () => (await daemon.client.status()).devices.find(({ id }) => id === 'sump')?.health === 'online',
    );
    await waitUntilAsync(async () =>
      (await daemon.client.alarms(1)).standing.every(({ phase }) => phase === 'returned'),
    );
    expect(await daemon.client.command({ kind: 'acknowledge', alarms: ['sump'] })).toMatchObject({ kind: 'done' });
    expect((await daemon.client.alarms(1)).standing).toEqual([]);
    expect(slave.port).toBe(slavePort);
  });

  test('a bus whose far end is gone is one alarm, which returns when it is back, and none of its devices is told of', async () => {
    const slavePort = await findFreePort();
    const device = (id: string, unit: number) =>
      `  - {id: ${id}, bus: room, unit-id: ${unit}, interval: 50ms, communication: {on-delay: 1s}, points: [{id: level, holding-register: 0, type: u16, unit: m}]}`;
    await using daemon = await startDaemon(`gateway: {id: g1, name: Test}
buses: [{id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slavePort}}]
devices:
${['pump', 'fan', 'sump'].map(device).join('\n')}
`);
    await waitUntilAsync(async () => (await daemon.client.alarms(10)).standing.length > 0);
    await using slave = await startRegisterSlave(slavePort);
    await waitUntilAsync(async () =>
      (await daemon.client.alarms(10)).standing.every(({ phase }) => phase === 'returned'),
    );
    expect(slave.port).toBe(slavePort);
    await waitUntilAsync(async () =>
      (await daemon.client.status()).devices.every(({ id, health }) => id === 'self' || health === 'online'),
    );
    const { history } = await daemon.client.alarms(10);
    expect(history.map(({ alarm, kind, device: of }) => `${alarm} ${kind} ${of}`).toReversed()).toEqual([
      'bus:room/communication raised bus:room',
      'bus:room/communication returned bus:room',
    ]);
  });

  test('what people do with an alarm is an event like any other, and outlives kill -9', async () => {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/g1/alarm' });
    await using slave = await startRegisterSlave();
    slave.set(0, 250);
    slave.set(1, 1);
    await using daemon = await startDaemon(switchSite(slave.port, broker.port));
    await waitUntilAsync(async () => (await daemon.client.alarms(1)).standing.length === 2);
    const who = 'Li Wei';
    expect(await daemon.client.command({ kind: 'acknowledge', alarms: ['sump/*'], who })).toMatchObject({
      message: '2 acknowledged, 1 had nothing to acknowledge',
    });
    expect(await daemon.client.command({ kind: 'acknowledge', alarms: ['sump/flooded'], who })).toMatchObject({
      message: 'sump/flooded: had nothing to acknowledge',
    });
    const reason = 'float switch sticks';
    expect(await daemon.client.command({ kind: 'shelve', alarms: ['sump/flooded'], who, reason })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('alarms of priority urgent may not be shelved here'),
    });
    const shelve = { kind: 'shelve', alarms: ['sump/level-high'], who, reason, for: '8s' } as const;
    expect(await daemon.client.command(shelve)).toMatchObject({ message: 'sump/level-high: shelved' });
    await daemon.kill();
    await daemon.start();
    const { standing, hidden } = await daemon.client.alarms(1);
    expect(standing).toMatchObject([{ alarm: 'sump/flooded', phase: 'acknowledged', acknowledged: { by: { who } } }]);
    expect(hidden).toMatchObject([{ alarm: 'sump/level-high', phase: 'shelved', masks: { shelved: { reason } } }]);
    await waitUntilAsync(async () => (await daemon.client.alarms(1)).hidden.length === 0);
    const of = (alarm: string) =>
      alarmsIn(platform.received)
        .filter(({ subject }) => subject === alarm)
        .map(({ type }) => type.replace('plantroom.alarm.', ''));
    await waitUntil(
      () => of('sump/level-high').length === 5,
      () => `came: ${of('sump/level-high')}`,
    );
    expect(of('sump/level-high')).toEqual(['raised', 'acknowledged', 'shelved', 'unshelved', 'raised']);
    expect(of('sump/flooded')).toEqual(['raised', 'acknowledged']);
  });

  test('the minute under way is kept when a device leaves the site file and when the gateway stops', async () => {
    await using slave = await startRegisterSlave();
    const site = (ids: readonly string[]) => `gateway: {id: g1, name: Test}
buses: [{id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}]
devices:
${ids.map((id, index) => `  - {id: ${id}, bus: room, unit-id: ${index + 1}, interval: 50ms, points: [{id: level, holding-register: 0, type: u16, unit: m}]}`).join('\n')}
`;
    await using daemon = await startDaemon(site(['stays', 'leaves']));
    await waitUntilAsync(async () =>
      (await daemon.client.points('*/level')).every(({ quality }) => quality === 'good'),
    );
    daemon.writeSite(site(['stays']));
    expect(await daemon.client.command({ kind: 'reload' })).toMatchObject({ kind: 'done' });
    expect(await daemon.stop()).toBe(0);
    const kept = daemon
      .query('select distinct name from summary_1min join device on device.id = device', 'history.db')
      .split('\n');
    expect(kept).toEqual(expect.arrayContaining(['leaves', 'stays']));
  });

  test('alarms that nobody subscribes to are an alarm, and both arrive once somebody does', async () => {
    await using broker = await startMosquitto();
    await using slave = await startRegisterSlave();
    // The shipped alarm of this name waits for a minute.
    const alarm = '  - {id: uplink, point: self/uplink, state: in trouble, on-delay: 1s, priority: high}';
    await using daemon = await startDaemon(`${switchSite(slave.port, broker.port)}${alarm}\n`);
    slave.set(1, 1);
    const standing = async () => (await daemon.client.alarms(10)).standing.map(({ alarm }) => alarm);
    await waitUntilAsync(async () => (await standing()).includes('self/uplink'));
    expect((await daemon.client.status()).uplinks[0]?.lastFailure).toContain('subscribe');
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/#' });
    await waitUntil(
      () => alarmsIn(platform.received).length === 3,
      () => JSON.stringify(platform.received),
    );
    expect(alarmsIn(platform.received).map(({ type, subject }) => `${subject} ${type}`)).toEqual([
      'sump/flooded plantroom.alarm.raised',
      'self/uplink plantroom.alarm.raised',
      'self/uplink plantroom.alarm.returned',
    ]);
  });

  test('a database that was broken while it was off is set aside, reported as an alarm, and the gateway starts on', async () => {
    await using broker = await startMosquitto();
    await using slave = await startRegisterSlave();
    await using daemon = await startDaemon(switchSite(slave.port, broker.port));
    await daemon.stop();
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${join(daemon.folder, 'data/plantroom.db')}`,
      'bs=4096',
      'count=8',
      'conv=notrunc',
      'status=none',
    ]);
    await daemon.start();
    const status = await daemon.client.status();
    expect(status.store).toMatchObject({ state: 'set-aside' });
    expect(status.store.setAside).toMatch(/broken/);
    await waitUntilAsync(async () =>
      (await daemon.client.alarms(1)).standing.some(({ alarm }) => alarm.startsWith('self/')),
    );
  });
});

async function reloadAgainAndAgain(daemon: Daemon, count: number): Promise<string[]> {
  const replies: string[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    // Two at a time: one is always waiting for the other.
    const [one, other] = await Promise.all([0, 1].map(() => daemon.client.command({ kind: 'reload' })));
    replies.push(one?.kind ?? '', other?.kind ?? '');
  }
  return replies;
}

async function waitUntilAsync(isMet: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await isMet()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error('it never came to hold');
}
