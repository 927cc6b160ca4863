import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

/** A sump whose platform is never there. */
function siteText(port: number): string {
  return `gateway: {id: plant}
uplink: {url: "mqtt://127.0.0.1:9", commands: [arrived]}
priorities: {urgent: {acknowledge: 1s, arrive: 2s, restore: 4s}}
buses: [{id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}]
devices:
  - {id: sump, bus: room, interval: 50ms, points: [{id: level, holding-register: 0, type: u16, unit: m}]}
alarms: [{id: level-high, point: sump/level, high: 2 m, priority: urgent}]
`;
}

test('a gateway that is cut off tells who is late, goes on over kill -9, and takes reports until the matter is closed', async () => {
  await using slave = await startRegisterSlave();
  await using daemon = await startDaemon(siteText(slave.port));
  const alarms = ['sump/level-high'];
  const told = () => daemon.query("SELECT kind || ' ' || coalesce(json_extract(body, '$.overdue'), '') FROM alarm_log");
  const untilTold = (text: string) =>
    waitUntil(
      () => told().includes(text),
      () => `${told()}\n${daemon.log()}`,
    );

  slave.set(0, 3);
  await untilTold('overdue acknowledge');
  await daemon.kill();
  await daemon.start();
  await untilTold('overdue arrive');
  expect(await daemon.client.command({ kind: 'closed', alarms })).toEqual({
    kind: 'refused',
    message: 'sump/level-high: its condition still stands: it can be closed once that is gone',
    details: [],
  });
  expect(await daemon.client.command({ kind: 'arrived', alarms, who: 'Li Wei' })).toEqual({
    kind: 'done',
    message: 'sump/level-high: somebody is there',
  });
  expect((await daemon.client.command({ kind: 'arrived', alarms, who: 'Wang' })).message).toContain('already');
  await untilTold('overdue restore');
  const { standing, deadlines } = await daemon.client.alarms(0);
  expect(standing[0]?.progress.arrived?.by).toEqual({ who: 'Li Wei', from: 'cli' });
  expect(deadlines.map(({ deadline, leftMs }) => [deadline, leftMs < 0])).toEqual([['restore', true]]);

  await daemon.client.command({ kind: 'acknowledge', alarms });
  slave.set(0, 0);
  await untilTold('returned');
  expect((await daemon.client.command({ kind: 'closed', alarms })).kind).toBe('done');
  await untilTold('closed');
  expect(daemon.query('SELECT count(DISTINCT occurrence) FROM alarm_log')).toBe('1');
  // Whether somebody arrived before the last deadline is up to how fast this machine is.
  const kinds = told()
    .split('\n')
    .map(text => text.trim());
  expect(kinds.toSorted()).toEqual([
    ...['acknowledged', 'arrived', 'closed', 'overdue acknowledge', 'overdue arrive', 'overdue restore'],
    ...['raised', 'returned'],
  ]);
}, 120_000);
