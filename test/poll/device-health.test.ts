import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import {
  type DeviceHealth,
  failuresToOffline,
  mayAsk,
  probeBackoff,
  stepHealth,
  unknownHealth,
} from '../../src/poll/device-health.ts';

const random = seededRandom(7);
const online: DeviceHealth = { kind: 'online', failures: 0 };

describe('the health of a device', () => {
  test.each([
    ['an unknown device that answers is online', unknownHealth, true, 'online'],
    ['an unknown device that is silent is offline at once', unknownHealth, false, 'offline'],
    ['an online device may miss one answer', online, false, 'online'],
    ['an offline device that answers is online at once', { kind: 'offline', probes: 9, probeMono: 0 }, true, 'online'],
    ['an offline device that stays silent is offline', { kind: 'offline', probes: 9, probeMono: 0 }, false, 'offline'],
  ] as const)('%s', (_sentence, before, isAnswered, after) => {
    expect(stepHealth(before, isAnswered, 1_000, random).kind).toBe(after);
  });

  test('one good answer forgives all failures before it', () => {
    let health: DeviceHealth = online;
    for (let round = 0; round < 10; round += 1) {
      for (let miss = 1; miss < failuresToOffline; miss += 1) health = stepHealth(health, false, 0, random);
      expect(health.kind).toBe('online');
      health = stepHealth(health, true, 0, random);
    }
  });

  test('a dead device is probed again, never later than the longest back-off', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), probes => {
        let health: DeviceHealth = unknownHealth;
        let now = 0;
        for (let count = 0; count < probes; count += 1) {
          health = stepHealth(health, false, now, random);
          if (health.kind !== 'offline') throw new Error('a silent device must be offline');
          expect(mayAsk(health, now)).toBe(false);
          expect(health.probeMono - now).toBeLessThanOrEqual(probeBackoff.longestMs);
          now = health.probeMono;
          expect(mayAsk(health, now)).toBe(true);
        }
      }),
    );
  });
});
