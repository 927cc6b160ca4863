import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startCli } from '../cli/terminal.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type Mosquitto, startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { checkMessage } from '../uplink/contract.ts';
import { decode, HostApplication } from '../uplink/sparkplug/host-application.ts';

/**
 * What a platform does with alarms, over mosquitto, with the real daemon: every command, its answer, the events that
 * follow, the audit, and `plantroom receive` at the other end.
 */

const run = promisify(execFile);
const base = 'plantroom/pump-room-1';

function siteWith(slave: RegisterSlave, uplinks: string): string {
  return `gateway: {id: pump-room-1, name: 水泵房}
${uplinks}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}]
priorities: {urgent: {acknowledge: 1s, arrive: 10min, restore: 1h}}
devices:
  - id: pump
    bus: line
    interval: 100ms
    points:
      - {id: dry, holding-register: 0, type: u16}
      - {id: level, holding-register: 1, type: u16}
      - {id: "off", holding-register: 2, type: u16}
      - {id: flow, holding-register: 3, type: u16}
alarms:
  - {id: dry, point: pump/dry, high: 0, priority: urgent, latching: yes, message: 水泵干转}
  - {id: level, point: pump/level, high: 0, priority: high}
  - {id: flow, point: pump/flow, high: 0, priority: high, suppressed-by: [pump-off]}
  - {id: head, point: pump/flow, high: 100, priority: high, suppressed-by: [pump-off]}
suppressions:
  - {id: pump-off, name: The pump is off, inputs: {off: pump/off}, expression: "off > 0.0"}
`;
}

/** A platform at the command line of mosquitto. */
async function platformAt(broker: Mosquitto, commandTopic: string) {
  const replies = await startSubscriber({ port: broker.port, topic: `${base}/reply` });
  let asked = 0;
  return {
    /** Sends a command and returns what is answered. The same `again` is the same command once more. */
    async ask(kind: string, fields: Readonly<Record<string, unknown>> = {}, again?: string) {
      asked += 1;
      const id = again ?? `c-${asked}`;
      const command = { id, kind, expiresAt: new Date(Date.now() + 60_000).toISOString(), ...fields };
      const text = JSON.stringify(command);
      if (kind !== 'demolish') checkMessage(text, 'command');
      const args = ['-h', '127.0.0.1', '-p', `${broker.port}`, '-V', '5', '-q', '1', '-t', commandTopic, '-m', text];
      await run('mosquitto_pub', args);
      const answers = await replies.waitFor(asked);
      const payload = answers[asked - 1]?.payload ?? '';
      checkMessage(payload, 'reply');
      const reply = JSON.parse(payload);
      expect(reply.command).toBe(id);
      return `${reply.outcome}${reply.repeated ? ' (repeated)' : ''}: ${[reply.reason, ...reply.details].join(' | ')}`;
    },
    [Symbol.asyncDispose]: () => replies[Symbol.asyncDispose](),
  };
}

function kindsIn(daemon: Daemon): string[] {
  return daemon.query("select kind || ' ' || alarm from alarm_log order by number").split('\n');
}

function untilKind(daemon: Daemon, kind: string, times = 1): Promise<void> {
  return waitUntil(
    () => kindsIn(daemon).filter(one => one === kind).length >= times,
    () => `${kind} x ${times} in ${kindsIn(daemon)}\n${daemon.log()}`,
  );
}

test('a platform does all that people do with alarms; each is answered, done once, told and audited', async () => {
  await using broker = await startMosquitto();
  await using slave = await startRegisterSlave();
  const commands =
    'refresh, silence, acknowledge, reset, shelve, unshelve, out-of-service, in-service, dispatched, arrived, restored';
  const uplinks = `uplink: {id: cloud, url: "mqtt://127.0.0.1:${broker.port}", confirm: platform, commands: [${commands}]}`;
  await using daemon = await startDaemon(siteWith(slave, uplinks));
  await using events = await startSubscriber({ port: broker.port, topic: `${base}/alarm` });
  await using platform = await platformAt(broker, `${base}/command`);
  const path = join(daemon.folder, 'events.jsonl');
  const args = ['receive', '--url', `mqtt://127.0.0.1:${broker.port}`, '--out', path, '--confirm', '--json'];
  const receiver = startCli(args, { cwd: daemon.folder });
  try {
    await waitUntil(
      () => receiver.err().includes('"msg":"connected"') && broker.log().includes(`${base}/command (QoS 0)`),
      () => `${receiver.err()}\n${broker.log()}`,
    );
    const { ask } = platform;
    const li = { who: '李伟', alarms: ['pump/dry'] };

    // The trip comes, nobody acknowledges it in time, and then the platform does its work.
    slave.set(0, 1);
    await untilKind(daemon, 'overdue pump/dry');
    expect(await ask('acknowledge', li)).toBe('done: pump/dry: acknowledged');
    expect(await ask('acknowledge', li)).toBe('done: pump/dry: had nothing to acknowledge');
    expect(await ask('dispatched', li)).toBe('done: pump/dry: somebody is on the way');
    expect(await ask('arrived', li)).toBe('done: pump/dry: somebody is there');
    expect(await ask('dispatched', { ...li, alarms: ['pump/dr?'] })).toContain('somebody was on the way already');
    expect(await ask('reset', li)).toBe(
      'refused: pump/dry: its condition still stands: it can be reset once that is gone',
    );
    expect(await ask('closed', li)).toBe('refused: closed is not allowed here | the site file lists what is: commands');
    slave.set(0, 0);
    await untilKind(daemon, 'returned pump/dry');
    expect(await ask('restored', li)).toBe('done: pump/dry: restored');
    expect(await ask('reset', { ...li, reason: 'bearing replaced' }, 'reset-1')).toBe('done: pump/dry: reset');
    // The answer was lost, and the platform asks again.
    expect(await ask('reset', { ...li, reason: 'bearing replaced' }, 'reset-1')).toBe(
      'done (repeated): pump/dry: reset',
    );

    // The trip is there again when an order comes that somebody gave for the one before.
    const occurrenceOf = (number: number) =>
      daemon.query(
        `select id from alarm_log where kind = 'raised' and alarm = 'pump/dry' order by number limit 1 offset ${number}`,
      );
    slave.set(0, 1);
    await untilKind(daemon, 'raised pump/dry', 2);
    const [before, now] = [occurrenceOf(0), occurrenceOf(1)];
    expect(await ask('acknowledge', { ...li, occurrence: before })).toBe(
      `refused: pump/dry: ${before} is over, and it has come again since, as ${now} | look at the new one, and order what is to be done with it`,
    );
    expect(await ask('acknowledge', { ...li, occurrence: now })).toBe('done: pump/dry: acknowledged');
    slave.set(0, 0);
    await untilKind(daemon, 'returned pump/dry', 2);
    expect(await ask('reset', { ...li, occurrence: now })).toBe('done: pump/dry: reset');

    // What hides an alarm has a reason and an end.
    const why = { who: '李伟', reason: 'float switch sticks' };
    expect(await ask('shelve', { ...why, alarms: ['pump/dry'], for: '30min' })).toContain(
      'refused: pump/dry: alarms of priority urgent may not be shelved here',
    );
    expect(await ask('shelve', { ...why, alarms: ['pump/level'], for: '1s' })).toBe('done: pump/level: shelved');
    await untilKind(daemon, 'unshelved pump/level');
    expect(await ask('shelve', { ...why, alarms: ['pump/level'], for: '30min' })).toBe('done: pump/level: shelved');
    slave.set(1, 1);
    await untilKind(daemon, 'hidden-raised pump/level');
    expect(await ask('unshelve', { alarms: ['pump/level'] })).toBe('done: pump/level: unshelved');
    await untilKind(daemon, 'raised pump/level');
    expect(await ask('out-of-service', { ...why, alarms: ['pump'], for: '91d' })).toContain('lasts at most 90d');
    expect(await ask('out-of-service', { ...why, alarms: ['pump'], for: '2d' })).toContain('taken out of service');
    expect(await ask('in-service', { alarms: ['pump'] })).toContain('back in service');
    expect(await ask('acknowledge', { alarms: ['pmup/level'] })).toMatch(/^refused: there is no alarm pmup\/level/);
    expect(await ask('silence', { who: '李伟' })).toContain('no alarm calls a siren');
    expect(await ask('demolish')).toContain('refused: there is no command demolish');

    // The pump stops: two alarms are suppressed, one of them has something to tell.
    slave.set(2, 1);
    await untilKind(daemon, 'suppression-began site/suppression:pump-off');
    slave.set(3, 1);
    await untilKind(daemon, 'hidden-raised pump/flow');
    slave.set(3, 0);
    await untilKind(daemon, 'hidden-returned pump/flow');
    slave.set(2, 0);
    await untilKind(daemon, 'suppression-ended site/suppression:pump-off');

    const logged = kindsIn(daemon);
    expect(logged.filter(one => one.endsWith('pump/dry')).slice(0, 13)).toEqual([
      ...['raised pump/dry', 'overdue pump/dry', 'acknowledged pump/dry', 'dispatched pump/dry', 'arrived pump/dry'],
      ...['returned pump/dry', 'restored pump/dry', 'reset pump/dry'],
      ...['raised pump/dry', 'acknowledged pump/dry', 'returned pump/dry', 'reset pump/dry', 'out-of-service pump/dry'],
    ]);
    expect(logged.slice(-5)).toEqual([
      'suppression-began site/suppression:pump-off',
      ...['hidden-raised pump/flow', 'hidden-returned pump/flow'],
      ...['suppression-ended site/suppression:pump-off', 'released pump/flow'],
    ]);

    // On the wire each is as the contract says, with who and from where.
    const told = await events.waitFor(logged.length);
    for (const { payload } of told) checkMessage(payload, 'alarm');
    const bodies = told.map(({ payload }) => JSON.parse(payload));
    const reset = bodies.find(({ type }) => type === 'plantroom.alarm.reset');
    expect(reset.data).toMatchObject({ by: { who: '李伟', from: 'uplink cloud' }, reason: 'bearing replaced' });
    const began = bodies.find(({ type }) => type === 'plantroom.alarm.suppression-began');
    expect(began.data).toMatchObject({
      rule: 'suppression',
      value: 2,
      message: 'The pump is off',
      phase: 'suppressed',
    });

    // The platform has them all, in order, and has confirmed them.
    const received = () =>
      (existsSync(path) ? readFileSync(path, 'utf8') : '')
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line))
        .filter(({ kind }) => kind === 'alarm')
        .map(({ body }) => `${body.type.replace('plantroom.alarm.', '')} ${body.subject}`);
    await waitUntil(
      () => received().length === logged.length && daemon.query('select delivered from uplink') === `${logged.length}`,
      () => `${received()}\n${receiver.err()}`,
    );
    expect(received()).toEqual(logged);

    const audited = daemon
      .query(
        "select who || ' ' || json_extract(body, '$.command') || ' ' || json_extract(body, '$.outcome') from audit where body like '%outcome%' order by number",
      )
      .split('\n');
    expect(audited.slice(0, 4)).toEqual([
      'uplink cloud acknowledge done',
      'uplink cloud acknowledge done',
      'uplink cloud dispatched done',
      'uplink cloud arrived done',
    ]);
    expect(audited).toContain('uplink cloud closed refused');
    expect(audited).toContain('uplink cloud demolish refused');
    // Each once, although the first came twice.
    expect(audited.filter(one => one.includes(' reset done'))).toHaveLength(2);
    expect(daemon.query('select who from audit where body like \'%"silence","from"%\'')).toBe('李伟');
  } finally {
    receiver.child.kill('SIGKILL');
  }
}, 90_000);

test('a SCADA host sees deadlines, what is overdue and a suppression, decoded by protoc', async () => {
  await using broker = await startMosquitto();
  await using slave = await startRegisterSlave();
  await using host = await HostApplication.start(broker.port);
  const uplinks = `uplink: {url: "mqtt://127.0.0.1:${broker.port}", format: sparkplug-b, sparkplug: {group-id: towers}}`;
  await using daemon = await startDaemon(siteWith(slave, uplinks));
  await host.waitFor('DBIRTH self');
  const [birth] = await host.waitFor('DBIRTH pump');
  const listed = birth && decode(birth).metrics.find(({ name }) => name === 'Alarms/dry');
  expect(listed?.properties).toMatchObject({
    ...{ phase: 'normal', message: '水泵干转', acknowledgeWithinMs: 1_000 },
    ...{ arriveWithinMs: 600_000, restoreWithinMs: 3_600_000 },
  });
  const [node] = await host.waitFor('NBIRTH');
  const suppression = node && decode(node).metrics.find(({ name }) => name === 'Alarms/site/suppression:pump-off');
  expect(suppression).toMatchObject({ value: false, properties: { message: 'The pump is off' } });

  slave.set(0, 1);
  await untilKind(daemon, 'overdue pump/dry');
  const properties = () =>
    host.heard
      .filter(({ what }) => what === 'DDATA pump')
      .flatMap(one => decode(one).metrics.map(metric => metric.properties));
  await waitUntil(
    () => properties().some(({ kind }) => kind === 'overdue'),
    () => JSON.stringify(properties()),
  );
  const overdue = properties().find(({ kind }) => kind === 'overdue');
  expect(overdue).toMatchObject({ overdue: 'acknowledge', phase: 'unacknowledged', by: 'gateway' });
  expect(Number(overdue?.overdueMs)).toBeLessThan(1_000);

  slave.set(2, 1);
  const [data] = await host.waitFor('NDATA');
  expect(data && decode(data).metrics).toMatchObject([
    { alias: suppression?.alias, value: true, properties: { kind: 'suppression-began', reason: 'pump-off' } },
  ]);
  // A new birth tells what has passed meanwhile.
  host.command('metrics { name: "Node Control/Rebirth" datatype: 11 boolean_value: true }');
  const [, again] = await host.waitFor('DBIRTH pump', 2);
  const standing = again && decode(again).metrics.find(({ name }) => name === 'Alarms/dry');
  expect(standing).toMatchObject({ value: true, properties: { overdue: 'acknowledge', phase: 'unacknowledged' } });
  expect(host.whats.filter(what => what.includes('site'))).toEqual([]);
}, 60_000);
