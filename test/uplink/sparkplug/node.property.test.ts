import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createUplink, type Uplink } from '../../../src/uplink/uplink.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { summaryRecord } from '../samples.ts';
import { ByteBroker } from './byte-broker.ts';
import { ModelHost } from './model-host.ts';
import { PlantOutbox } from './plant-outbox.ts';
import { decodeByProtoc, encodeByProtoc } from './protoc.ts';
import { quickDecode } from './quick-decode.ts';
import { sparkplugSettings, TestPlant, without } from './test-plant.ts';

const device = fc.constantFrom('pump', 'meter', 'lift');

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('admit' as const, 'alarm' as const) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), count: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 9_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('loss' as const, 'minute' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('bus-loss' as const, 'reload' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rebirth' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('host' as const), isOnline: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const rebirth = encodeByProtoc('metrics { name: "Node Control/Rebirth" boolean_value: true }');

/** A node, its broker and the host behind it, on a clock that stands still. */
class World {
  readonly clock = new VirtualClock(Date.UTC(2026, 4, 12, 8));
  readonly plant = new TestPlant();
  readonly outbox = new PlantOutbox(this.plant);
  readonly host = new ModelHost();
  readonly broker = new ByteBroker(({ topic, payload }) => this.host.take(topic, payload));
  readonly uplink: Uplink;
  readonly #whole = this.plant.current;
  #stateAt = 0;

  constructor(primaryHost: string | undefined) {
    this.uplink = createUplink({
      settings: sparkplugSettings(1883, { sparkplug: { groupId: 'towers', primaryHost } }),
      gateway: { id: 'pump-room-1', name: '一号泵房' },
      version: '0.1.0',
      password: () => undefined,
      outbox: this.outbox,
      plant: this.plant,
      control: undefined,
      clock: this.clock,
      random: seededRandom(7),
      log: silentLog,
      openLink: this.broker.openLink,
    });
  }

  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'admit':
        this.broker.admit();
        break;
      case 'read':
        for (let i = 0; i < step.count; i += 1) await this.#read();
        break;
      case 'cut':
        this.broker.cut(step.count);
        break;
      case 'wait':
        await this.clock.advance(step.ms);
        break;
      case 'alarm':
        this.#record({}, 'pump/pressure-low');
        break;
      case 'loss':
        this.#record({ device: step.device, rule: 'communication' }, `${step.device}/communication`);
        break;
      case 'bus-loss':
        this.#record({ device: 'bus:line', rule: 'bus-communication' }, 'bus:line/communication');
        break;
      case 'minute':
        this.outbox.addSummary({ ...summaryRecord(1, 2), device: step.device, windowEnd: this.clock.wallMs() });
        this.uplink.notify();
        break;
      case 'reload':
        this.plant.current = this.plant.current === this.#whole ? without(this.#whole, 'meter') : this.#whole;
        this.uplink.rebirth();
        break;
      case 'rebirth':
        this.broker.send('spBv1.0/towers/NCMD/pump-room-1', rebirth, false);
        break;
      case 'host':
        this.sayState(step.isOnline);
        break;
    }
    await settle();
  }

  sayState(online: boolean): void {
    this.#stateAt += 1;
    const state = JSON.stringify({ online, timestamp: this.#stateAt });
    this.broker.send('spBv1.0/STATE/scada', Buffer.from(state), true);
  }

  get isAllSent(): boolean {
    return this.outbox.cursor.sent === this.plant.asOf && this.outbox.summaries.size === 0;
  }

  /** Broker and host are well: until everything has been said. */
  async calm(): Promise<void> {
    this.sayState(true);
    for (let round = 0; round < 60; round += 1) {
      this.broker.admit();
      await settle();
      while (this.broker.unread.length > 0) await this.#read();
      if (this.isAllSent && this.host.bdSeq !== undefined && round > 3) return;
      await this.clock.advance(10_000);
    }
    throw new Error(`it does not come to rest: ${JSON.stringify([this.uplink.figures(), this.outbox.cursor])}`);
  }

  async stop(): Promise<void> {
    const stopped = this.uplink.stop();
    await settle();
    while (this.broker.unread.length > 0) await this.#read();
    await this.clock.advance(1_000);
    await stopped;
  }

  async #read(): Promise<void> {
    this.broker.read();
    await settle();
  }

  /** Raises what does not stand and returns what does. */
  #record(changes: Parameters<TestPlant['record']>[0], alarm: string): void {
    const kind = this.plant.alarms.has(alarm) ? 'returned' : 'raised';
    const sampledAt = this.clock.wallMs();
    this.outbox.events.push(this.plant.record({ ...changes, alarm, kind, sampledAt }));
    this.uplink.notify();
  }
}

async function live(steps: readonly Step[], primaryHost: string | undefined): Promise<World> {
  const world = new World(primaryHost);
  world.uplink.start();
  // The format is loaded.
  await import('../../../src/uplink/sparkplug/format.ts');
  await settle();
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
  const payloads: Uint8Array[] = [];
  const broker = new ByteBroker(({ payload }) => payloads.push(payload));
  Object.assign(world, { broker });
  const event = world.plant.record({});
  const { createSparkplugFormat } = await import('../../../src/uplink/sparkplug/format.ts');
  const session = createSparkplugFormat({
    settings: sparkplugSettings(1883),
    gateway: { id: 'pump-room-1', name: '一号泵房' },
    version: '0.1.0',
    plant: world.plant,
    clock: world.clock,
    random: seededRandom(1),
  }).openSession();
  const messages = [...session.birth(), ...session.alarm(event)].flatMap(message => session.seal(message));
  for (const { payload } of messages) {
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
