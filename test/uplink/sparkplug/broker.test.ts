import { describe, expect, test } from 'vitest';
import { startMosquitto } from '../../fakes/mosquitto.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { summaryRecord } from '../samples.ts';
import { decode, type Heard, HostApplication } from './host-application.ts';
import { RealNode } from './real-node.ts';
import { openRelay } from './relay.ts';

const withHost = { sparkplug: { groupId: 'towers', primaryHost: 'scada' } };

function bdSeqOf(heard: Heard | undefined): unknown {
  if (!heard) throw new Error('nothing was heard');
  return decode(heard).metrics.find(({ name }) => name === 'bdSeq')?.value;
}

function eventIdsOf(heard: readonly Heard[]): readonly string[] {
  return heard.flatMap(one => decode(one).metrics.flatMap(({ properties }) => properties.eventId ?? [])).map(String);
}

function idsOf({ outbox }: RealNode): readonly string[] {
  return outbox.events.map(({ id }) => id);
}

describe('with mosquitto and protoc', () => {
  test('births, an alarm and a minute arrive in one sequence, and a stop says the death of the birth', async () => {
    await using broker = await startMosquitto();
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(broker.port);
    node.plant.set('pump/pressure', { value: 4.2, sampledAt: Date.now() });
    await host.waitFor('DBIRTH self');
    const event = node.add(node.plant.record({ message: '出口压力低' }));
    await host.waitFor('DDATA pump');
    const record = summaryRecord(1, 1);
    node.addSummary({
      ...record,
      device: 'pump',
      points: record.points.map(one => ({ ...one, point: 'pump/pressure' })),
    });
    await host.waitFor('DDATA pump', 2);
    await node.uplink.stop();
    await host.waitFor('NDEATH');

    expect(host.whats).toEqual([
      ...['NBIRTH', 'DBIRTH pump', 'DBIRTH meter', 'DBIRTH lift', 'DBIRTH self', 'DDATA pump', 'DDATA pump', 'NDEATH'],
    ]);
    expect(host.heard.every(({ isRetained }) => !isRetained)).toBe(true);
    expect(host.heard.map(({ qos }) => qos)).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    const payloads = host.heard.map(decode);
    expect(payloads.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, undefined]);
    expect(bdSeqOf(host.heard[0])).toBe(bdSeqOf(host.heard.at(-1)));
    const names = new Map(payloads[1]?.metrics.map(({ alias, name }) => [alias, name]));
    const [alarm] = payloads[5]?.metrics ?? [];
    expect(names.get(alarm?.alias)).toBe('Alarms/pressure-low');
    expect(alarm).toMatchObject({ value: true, isHistorical: false });
    expect(alarm?.properties).toMatchObject({ eventId: event.id, message: '出口压力低' });
    expect(payloads[6]?.metrics.map(({ alias }) => names.get(alias))).toEqual([
      'pressure',
      ...['min', 'max', 'mean'].map(statistic => `Statistics/pressure/${statistic}`),
    ]);
    expect(broker.log()).toMatch(/Received DISCONNECT from pump-room-1/);
  });

  test('the broker says the death of a connection that breaks, with its number, and the next has the next', async () => {
    await using broker = await startMosquitto();
    await using relay = await openRelay(broker.port);
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(relay.port);
    await host.waitFor('DBIRTH self');
    relay.cut();
    const [death] = await host.waitFor('NDEATH');
    const births = await host.waitFor('NBIRTH', 2);
    expect(bdSeqOf(death)).toBe(bdSeqOf(births[0]));
    expect(bdSeqOf(births[1])).toBe((Number(bdSeqOf(births[0])) + 1) % 256);
    expect(death && decode(death).seq).toBeUndefined();
    await node.waitForConnection();
  });

  test('a host that asks gets all births again', async () => {
    await using broker = await startMosquitto();
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(broker.port);
    await host.waitFor('DBIRTH self');
    node.skip(5_000);
    host.command('metrics { name: "Node Control/Rebirth" datatype: 11 boolean_value: true }');
    await host.waitFor('DBIRTH self', 2);
    const again = host.heard.slice(5).map(decode);
    expect(again.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    expect(bdSeqOf(host.heard[5])).toBe(bdSeqOf(host.heard[0]));
    node.add(node.plant.record({}));
    expect((await host.waitFor('DDATA pump')).map(one => decode(one).seq)).toEqual([5]);
  });

  test('what was kept while there was no broker comes flagged historical, the alarm first', async () => {
    await using broker = await startMosquitto();
    await using relay = await openRelay(broker.port);
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(relay.port);
    await host.waitFor('DBIRTH self');
    await node.outbox.alarmCursor();
    relay.cut();
    const record = summaryRecord(1, 1);
    node.outbox.addSummary({
      ...record,
      device: 'pump',
      points: record.points.map(one => ({ ...one, point: 'pump/pressure' })),
    });
    node.addEvents(3);
    const data = await host.waitFor('DDATA pump', 4);
    const metrics = data.map(one => decode(one).metrics);
    expect(metrics.flat().every(({ isHistorical }) => isHistorical)).toBe(true);
    expect(metrics.slice(0, 3).map(([alarm]) => alarm?.properties.eventNumber)).toEqual([1, 2, 3]);
    expect(metrics[3]).toHaveLength(4);
    const births = await host.waitFor('DBIRTH pump', 2);
    const standing = births[1] && decode(births[1]).metrics.find(({ name }) => name === 'Alarms/pressure-low');
    expect(standing?.value).toBe(true);
  });
});

describe('sent means that the broker has read it', () => {
  test('while the line is pinched nothing counts as sent, and all of it does once the broker has it', async () => {
    await using broker = await startMosquitto();
    await using relay = await openRelay(broker.port);
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(relay.port);
    await host.waitFor('DBIRTH self');
    node.addEvents(1);
    await node.waitUntilSent(1);
    relay.pinch();
    node.addEvents(10);
    // Long enough for anything that would count a write to the socket as sent.
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(node.outbox.cursor.sent).toBe(1);
    expect(await host.waitFor('DDATA pump', 1)).toHaveLength(1);
    relay.release();
    await node.waitUntilSent(11);
    await host.waitFor('DDATA pump', 11);
  });

  test('over broken connections no event is lost that a host was there to hear, and what comes twice has the same id', async () => {
    await using broker = await startMosquitto();
    await using relay = await openRelay(broker.port);
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(relay.port);
    await host.waitFor('DBIRTH self');
    for (const cutAt of [7, 70, 110]) {
      node.addEvents(50);
      await node.waitUntilSent(cutAt);
      relay.cut();
    }
    await node.waitUntilSent(150);
    await waitUntil(
      () => new Set(eventNumbers(host)).size === 150,
      () => `${new Set(eventNumbers(host)).size} of 150`,
    );
    expect(new Set(eventIdsOf(await host.waitFor('DDATA pump')))).toEqual(new Set(idsOf(node)));
  });
});

/** Cheaper than protoc for counting: an event id stands in the payload as it is. */
function eventNumbers(host: HostApplication): readonly string[] {
  return host.heard.flatMap(({ payload }) => payload.toString('latin1').match(/k3m9x2-\d+(?=[^\d]|$)/) ?? []);
}

describe('with a primary host', () => {
  test('nothing is said before it is on line; when it leaves the node dies, keeps, and tells it afterwards as history', async () => {
    await using broker = await startMosquitto();
    await using host = await HostApplication.start(broker.port);
    await using node = new RealNode(broker.port, withHost);
    await node.waitForFailure('host');
    node.add(node.plant.record({}));
    expect(host.heard).toEqual([]);

    host.sayState(true, 1_000);
    await host.waitFor('DDATA pump');
    expect(host.whats.slice(0, 2)).toEqual(['NBIRTH', 'DBIRTH pump']);

    // A will of a connection that the host had before: it comes late and means nothing.
    host.sayState(false, 999);
    host.sayState(true, 1_001);
    node.add(node.plant.record({ kind: 'returned' }));
    await host.waitFor('DDATA pump', 2);
    expect(host.whats).not.toContain('NDEATH');

    host.sayState(false, 2_000);
    await host.waitFor('NDEATH');
    await node.waitForFailure('host');
    const before = host.heard.length;
    node.add(node.plant.record({}));
    await waitUntil(
      () => (broker.log().match(/New client connected from .* as pump-room-1/g) ?? []).length >= 2,
      () => broker.log(),
    );
    expect(host.heard.length).toBe(before);

    host.sayState(true, 3_000);
    const data = await host.waitFor('DDATA pump', 3);
    expect(data.map(one => decode(one).metrics[0]?.isHistorical)).toEqual([true, false, true]);
    const births = await host.waitFor('NBIRTH', 2);
    expect(bdSeqOf(births[1])).not.toBe(bdSeqOf(births[0]));
  });

  test('of two servers the node goes to the one where the host is', async () => {
    await using empty = await startMosquitto();
    await using full = await startMosquitto();
    await using stranger = await HostApplication.start(empty.port);
    await using host = await HostApplication.start(full.port);
    stranger.sayState(false, 1_000);
    host.sayState(true, 1_000);
    const urls = [empty.port, full.port].map(port => `mqtt://127.0.0.1:${port}`);
    await using node = new RealNode(empty.port, { ...withHost, urls });
    node.add(node.plant.record({}));
    await host.waitFor('DDATA pump');
    expect(stranger.heard).toEqual([]);
  });
});

test('with a platform that confirms, an event counts as delivered only then, and comes again until it does', async () => {
  await using broker = await startMosquitto();
  await using host = await HostApplication.start(broker.port);
  await using relay = await openRelay(broker.port);
  await using node = new RealNode(relay.port, { confirm: 'platform' });
  await host.waitFor('DBIRTH self');
  const event = node.add(node.plant.record({}));
  await node.waitUntilSent(1);
  expect(node.outbox.cursor.delivered).toBe(0);
  relay.cut();
  const told = await host.waitFor('DDATA pump', 2);
  expect(eventIdsOf(told)).toEqual([event.id, event.id]);
  host.command(`metrics { name: "Node Control/Confirm" datatype: 12 string_value: "${event.id}" }`);
  await waitUntil(
    () => node.outbox.cursor.delivered === 1,
    () => JSON.stringify(node.outbox.cursor),
  );
});
