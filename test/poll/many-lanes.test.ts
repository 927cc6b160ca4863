import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Device } from '../../src/model/device.ts';
import { createBusPoller } from '../../src/poll/bus-poller.ts';
import { createScriptedBus, deviceWith, type ScriptedAnswer, type ScriptedBusOptions } from '../fakes/scripted-bus.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/** A bus of datagrams: many requests at once, one to a device, and values that come without being asked for. */

interface Taken {
  readonly point: string;
  readonly value: number;
  readonly quality: string;
  readonly isAnswered: boolean;
}

function rig(
  devices: readonly Device[],
  answer: (device: string, atMono: number) => ScriptedAnswer,
  options: ScriptedBusOptions = {},
) {
  const clock = new VirtualClock();
  const window = options.window ?? 16;
  const bus = createScriptedBus(clock, answer, { window, deviceWindow: 1, ...options });
  const taken: Taken[] = [];
  const poller = createBusPoller({
    bus: {
      protocol: 'bacnet-ip',
      id: 'b',
      address: '0.0.0.0',
      port: 47_808,
      broadcast: undefined,
      foreign: undefined,
      timeoutMs: 1_000,
      retries: 1,
      requestsInFlight: window,
      deadDeviceShare: 0.1,
    },
    openBus: bus,
    devices,
    alarmed: new Set(),
    clock,
    random: seededRandom(1),
    log: silentLog,
    onBatch: ({ samples, isAnswered }) => {
      for (const { point, value, quality } of samples) taken.push({ point: point.key, value, quality, isAnswered });
    },
    onLateness: () => {},
  });
  return { clock, bus, taken, poller };
}

function several(count: number, intervalsMs: readonly number[]): Device[] {
  return Array.from({ length: count }, (_, index) => deviceWith(`d${index}`, intervalsMs));
}

describe('on a bus that takes many requests', () => {
  test('a device has one at a time, and a slow one holds up nobody else', async () => {
    const devices = several(6, [1_000, 1_000, 1_000]);
    const takesMs = (device: string) => ({ takesMs: device === 'd0' ? 300 : 10 });
    const { clock, bus, poller } = rig(devices, takesMs, { pointsPerRead: 1 });
    poller.start();
    await clock.advance(20_000);
    for (const { id } of devices) {
      const starts = bus.asked.filter(({ device }) => device === id).map(({ atMono }) => atMono);
      expect(starts.length).toBeGreaterThanOrEqual(57);
      for (const [index, start] of starts.slice(1).entries()) {
        expect(start - (starts[index] ?? 0)).toBeGreaterThanOrEqual(takesMs(id).takesMs);
      }
    }
    await poller.stop();
  });

  test('a device that never has time for all of its reads loses due times, and costs no others any', async () => {
    const { clock, bus, taken, poller } = rig(
      several(2, [1_000, 1_000]),
      device => ({ takesMs: device === 'd0' ? 900 : 10 }),
      { pointsPerRead: 1 },
    );
    poller.start();
    await clock.advance(30_000);
    expect(taken.filter(({ point }) => point.startsWith('d0/')).some(({ quality }) => quality === 'overrun')).toBe(
      true,
    );
    expect(bus.asked.filter(({ device }) => device === 'd1').length).toBeGreaterThanOrEqual(58);
    await poller.stop();
  });

  test('forty dead devices take few of its places, and are still found within a minute', async () => {
    const devices = several(50, [1_000]);
    const isDead = (device: string) => Number(device.slice(1)) >= 10;
    let isBack = false;
    const { clock, bus, poller } = rig(devices, device => ({ takesMs: 10, isSilent: isDead(device) && !isBack }));
    poller.start();
    await clock.advance(30_000);
    const from = bus.asked.length;
    await clock.advance(60_000);
    const asked = bus.asked.slice(from);
    expect(asked.filter(({ device }) => !isDead(device)).length).toBeGreaterThanOrEqual(0.95 * 10 * 60);
    isBack = true;
    await clock.advance(60_000);
    expect(poller.deviceViews().map(({ health }) => health)).toEqual(devices.map(() => 'online'));
    await poller.stop();
  });
});

describe('a value that a device tells by itself', () => {
  test('is handed over scaled, as heard, without a read', async () => {
    const device = deviceWith('d0', [60_000], { scale: 0.1 });
    const { clock, bus, taken, poller } = rig([device], () => ({ takesMs: 10 }));
    poller.start();
    await clock.advance(61_000);
    const reads = bus.asked.length;
    const [point] = device.points;
    if (!point) throw new Error('no point');
    const reading = { value: 3, text: undefined, quality: 'good' } as const;
    bus.push({ device, point, reading, atMono: clock.monoMs() });
    expect(taken.at(-1)).toEqual({ point: 'd0/p0', value: 0.3, quality: 'good', isAnswered: true });
    bus.push({ device, point, reading: { ...reading, quality: 'device-fault' }, atMono: clock.monoMs() });
    expect(taken.at(-1)).toMatchObject({ quality: 'device-fault', isAnswered: true });
    expect(bus.asked.length).toBe(reads);
    await poller.stop();
    const before = taken.length;
    bus.push({ device, point, reading, atMono: clock.monoMs() });
    expect(taken.length).toBe(before);
  });

  test('shows that an absent device is back, so that it is asked at once', async () => {
    const device = deviceWith('d0', [1_000]);
    const other = deviceWith('d1', [1_000]);
    let isDead = true;
    const { clock, bus, poller } = rig([device, other], id => ({ takesMs: 10, isSilent: id === 'd0' && isDead }));
    poller.start();
    await clock.advance(20 * 60_000);
    isDead = false;
    const from = bus.asked.length;
    const [point] = device.points;
    if (!point) throw new Error('no point');
    bus.push({ device, point, reading: { value: 1, text: undefined, quality: 'good' }, atMono: clock.monoMs() });
    await clock.advance(100);
    expect(bus.asked.slice(from).map(({ device: id }) => id)).toContain('d0');
    expect(poller.deviceViews()[0]?.health).toBe('online');
    await poller.stop();
  });
});
