import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import {
  absentBackoff,
  type DeviceHealth,
  failuresToOffline,
  longAbsenceMs,
  postponedProbeMs,
  postponeProbe,
  probeBackoff,
  probeNow,
  recentReads,
  stepHealth,
  unknownHealth,
} from '../../src/poll/device-health.ts';

const random = seededRandom(7);
const online: DeviceHealth = { kind: 'online' };
const degraded: DeviceHealth = { kind: 'degraded', failures: failuresToOffline - 1, recent: 1 };
const offline: DeviceHealth = { kind: 'offline', sinceMono: 0, probes: 9, probeMono: 0 };

describe('the health of a device', () => {
  test.each([
    ['an unknown device that answers is online', unknownHealth, true, 'online'],
    ['an unknown device that is silent is offline at once', unknownHealth, false, 'offline'],
    ['an online device that misses one answer is degraded', online, false, 'degraded'],
    ['a degraded device that is silent again and again is offline', degraded, false, 'offline'],
    ['a degraded device that answers once is degraded still', degraded, true, 'degraded'],
    ['an offline device that answers is online at once', offline, true, 'online'],
    ['an offline device that stays silent is offline', offline, false, 'offline'],
  ] as const)('%s', (_sentence, before, isAnswered, after) => {
    expect(stepHealth(before, isAnswered, 1_000, random).kind).toBe(after);
  });

  test('one good answer forgives the failures in a row before it, but they are remembered for eight reads', () => {
    let health: DeviceHealth = online;
    for (let round = 0; round < 10; round += 1) {
      for (let miss = 1; miss < failuresToOffline; miss += 1) health = stepHealth(health, false, 0, random);
      expect(health.kind).toBe('degraded');
      for (let answer = 0; answer < recentReads; answer += 1) {
        expect(health.kind).toBe('degraded');
        health = stepHealth(health, true, 0, random);
      }
      expect(health.kind).toBe('online');
    }
  });

  test('a dead device is probed again within 4 s, and within 30 s when it is gone for long', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), probes => {
        let health: DeviceHealth = unknownHealth;
        let now = 0;
        for (let count = 0; count < probes; count += 1) {
          health = stepHealth(health, false, now, random);
          if (health.kind !== 'offline') throw new Error('a silent device must be offline');
          const longestMs = now < longAbsenceMs ? probeBackoff.longestMs : absentBackoff.longestMs;
          expect(health.probeMono - now).toBeLessThanOrEqual(longestMs);
          expect(health.probeMono - now).toBeGreaterThanOrEqual(0.8 * probeBackoff.firstMs);
          now = health.probeMono;
        }
      }),
    );
  });

  test('a probe that could not be sent is made a little later, and one whose bus is back is made at once', () => {
    expect(postponeProbe(offline, 5_000)).toMatchObject({ probes: 9, probeMono: 5_000 + postponedProbeMs });
    expect(probeNow(offline, 5_000)).toMatchObject({ probes: 0, probeMono: 5_000 });
    for (const health of [unknownHealth, online, degraded]) {
      expect(postponeProbe(health, 5_000)).toBe(health);
      expect(probeNow(health, 5_000)).toBe(health);
    }
  });
});

/** What the sentences of docs/cli.md say, kept as plainly as can be: the answers of all reads so far. */
interface Model {
  answers: boolean[];
  isOffline: boolean;
}

class Read implements fc.Command<Model, { health: DeviceHealth; nowMono: number }> {
  readonly isAnswered: boolean;

  constructor(isAnswered: boolean) {
    this.isAnswered = isAnswered;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: { health: DeviceHealth; nowMono: number }): void {
    const wasKnown = model.answers.length > 0;
    if (model.isOffline && this.isAnswered) model.answers = [];
    model.answers.push(this.isAnswered);
    const lastFew = model.answers.slice(-failuresToOffline);
    const isSilent = lastFew.length === failuresToOffline && !lastFew.includes(true);
    model.isOffline = !this.isAnswered && (model.isOffline || !wasKnown || isSilent);
    real.nowMono += 1_000;
    real.health = stepHealth(real.health, this.isAnswered, real.nowMono, random);
    const isPerfect = !model.answers.slice(-recentReads).includes(false);
    expect(real.health.kind).toBe(model.isOffline ? 'offline' : isPerfect ? 'online' : 'degraded');
  }

  toString(): string {
    return this.isAnswered ? 'answered' : 'silent';
  }
}

test('the machine agrees with what is said of it, for any run of answers and silence', () => {
  const reads = [fc.constant(new Read(true)), fc.constant(new Read(false))];
  fc.assert(
    fc.property(fc.commands(reads, { maxCommands: 200 }), commands => {
      const setup = () => ({
        model: { answers: [], isOffline: false },
        real: { health: unknownHealth, nowMono: 0 },
      });
      fc.modelRun(setup, commands);
    }),
  );
});
