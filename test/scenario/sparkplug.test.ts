import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { decode, HostApplication } from '../uplink/sparkplug/host-application.ts';

/** The real daemon as a Sparkplug node: mosquitto between, and a host of mosquitto_sub, mosquitto_pub and protoc. */

test('the daemon is born with live values, dies with its device, is reborn by a reload, and says goodbye', async () => {
  await using broker = await startMosquitto();
  await using host = await HostApplication.start(broker.port);
  const slave = await startRegisterSlave();
  slave.set(0, 42);
  const site = (unit: string) => `gateway: {id: pump-room-1, name: 一号泵房}
uplink:
  url: "mqtt://127.0.0.1:${broker.port}"
  format: sparkplug-b
  sparkplug: {group-id: towers}
buses:
  - {id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}, timeout: 500ms}
devices:
  - id: pump
    name: 一号水泵
    bus: line
    interval: 100ms
    communication: {on-delay: 1s}
    points: [{id: pressure, name: 出口压力, holding-register: 0, type: u16, scale: 0.1, unit: ${unit}}]
  - {id: other, bus: line, unit-id: 2, communication: {on-delay: 1s}, interval: 100ms, points: [{id: level, holding-register: 0, type: u16}]}
`;
  await using daemon = await startDaemon(site('bar'));
  await host.waitFor('DBIRTH self');
  const names = host.whats.slice(0, 4);
  expect(names).toEqual(['NBIRTH', 'DBIRTH pump', 'DBIRTH other', 'DBIRTH self']);

  daemon.writeSite(site('kPa'));
  await daemon.client.command({ kind: 'reload' });
  const [, again] = await host.waitFor('DBIRTH pump', 2);
  const pressure = again && decode(again).metrics.find(({ name }) => name === 'pressure');
  expect(pressure).toMatchObject({ value: 4.2, isNull: false });
  expect(pressure?.properties).toMatchObject({ engUnit: 'kPa', documentation: '出口压力' });

  await slave[Symbol.asyncDispose]();
  await host.waitFor('DDEATH pump');
  await host.waitFor('DDEATH other');
  await waitUntil(
    () => host.whats.includes('NDATA'),
    () => host.whats.join(', '),
  );
  expect(await daemon.stop()).toBe(0);
  await host.waitFor('NDEATH');
  const sequence = host.heard.map(one => decode(one).seq);
  const birth = host.whats.lastIndexOf('NBIRTH');
  expect(sequence.slice(birth, -1)).toEqual(sequence.slice(birth, -1).map((_, index) => index));
});
