import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

const site = (port: number, most: number) => `gateway: {id: t, name: T}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}]
devices:
  - id: pump
    bus: line
    interval: 50ms
    points: [{id: starts, name: Starts, holding-register: 0, type: u16, counter: true}]
alarms:
  - {id: short-cycling, point: pump/starts, counter-rate: {more-than: ${most}, in: 1h}}
`;

test('starts before and after a restart are counted together, also those while the gateway was off', async () => {
  await using slave = await startRegisterSlave();
  slave.set(0, 100);
  await using daemon = await startDaemon(site(slave.port, 5));
  const polls = async (count: number) => {
    for (let poll = 0; poll < count; poll += 1) await slave.sent(0);
  };
  await polls(3);
  slave.set(0, 103);
  await polls(3);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.query('select rule from rule_memory')).toBe('pump/short-cycling');
  expect(daemon.query('select count(*) from alarm_log')).toBe('0');

  slave.set(0, 105);
  await daemon.start();
  await polls(3);
  expect(daemon.query('select count(*) from alarm_log')).toBe('0');
  slave.set(0, 106);
  await waitUntil(
    () => daemon.query('select count(*) from alarm_log') === '1',
    () => daemon.log(),
  );
  const [event] = (await daemon.client.alarms(5)).history;
  expect(event).toMatchObject({ alarm: 'pump/short-cycling', kind: 'raised', value: 6, limit: 5 });
});
