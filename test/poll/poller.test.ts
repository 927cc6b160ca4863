import { expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Driver } from '../../src/driver.ts';
import type { Bus } from '../../src/model/bus.ts';
import type { Device } from '../../src/model/device.ts';
import { createPoller } from '../../src/poll/poller.ts';
import { createScriptedBus, deviceWith, type ScriptedBus } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

function tcpBus(id: string, port = 502): Bus {
  return {
    protocol: 'modbus-tcp',
    id,
    host: '127.0.0.1',
    port,
    connectTimeoutMs: 100,
    timeoutMs: 100,
    requestsInFlight: 1,
    deadDeviceShare: 0.1,
  };
}

function onBus(device: Device, bus: string): Device {
  return { ...device, bus };
}

function rig() {
  const clock = new VirtualClock();
  const opened: { bus: string; link: ScriptedBus }[] = [];
  const driver: Driver = {
    protocol: 'modbus-tcp',
    create({ bus }) {
      const link = createScriptedBus(clock, () => ({ takesMs: 5 }));
      opened.push({ bus: bus.id, link });
      return link;
    },
  };
  const poller = createPoller({
    drivers: new Map([['modbus-tcp', driver]]),
    clock,
    random: seededRandom(1),
    log: silentLog,
    onBatch: () => {},
    onLateness: () => {},
  });
  return { clock, opened, poller };
}

test('a reload leaves a bus alone whose part of the site file did not change', async () => {
  const { clock, opened, poller } = rig();
  const [pump, meter] = [onBus(deviceWith('pump', [1_000]), 'a'), onBus(deviceWith('meter', [1_000]), 'b')];
  await poller.replace({ rules: [], buses: [tcpBus('a'), tcpBus('b')], devices: [pump, meter] });
  await clock.advance(5_000);
  const changedMeter = { ...meter, points: meter.points.map(point => ({ ...point, intervalMs: 500 })) };
  await poller.replace({ rules: [], buses: [tcpBus('a'), tcpBus('b')], devices: [{ ...pump }, changedMeter] });
  await clock.advance(5_000);
  expect(opened.map(({ bus }) => bus)).toEqual(['a', 'b', 'b']);
  const starts = opened[0]?.link.asked.map(({ atMono }) => atMono) ?? [];
  expect(starts).toHaveLength(10);
  for (const [index, start] of starts.entries()) expect(start).toBeCloseTo((starts[0] ?? 0) + index * 1_000, 6);
});

test('a bus that left the site file is closed, and one that came is polled', async () => {
  const { clock, opened, poller } = rig();
  await poller.replace({ rules: [], buses: [tcpBus('a')], devices: [onBus(deviceWith('pump', [100]), 'a')] });
  await clock.advance(1_000);
  await poller.replace({ rules: [], buses: [tcpBus('c')], devices: [onBus(deviceWith('lift', [100]), 'c')] });
  const before = opened[0]?.link.asked.length;
  await clock.advance(1_000);
  expect(opened[0]?.link.asked.length).toBe(before);
  expect(opened[1]?.link.asked.length).toBeGreaterThanOrEqual(9);
  expect(poller.buses().map(({ id }) => id)).toEqual(['c']);
});

test('a change of the states of a point counts as a change', async () => {
  const { opened, poller } = rig();
  const pump = onBus(deviceWith('pump', [100], { states: new Map([[0, 'off']]) }), 'a');
  await poller.replace({ rules: [], buses: [tcpBus('a')], devices: [pump] });
  const renamed = { ...pump, points: pump.points.map(point => ({ ...point, states: new Map([[0, 'stopped']]) })) };
  await poller.replace({ rules: [], buses: [tcpBus('a')], devices: [renamed] });
  expect(opened).toHaveLength(2);
});

test('after stop nothing is asked any more', async () => {
  const { clock, opened, poller } = rig();
  await poller.replace({ rules: [], buses: [tcpBus('a')], devices: [onBus(deviceWith('pump', [100]), 'a')] });
  await clock.advance(1_000);
  await poller.stop();
  const before = opened[0]?.link.asked.length;
  await clock.advance(10_000);
  expect(opened[0]?.link.asked.length).toBe(before);
  expect(clock.pending).toBe(0);
});

test('between the planning and the first read there is a moment to tidy up', async () => {
  const { clock, opened, poller } = rig();
  const atThatMoment: unknown[] = [];
  const pump = onBus(deviceWith('pump', [1_000]), 'a');
  await poller.replace({ rules: [], buses: [tcpBus('a')], devices: [pump] }, () => {
    atThatMoment.push(...opened.map(({ link }) => ({ planned: link.planned.length, asked: link.asked.length })));
  });
  expect(atThatMoment).toEqual([{ planned: 1, asked: 0 }]);
  await clock.advance(5_000);
  expect(opened[0]?.link.asked.length).toBeGreaterThan(0);
  await poller.stop();
});
