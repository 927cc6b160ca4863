import { describe, expect, test } from 'vitest';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type BoardChip, type GpioBoard, mayMakeBoards, openGpioBoard } from '../fakes/gpio-board.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

/** A Raspberry Pi 4 with a kernel of today: BCM 17 is 529. */
const pi4: BoardChip = { label: 'pinctrl-bcm2711', base: 512, lines: 58 };
const [sirenLine, beaconLine] = [512 + 17, 512 + 27];

const siteWith = (port: number) => `gateway: {id: t, name: T}
uplink: {url: "mqtt://127.0.0.1:1"}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}]
devices:
  - id: pump
    bus: line
    interval: 100ms
    points: [{id: dry, holding-register: 0, type: u16}, {id: flood, holding-register: 1, type: u16}]
alarms:
  - {id: dry, point: pump/dry, high: 0, priority: urgent}
  - {id: flood, point: pump/flood, high: 0, priority: urgent}
outputs:
  - {id: siren, kind: siren, pin: {bcm: 17}, on: [{priorities: [urgent]}]}
  # A relay board that switches on a low pin, and is to be lit while the gateway is down.
  - id: beacon
    kind: beacon
    pin: {chip: pinctrl-bcm2711, line: 27}
    active: low
    when-stopped: on
    on: [{priorities: [urgent], while: active}]
`;

function levels(board: GpioBoard): string {
  return `${board.read(sirenLine, 'value')}${board.read(beaconLine, 'value')}`;
}

function until(board: GpioBoard, daemon: Daemon, wanted: string): Promise<void> {
  return waitUntil(
    () => levels(board) === wanted,
    () => `siren and beacon are ${levels(board)}, not ${wanted}:\n${daemon.log()}`,
  );
}

describe.skipIf(!mayMakeBoards())('beacon and siren on the pins of a board', () => {
  test('follow the alarms without an uplink, through silence, a crash and a stop', async () => {
    await using board = await openGpioBoard(pi4);
    await using slave = await startRegisterSlave();
    await using daemon = await startDaemon(siteWith(slave.port), {}, undefined, board.inside);
    await until(board, daemon, '01');

    slave.set(0, 1);
    await until(board, daemon, '10');
    expect(await daemon.client.command({ kind: 'silence', who: 'Li Wei' })).toMatchObject({
      kind: 'done',
      message: '1 alarm silenced; sirens sound again for a new alarm',
    });
    await until(board, daemon, '00');
    slave.set(1, 1);
    await until(board, daemon, '10');
    expect(await daemon.client.outputs()).toMatchObject([
      { id: 'siren', pattern: 'steady', silenced: 1, alarms: ['pump/dry', 'pump/flood'], health: 'ok' },
      { id: 'beacon', pattern: 'steady', alarms: ['pump/dry', 'pump/flood'], health: 'ok' },
    ]);

    // sysfs leaves a pin as it is when the process dies: only the next start can do something about it.
    await daemon.kill();
    expect(levels(board)).toBe('10');
    slave.set(0, 0);
    slave.set(1, 0);
    await daemon.start();
    // Both have returned, and nobody has answered for them yet.
    await until(board, daemon, '11');
    await daemon.client.command({ kind: 'acknowledge', alarms: ['pump'] });
    await until(board, daemon, '01');

    slave.set(0, 1);
    await until(board, daemon, '10');
    // A reload without the beacon gives its pin back, and the siren goes on.
    daemon.writeSite(siteWith(slave.port).replace(/ {2}# A relay[\s\S]*$/, ''));
    expect(await daemon.client.command({ kind: 'reload' })).toMatchObject({ kind: 'done' });
    await waitUntil(
      () => board.read(beaconLine, 'value') === undefined,
      () => daemon.log(),
    );
    expect(board.read(sirenLine, 'value')).toBe('1');
    daemon.writeSite(siteWith(slave.port));
    await daemon.client.command({ kind: 'reload' });
    await until(board, daemon, '10');

    expect(await daemon.stop()).toBe(0);
    // Off, and lit: the beacon's relay is on while the pin is low.
    expect(levels(board)).toBe('00');
    expect(daemon.query("select who, body from audit where body like '%silence%'")).toBe(
      'Li Wei|{"command":"silence","from":"cli"}',
    );
  });

  test('are taken over from a program that had turned their sense round', async () => {
    await using board = await openGpioBoard(pi4);
    await using slave = await startRegisterSlave();
    const daemon = await startDaemon(siteWith(slave.port), {}, undefined, board.inside);
    await using _ = daemon;
    await until(board, daemon, '01');
    await daemon.kill();
    board.write(sirenLine, 'active_low', '1');
    await daemon.start();
    await until(board, daemon, '01');
    expect(board.read(sirenLine, 'active_low')).toBe('0');
    expect(board.read(sirenLine, 'direction')).toBe('low');
  });

  test('do not call for an alarm that a person has put out of service', async () => {
    await using board = await openGpioBoard(pi4);
    await using slave = await startRegisterSlave();
    await using daemon = await startDaemon(siteWith(slave.port), {}, undefined, board.inside);
    await until(board, daemon, '01');
    slave.set(0, 1);
    await until(board, daemon, '10');
    const order = { alarms: ['pump/dry'], reason: 'the pump is being mended', who: 'Li Wei', for: '1h' } as const;
    await daemon.client.command({ kind: 'out-of-service', ...order });
    await until(board, daemon, '01');
    await daemon.client.command({ kind: 'in-service', alarms: ['pump/dry'] });
    await until(board, daemon, '10');
  });

  test('call when a deadline has passed, until it is met', async () => {
    await using board = await openGpioBoard(pi4);
    await using slave = await startRegisterSlave();
    const site = `${siteWith(slave.port).replace('[{priorities: [urgent]}]', '[{priorities: [urgent], while: overdue}]')}
priorities: {urgent: {acknowledge: 1s, arrive: 1h, restore: 1h}}
`;
    await using daemon = await startDaemon(site, {}, undefined, board.inside);
    await until(board, daemon, '01');
    slave.set(0, 1);
    await until(board, daemon, '00');
    await until(board, daemon, '10');
    await daemon.client.command({ kind: 'acknowledge', alarms: ['pump/dry'], who: 'Li Wei' });
    await until(board, daemon, '00');
    expect(daemon.query('select group_concat(kind) from (select kind from alarm_log order by number)')).toBe(
      'raised,overdue,acknowledged',
    );
  });

  test('do not call for what follows from an alarm that calls, and do once that is over', async () => {
    await using board = await openGpioBoard(pi4);
    await using slave = await startRegisterSlave();
    const site = siteWith(slave.port).replaceAll('priority: urgent}', 'priority: urgent, group: sump}');
    await using daemon = await startDaemon(`${site}groups: [{id: sump, window: 1m}]\n`, {}, undefined, board.inside);
    slave.set(0, 1);
    await until(board, daemon, '10');
    slave.set(1, 1);
    const callers = async () => (await daemon.client.outputs()).map(({ alarms }) => alarms.join(' '));
    const standing = async () => (await daemon.client.alarms(0)).standing.length;
    await expect.poll(standing, { timeout: 20_000 }).toBe(2);
    expect(await callers()).toEqual(['pump/dry', 'pump/dry']);
    slave.set(0, 0);
    await expect.poll(callers, { timeout: 20_000 }).toEqual(['pump/dry pump/flood', 'pump/flood']);
    expect(levels(board)).toBe('10');
  });

  test('raise an alarm of the gateway while the machine has no GPIO, and work as soon as it has', async () => {
    await using board = await openGpioBoard(pi4, false);
    await using slave = await startRegisterSlave();
    await using daemon = await startDaemon(siteWith(slave.port), {}, undefined, board.inside);
    slave.set(0, 1);
    const standing = async () => (await daemon.client.alarms(0)).standing.map(({ alarm }) => alarm);
    await expect.poll(standing, { timeout: 20_000 }).toEqual(['pump/dry', 'self/outputs']);
    const [siren] = await daemon.client.outputs();
    expect(siren).toMatchObject({ health: 'failing' });
    expect(siren?.lastFailure).toBe(
      'there is no /sys/class/gpio: this machine has no GPIO, or its kernel was built without CONFIG_GPIO_SYSFS',
    );
    expect(daemon.log().match(/an output fails/g)).toHaveLength(2);
    board.plugIn();
    await until(board, daemon, '10');
    const phase = async () =>
      (await daemon.client.alarms(0)).standing.find(({ alarm }) => alarm === 'self/outputs')?.phase;
    await expect.poll(phase, { timeout: 20_000 }).toBe('returned');
  });

  test('are tested from the command line, by somebody who stands beside them', async () => {
    await using board = await openGpioBoard(pi4);
    await using slave = await startRegisterSlave();
    await using daemon = await startDaemon(siteWith(slave.port), {}, undefined, board.inside);
    await until(board, daemon, '01');
    const command = { kind: 'test-output', output: 'siren' } as const;
    await daemon.client.command({ ...command, durationMs: 60_000 });
    await until(board, daemon, '11');
    await daemon.client.command({ ...command, durationMs: 0 });
    await until(board, daemon, '01');
    expect(await daemon.client.command({ ...command, output: 'horn', durationMs: 1 })).toMatchObject({
      kind: 'refused',
      message: 'there is no output "horn"',
    });
  });
});
