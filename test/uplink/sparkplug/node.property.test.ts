import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { createSparkplugFormat } from '../../../src/uplink/sparkplug/format.ts';
import { decodeByProtoc } from './protoc.ts';
import { quickDecode } from './quick-decode.ts';
import { bytesOf } from './rig.ts';
import { sparkplugSettings } from './test-plant.ts';
import { type Step, World } from './world.ts';

const device = fc.constantFrom('pump', 'meter', 'lift');

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('admit' as const, 'alarm' as const) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), count: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 9_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('loss' as const, 'minute' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('bus-loss' as const, 'reload' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rebirth' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('host' as const), isOnline: fc.boolean() }) },
);
async function live(steps: readonly Step[], primaryHost: string | undefined): Promise<World> {
  const world = new World(primaryHost);
  await world.start();
  for (const step of steps) {
    await world.play(step);
    const { outbox, host } = world;
    const sent = outbox.events.filter(({ number }) => number <= outbox.cursor.sent);
    // Nothing counts as sent that the host has not heard: it was there all the time.
    expect(sent.filter(({ id }) => !host.events.has(id))).toEqual([]);
  }
  await world.calm();
  return world;
}

function check({ host, plant, outbox }: World): void {
  expect(host.objections).toEqual([]);
  expect([...host.events].sort()).toEqual(outbox.events.map(({ id }) => id).sort());
  const lost = new Set(plant.standing().alarms.flatMap(({ alarm }) => lostBy(alarm)));
  const living = plant
    .site()
    .devices.map(({ id }) => id)
    .filter(id => !lost.has(id));
  expect(host.devices).toEqual(living.sort());
  // Of a device that is lost a host shows nothing but that.
  const shown = [...plant.alarms.keys()].filter(alarm => alarm.includes('communication') || !lost.has('pump'));
  expect(host.alarms).toEqual(shown.sort());
}

function lostBy(alarm: string): readonly string[] {
  if (alarm === 'bus:line/communication') return ['pump', 'meter'];
  return alarm.endsWith('/communication') ? [alarm.slice(0, alarm.indexOf('/'))] : [];
}

test('whatever happens, a host finds no rule broken, hears of every event, and shows the plant as it is in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async steps => {
      const world = await live(steps, undefined);
      check(world);
      await world.stop();
      expect(world.host.objections).toEqual([]);
      expect(world.host.bdSeq).toBeUndefined();
      expect(world.clock.pending).toBe(0);
    }),
    { numRuns: 100 },
  );
}, 120_000);

test('so it does with a primary host that comes and goes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async steps => {
      const world = await live(steps, 'scada');
      check(world);
      await world.stop();
      expect(world.clock.pending).toBe(0);
    }),
    { numRuns: 100 },
  );
}, 120_000);

test('the quick reader of this test reads what protoc reads', async () => {
  const world = new World(undefined);
  const event = world.plant.record({});
  const session = createSparkplugFormat({
    settings: sparkplugSettings(1883),
    gateway: { id: 'pump-room-1', name: '一号泵房' },
    version: '0.1.0',
    plant: world.plant,
    clock: world.clock,
    random: seededRandom(1),
  }).openSession();
  const messages = [...session.birth(), ...session.alarm(event)].flatMap(message => session.seal(message));
  for (const payload of messages.map(bytesOf)) {
    const exact = decodeByProtoc(payload);
    const quick = quickDecode(payload);
    expect(quick.seq).toBe(exact.seq);
    expect(quick.metrics.map(({ name, alias, at, value, isNull }) => [name, alias, at, value, isNull])).toEqual(
      exact.metrics.map(({ name, alias, timestamp, value, isNull }) => [name, alias, timestamp, value, isNull]),
    );
    expect(quick.metrics.map(({ eventId }) => eventId)).toEqual(
      exact.metrics.map(({ properties }) => properties.eventId),
    );
  }
});
