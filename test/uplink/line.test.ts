import { describe, expect, test } from 'vitest';
import { publishTimeoutMs } from '../../src/uplink/drain.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { mayMakeHosts, openFarHost } from '../fakes/network.ts';
import { startScriptedBroker } from '../fakes/scripted-broker.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { RealUplink } from './real-uplink.ts';
import { numberOf } from './rig.ts';

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Network namespaces need root and `ip`; without them these are left out, and vitest says so. */
describe.skipIf(!mayMakeHosts())('a line', () => {
  test('of 64 kbit/s full of backlog lets a new alarm through within two seconds, and never breaks', async () => {
    await using broker = await startMosquitto();
    await using subscriber = await startSubscriber({ port: broker.port, topic: 'plantroom/+/alarm' });
    await using far = await openFarHost(broker.port, 64);
    await using uplink = new RealUplink(broker.port, { urls: [`mqtt://${far.host}:${far.port}`], backlogRate: 1e9 });
    uplink.addSummaries(1, 3_000, 60);
    const waits: number[] = [];
    for (let number = 1; number <= 8; number += 1) {
      await pause(1_500);
      const addedMono = performance.now();
      uplink.addAlarms(number, number);
      await subscriber.waitFor(number);
      waits.push(performance.now() - addedMono);
    }
    expect(uplink.uplink.figures()).toMatchObject({ state: 'connected', lastFailure: null });
    expect(broker.log().match(/New client connected/g)).toHaveLength(2);
    expect(subscriber.received.map(numberOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    // The first come while it still learns what the line takes.
    expect(Math.max(...waits)).toBeLessThan(publishTimeoutMs);
    expect(Math.max(...waits.slice(2))).toBeLessThan(2_000);
    // The line was in use meanwhile: what it takes in 12 s is some 90 KB.
    expect(uplink.outbox.settledSummaries.length).toBeGreaterThan(4);
  });

  test('that is cut without a word is noticed after one and a half keep-alives', async () => {
    await using broker = await startScriptedBroker();
    await using far = await openFarHost(broker.port);
    await using uplink = new RealUplink(broker.port, { urls: [`mqtt://${far.host}:${far.port}`], keepaliveMs: 2_000 });
    uplink.addAlarms(1, 1);
    await uplink.waitUntilEmpty();
    await far.unplug();
    const cutMono = performance.now();
    await waitUntil(
      () => uplink.uplink.figures().state !== 'connected',
      () => 'the uplink did not notice',
    );
    expect(performance.now() - cutMono).toBeLessThan(1.5 * 2_000 + 500);
    expect(uplink.uplink.figures().lastFailure).toContain('did not answer for one and a half keep-alives');
    await far.plug();
    uplink.addAlarms(2, 2);
    await uplink.waitUntilEmpty();
  });
});
