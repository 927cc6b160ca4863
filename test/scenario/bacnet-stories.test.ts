import { afterEach, describe, expect, test } from 'vitest';
import { isComputed } from '../../src/model/point.ts';
import { type BacnetStory, demoText, loadBacnetSite, startBacnetStory } from './tower/bacnet-story.ts';
import { startChain } from './tower/chain.ts';

/* What becomes of what lifts, escalators and chillers say over BACnet. The plant is that of config/demo-bacnet.yaml. */

let story: BacnetStory | undefined;

afterEach(async () => {
  await story?.close();
  story = undefined;
});

async function begin(text: string): Promise<BacnetStory> {
  story = await startBacnetStory(loadBacnetSite(text));
  await story.run(20);
  expect(story.raised()).toEqual([]);
  return story;
}

const port = 47_871;
const demo = demoText(port);
const withoutClasses = demo.replaceAll(/^ +class: .*\n(^ +as: .*\n)?/gm, '');

describe('a lift that stops between two floors with somebody in it', () => {
  test('is a trapped passenger after half a minute, and the alarm button at once, each said once', async () => {
    const { simulator, run, raised, sampleOf } = await begin(demo);
    simulator.startFault('lift-2', 'lift-stuck', undefined);
    await run(30);
    expect(sampleOf('lift-2/out-of-service')).toMatchObject({ quality: 'good', value: 1 });
    expect(raised()).toContain('lift-2/alarm-button');
    expect(raised()).not.toContain('lift-2/trapped');
    await run(60);
    expect(raised()).toEqual([
      'lift-2/alarm-button',
      'lift-2/fault-interlock',
      'lift-2/fault-outside-zone',
      'lift-2/trapped',
    ]);
    // The other lift of the same gateway is none of its business.
    expect(sampleOf('lift-1/faults')).toMatchObject({ quality: 'good', value: 0 });
  });

  test('is the same where nobody gave the lift its class', async () => {
    const { simulator, run, raised } = await begin(withoutClasses);
    simulator.startFault('lift-1', 'lift-stuck', undefined);
    await run(90);
    expect(raised()).toEqual([
      'lift-1/alarm-button',
      'lift-1/fault-interlock',
      'lift-1/fault-outside-zone',
      'lift-1/trapped',
    ]);
  });

  test('whose gateway says the load in percent is no less a trapped passenger', async () => {
    const inPercent = demo.replaceAll(
      'profile: bacnet-lift',
      "profile: bacnet-lift\n    points: [{ id: load-units, scale: 2, offset: 20 }, { id: load, scale: 0.1, unit: '%' }]",
    );
    const { simulator, run, raised, sampleOf } = await begin(inPercent);
    simulator.startFault('lift-1', 'lift-stuck', undefined);
    await run(90);
    expect(sampleOf('lift-1/load')?.value).toBeLessThan(100);
    expect(raised()).toContain('lift-1/trapped');
  });
});

test('a gateway of two lifts that is without power is one alarm', async () => {
  const { simulator, run, raised, sampleOf } = await begin(demo.replace('timeout: 1s', 'timeout: 100ms'));
  simulator.startFault('lift-1', 'restart', undefined);
  await run(15);
  expect(sampleOf('lift-2/mode')?.quality).toBe('timeout');
  expect(raised()).toEqual(['lift-1/communication']);
});

describe('an escalator with something in its comb plate', () => {
  test.each([
    ['with its class', demo],
    ['without one', withoutClasses],
  ])('is one urgent alarm, %s', async (_, text) => {
    const { simulator, run, raised, sampleOf } = await begin(text);
    simulator.startFault('escalator', 'comb-plate', undefined);
    await run(20);
    expect(raised()).toEqual(['escalator/comb-plate']);
    expect(sampleOf('escalator/direction')).toMatchObject({ quality: 'good', value: 1 });
  });
});

test('a door that somebody holds open is told, if it stays so in normal service', async () => {
  const { simulator, run, raised } = await begin(demo);
  simulator.startFault('lift-1', 'lift-door-held', undefined);
  await run(180);
  expect(raised()).toEqual(['lift-1/door-open-long']);
});

describe('a chiller', () => {
  test.each([
    ['chiller-trip', ['chiller/fault', 'chiller/supply-warm']],
    ['no-flow', ['chiller/fault', 'chiller/supply-warm']],
    ['condenser-fouled', ['chiller/condenser-hot']],
  ])('with %s says %j', async (fault, alarms) => {
    const { simulator, run, raised } = await begin(demo);
    simulator.startFault('chiller', fault, undefined);
    await run(120);
    expect(raised()).toEqual(alarms);
  });
});

test('a meter behind a router measures in kilowatts what its profile calls kilowatts', async () => {
  const { sampleOf } = await begin(demo);
  const [volts, amperes, power] = ['u-l1', 'i-l1', 'p-total'].map(id => sampleOf(`meter/${id}`)?.value ?? 0);
  expect(power).toBeCloseTo(((volts ?? 0) * (amperes ?? 0) * 3 * 0.94) / 1_000, -1);
});

test('sensors and lifts that are out of order are no alarm by their values: nobody can say what is there', async () => {
  const { simulator, run, raised, sampleOf } = await begin(demo);
  simulator.startFault('chiller', 'sensor-fault', undefined);
  simulator.startFault('chiller', 'chiller-trip', undefined);
  await run(120);
  expect(sampleOf('chiller/supply')?.quality).toBe('device-fault');
  expect(raised()).toEqual([]);
});

const faultSignals = 463;

/** The alarms that a fault of this number raises, of a lift or escalator that is well otherwise. */
function raisedByFault(profile: string, fault: number | undefined): string[] {
  const site = loadBacnetSite(
    `gateway: {id: g}\nbuses: [{id: b, protocol: bacnet-ip}]\ndevices: [{id: d, bus: b, instance: 1, profile: ${profile}, class: ${profile.replace('bacnet-', '')}}]`,
  );
  const device = site.devices.find(({ bus }) => bus === 'b');
  if (!device) throw new Error('no device');
  const chain = startChain(site);
  const points = device.points.filter(point => !isComputed(point));
  const says = Object.fromEntries(
    points.map(({ id, address }) => {
      const part = address.protocol === 'bacnet' ? address.part : undefined;
      if (id === 'faults') return [id, fault === undefined ? 0 : 1];
      if (['normal-mode', 'door-zone', 'power-mode'].includes(id)) return [id, 1];
      return [
        id,
        Number(
          part?.kind === 'contains' &&
            address.protocol === 'bacnet' &&
            address.property === faultSignals &&
            part.value === fault,
        ),
      ];
    }),
  );
  // Of the lift: standing at a floor, with its door open.
  for (let atS = 0; atS < 20; atS += 1) chain.read(device, { ...says, mode: 1, direction: 2, door: 1 }, atS * 1_000, 0);
  return chain.told.flatMap(({ kind, alarm }) => (kind === 'raised' ? [alarm.replace('d/', '')] : []));
}

describe('each fault that a controller lists is one alarm', () => {
  test.each(
    [
      ...['fault-controller', 'fault-drive', 'fault-safety-gear', 'fault-shaft', 'fault-power', 'fault-interlock'],
      ...['door-fault', 'door-fault', 'fault-outside-zone', 'fault-button', 'restart-prevented', 'fault-supply'],
      ...['fault-self-test', 'run-time-limit', 'position-lost', 'fault-temperature', 'fault-load'],
    ].map((alarm, fault) => [fault, alarm] as const),
  )('of a lift: %i is %s', (fault, alarm) => {
    expect(raisedByFault('bacnet-lift', fault)).toEqual([alarm]);
  });

  test.each(
    [
      ...['fault-controller', 'drive-fault', 'fault-mechanical', 'overspeed', 'fault-power', 'safety-circuit'],
      ...['fault-supply', 'fault-temperature', 'comb-plate'],
    ].map((alarm, fault) => [fault, alarm] as const),
  )('of an escalator: %i is %s', (fault, alarm) => {
    expect(raisedByFault('bacnet-escalator', fault)).toEqual([alarm]);
  });

  test.each(['bacnet-lift', 'bacnet-escalator'])('of %s: one that only the maker knows is told as that', profile => {
    expect(raisedByFault(profile, undefined)).toEqual([]);
    expect(raisedByFault(profile, 1_031)).toEqual(['fault-other']);
  });
});
