import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModbusBus } from '../../src/model/bus.ts';
import type { DeviceHealth } from '../../src/poll/device-health.ts';
import { type Patience, patienceWith, probesPerLongOne, timeoutMsFor } from '../../src/poll/patience.ts';
import {
  addResponse,
  isMeasured,
  type ResponseTime,
  unmeasured,
  usualTimeoutMs,
} from '../../src/poll/response-time.ts';
import { deviceWith } from '../fakes/scripted-bus.ts';

const rtuBus: ModbusBus = {
  protocol: 'modbus-rtu',
  id: 'b',
  path: '/dev/ttyUSB0',
  line: { baudRate: 9_600, parity: 'even', stopBits: 1 },
  turnaroundMs: 0,
  rs485: { direction: 'adapter', echo: 'no' },
  timeoutMs: 1_000,
  deadDeviceShare: 0.1,
};

function measured(...responsesMs: number[]): ResponseTime {
  const response = unmeasured();
  for (const ms of responsesMs) addResponse(response, ms);
  return response;
}

const offline = (probes: number): DeviceHealth => ({ kind: 'offline', sinceMono: 0, probes, probeMono: 0 });

describe('the response time of a device', () => {
  test('is what its answers take when they always take the same', () => {
    const response = measured(...new Array<number>(100).fill(40));
    expect(response.smoothedMs).toBeCloseTo(40, 6);
    expect(response.variationMs).toBeCloseTo(0, 6);
  });

  test('stays within the shortest and the longest answer, and is not upset by one slow one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { minLength: 1 }), answers => {
        const response = measured(...answers);
        expect(isMeasured(response)).toBe(true);
        expect(response.smoothedMs).toBeGreaterThanOrEqual(Math.min(...answers) - 1e-6);
        expect(response.smoothedMs).toBeLessThanOrEqual(Math.max(...answers) + 1e-6);
      }),
    );
    expect(measured(...new Array<number>(100).fill(20), 900).smoothedMs).toBeLessThan(150);
  });

  test('is what the timeout follows, four times, between the floor and the ceiling', () => {
    const steady = (ms: number) => measured(...new Array<number>(200).fill(ms));
    expect(usualTimeoutMs(steady(30), 50, 1_000)).toBeCloseTo(120, 3);
    expect(usualTimeoutMs(steady(2), 50, 1_000)).toBe(50);
    expect(usualTimeoutMs(steady(400), 50, 1_000)).toBe(1_000);
    // One that takes 10 ms or 110 in turn is given more than four times its mean of 60.
    expect(
      usualTimeoutMs(measured(...Array.from({ length: 200 }, (_, at) => (at % 2) * 100 + 10)), 50, 1_000),
    ).toBeGreaterThan(240);
  });
});

describe('how long a bus waits for a device', () => {
  const patience: Patience = { floorMs: 50, ceilingMs: 1_000, neighbourlyMs: 200 };
  const prompt = measured(...new Array<number>(200).fill(20));
  const slow = measured(...new Array<number>(200).fill(400));

  test.each([
    ['one that was never asked is given all of its timeout', { kind: 'unknown' }, unmeasured(), 1_000],
    ['one that answers is given four times what it takes', { kind: 'online' }, prompt, 80],
    ['one that failed and answered since is, too', { kind: 'degraded', failures: 0, recent: 2 }, prompt, 80],
    [
      'one that just failed is given what its neighbours allow',
      { kind: 'degraded', failures: 1, recent: 1 },
      prompt,
      200,
    ],
    [
      'a slow one that just failed is not given less than before',
      { kind: 'degraded', failures: 1, recent: 1 },
      slow,
      1_000,
    ],
    ['one that is gone is given what it used to need', offline(0), prompt, 80],
    ['one that is gone is now and then given all its neighbours allow', offline(probesPerLongOne - 1), prompt, 200],
    ['a slow one that is gone is given what it cannot do without', offline(0), slow, 800],
    ['one that was never heard is given what its neighbours allow', offline(0), unmeasured(), 200],
  ] as const)('%s', (_sentence, health, response, timeoutMs) => {
    expect(timeoutMsFor(health, response, patience, false)).toBeCloseTo(timeoutMs, 3);
  });

  test('one that is gone for long is given its full timeout now and then', () => {
    expect(timeoutMsFor(offline(3), prompt, patience, true)).toBe(1_000);
  });

  test('one that has no neighbours is given its full timeout as soon as it fails', () => {
    const alone: Patience = { ...patience, neighbourlyMs: Number.POSITIVE_INFINITY };
    expect(timeoutMsFor({ kind: 'degraded', failures: 1, recent: 1 }, prompt, alone, false)).toBe(1_000);
  });

  test('follows from the bus: a fifth of the shortest interval of a neighbour, never below 50 ms', () => {
    const devices = [deviceWith('a', [500, 5_000]), deviceWith('b', [2_000]), deviceWith('c', [60_000])];
    const [a, b, c] = devices.map(device => patienceWith(device, rtuBus, devices).neighbourlyMs);
    expect([a, b, c]).toEqual([400, 100, 100]);
    const hasty = [deviceWith('d', [100]), deviceWith('e', [100])];
    expect(hasty.map(device => patienceWith(device, rtuBus, hasty).neighbourlyMs)).toEqual([50, 50]);
  });

  test('follows from the device: its own timeout before that of the bus', () => {
    const device = { ...deviceWith('a', [1_000]), timeoutMs: 2_500 };
    expect(patienceWith(device, rtuBus, [device])).toEqual({
      floorMs: 50,
      ceilingMs: 2_500,
      neighbourlyMs: Number.POSITIVE_INFINITY,
    });
  });
});
