import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CliRun, startCli } from '../cli/terminal.ts';
import { startDaemon } from '../fakes/daemon.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

interface Line {
  readonly kind: string;
  readonly id: string;
}

test('a gateway and a platform that are killed in turn have the same alarm log in the end, and both know it', async () => {
  await using broker = await startMosquitto();
  await using slave = await startRegisterSlave();
  slave.set(0, 100);
  await using daemon = await startDaemon(`gateway: {id: tower-a, name: Tower A}
uplink: {url: "mqtt://127.0.0.1:${broker.port}", confirm: platform}
buses:
  - {id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}
devices:
  - id: sump
    bus: room
    interval: 50ms
    points:
      - {id: level, holding-register: 0, type: u16, scale: 0.01, unit: m}
alarms:
  - {id: level-high, point: sump/level, high: 2 m, deadband: 0.1 m, priority: high}
`);
  const path = join(daemon.folder, 'events.jsonl');
  const args = ['receive', '--url', `mqtt://127.0.0.1:${broker.port}`, '--out', path, '--confirm', '--json'];
  const logged = () => daemon.query('select id from alarm_log order by number').split('\n');
  const received = () =>
    (existsSync(path) ? readFileSync(path, 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as Line)
      .filter(({ kind }) => kind === 'alarm')
      .map(({ id }) => id);
  const delivered = () => Number(daemon.query('select delivered from uplink'));
  let isHigh = false;
  const toggle = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      const before = logged().length;
      isHigh = !isHigh;
      slave.set(0, isHigh ? 300 : 100);
      await waitUntil(
        () => logged().length > before || (before === 1 && logged()[0] !== ''),
        () => daemon.log(),
      );
    }
  };

  const receive = async (): Promise<CliRun> => {
    const run = startCli(args, { cwd: daemon.folder });
    await waitUntil(
      () => run.err().includes('"msg":"connected"'),
      () => run.err(),
    );
    return run;
  };
  let platform = await receive();
  try {
    for (let round = 0; round < 3; round += 1) {
      await toggle(3);
      platform.child.kill('SIGKILL');
      await toggle(2);
      // The broker has them, but nobody has confirmed them.
      expect(delivered()).toBeLessThan(logged().length);
      await daemon.kill();
      await daemon.start();
      platform = await receive();
    }
    await toggle(1);
    await waitUntil(
      () => received().length === logged().length,
      () => `${received()} of ${logged()}\n${platform.err()}`,
    );
    expect(received()).toEqual(logged());
    // An end that was not in order brings a new store id, and the numbers go on.
    expect(new Set(logged().map(id => id.replace(/-\d+$/, ''))).size).toBeGreaterThan(1);
    expect(logged().map(id => Number(id.replace(/^.*-/, '')))).toEqual(logged().map((_id, index) => index + 1));
    await waitUntil(
      () => delivered() === logged().length,
      () => `delivered: ${delivered()} of ${logged().length}`,
    );
  } finally {
    platform.child.kill('SIGKILL');
  }
}, 90_000);
