import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

test('a daemon computes over two devices, raises an alarm of an expression, stores both, and reloads them', async () => {
  await using slave = await startRegisterSlave();
  slave.set(0, 400); // pressure, 4 bar
  slave.set(1, 24); // flow
  slave.set(2, 12); // power
  const site = (limit: string) => `gateway: {id: t}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}]
devices:
  - id: booster
    bus: line
    interval: 100ms
    points:
      - {id: pressure, holding-register: 0, type: u16, scale: 0.01, unit: bar}
      - {id: flow, holding-register: 1, type: u16, unit: m3/h}
  - id: meter
    bus: line
    unit-id: 2
    interval: 100ms
    points: [{id: power, holding-register: 2, type: u16, unit: kW}]
computed:
  - id: specific-energy
    device: booster
    name: Energy per m³
    unit: kWh/m3
    inputs: {power: meter/power, flow: booster/flow}
    expression: power / flow
alarms:
  - id: runs-against-closed-valve
    device: booster
    message: the pump runs against a closed valve
    priority: urgent
    inputs: {p: booster/pressure, flow: booster/flow, power: meter/power}
    expression: power > 5.0 && flow < 1.0 && p > ${limit}
    on-delay: 300ms
    suppressed-by: [maintenance]
suppressions:
  - {id: maintenance, inputs: {power: meter/power}, expression: power == 0.0}
`;
  await using daemon = await startDaemon(site('3.0'));
  const energy = async () => (await daemon.client.points('booster/specific-energy'))[0];
  await waitUntilAsync(async () => (await energy())?.value === 0.5);
  // On a busy machine a read may be late, which is told by its quality.
  await waitUntilAsync(async () => (await energy())?.quality === 'good');
  expect(await energy()).toMatchObject({ deviceName: 'booster', unit: 'kWh/m3', name: 'Energy per m³' });
  // The hidden point of the alarm is nobody's business.
  expect((await daemon.client.points()).map(({ key }) => key).filter(key => key.includes('alarm:'))).toEqual([]);

  slave.set(1, 0);
  await waitUntilAsync(async () => (await energy())?.quality === 'not-computed');
  const standing = async () =>
    (await daemon.client.alarms(0)).standing.filter(({ isActive }) => isActive).map(({ alarm }) => alarm);
  await waitUntilAsync(async () => (await standing()).includes('booster/runs-against-closed-valve'));
  await waitUntil(
    () => daemon.query("select count(*) from alarm_log where alarm = 'booster/runs-against-closed-valve'") === '1',
    () => daemon.log(),
  );

  daemon.writeSite(site('5.0'));
  expect(await daemon.client.command({ kind: 'reload' })).toMatchObject({ kind: 'done' });
  await waitUntilAsync(async () => (await standing()).length === 0);

  slave.set(2, 1);
  // The very read that would raise the alarm also tells that the pump is being worked on: nobody is called.
  daemon.writeSite(site('3.0').replace('power == 0.0', 'power == 99.0'));
  expect(await daemon.client.command({ kind: 'reload' })).toMatchObject({ kind: 'done' });
  slave.set(2, 99);
  const kinds = () =>
    daemon.query(
      "select group_concat(kind) from (select kind from alarm_log where alarm = 'booster/runs-against-closed-valve' order by number)",
    );
  await waitUntil(
    () => kinds().includes('hidden-raised'),
    () => `${kinds()}\n${daemon.log()}`,
  );
  expect(daemon.log()).toContain('a suppression has begun');
  // It is told as itself, and so are those of its alarms whose condition stands behind it.
  const view = await daemon.client.alarms(3);
  expect(view.suppressions).toMatchObject([{ id: 'maintenance', hides: 1, standing: 1 }]);
  expect((await daemon.client.status()).suppressions).toEqual(view.suppressions);
  expect(view.hidden.map(({ alarm }) => alarm)).toEqual(['booster/runs-against-closed-valve']);
  expect(view.history.map(({ kind, alarm, reason }) => [kind, alarm, reason])).toEqual([
    ['hidden-raised', 'booster/runs-against-closed-valve', 'maintenance'],
    // It had returned, and nobody had acknowledged it.
    ['suppressed', 'booster/runs-against-closed-valve', 'maintenance'],
    ['suppression-began', 'site/suppression:maintenance', 'maintenance'],
  ]);
  expect(kinds().split(',').slice(0, 2)).toEqual(['raised', 'returned']);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.query('select count(*) from sqlite_master', 'history.db')).not.toBe('0');
});

async function waitUntilAsync(isMet: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (await isMet()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error('it never came to hold');
}
