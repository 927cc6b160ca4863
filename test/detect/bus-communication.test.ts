import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDetector, type Detector } from '../../src/detect/detector.ts';
import type { Change, Rule } from '../../src/model/alarm.ts';
import { propertyRuns } from '../fakes/property-runs.ts';
import { batch, busRule, communicationRule, type Value } from './plant.ts';

const names = ['pump', 'fan', 'lift'] as const;
const onDelayMs = 10_000;

function rulesOfBus(): Rule[] {
  const ofDevices = names.map((name, device) => communicationRule({ device, key: `${name}/communication`, onDelayMs }));
  return [...ofDevices, busRule({ devices: names.map((_, device) => device) })];
}

/** Polls the devices in turn, each once a second, from one moment up to another; tells what changed. */
function poll(
  detector: Detector,
  fromMs: number,
  toMs: number,
  valueAt: (name: string, mono: number) => Value,
): string[] {
  const changes: string[] = [];
  for (let mono = fromMs; mono < toMs; mono += 1_000) {
    for (const [device, name] of names.entries()) {
      const atMono = mono + device * 100;
      changes.push(...detector.step(batch(atMono, [valueAt(name, atMono)], { device })).map(textOf));
    }
  }
  return changes;
}

const textOf = ({ kind, rule, sampledAtMono }: Change) => `${rule.key} ${kind} ${sampledAtMono}`;
const heard = 50;

describe('the alarm of a bus', () => {
  test('is raised instead of those of its devices when its cable is pulled out, and returns with the first one heard', () => {
    const detector = createDetector(rulesOfBus(), []);
    const isOut = (mono: number) => mono >= 5_000 && mono < 60_000;
    expect(poll(detector, 0, 120_000, (_name, mono) => (isOut(mono) ? 'timeout' : heard))).toEqual([
      'bus:line/communication met 15000',
      'bus:line/communication gone 60000',
    ]);
  });

  test('gives each of the others its whole on-delay to be heard again, and tells of the one that is not', () => {
    const detector = createDetector(rulesOfBus(), []);
    const isBack = (name: string, mono: number) =>
      (name === 'pump' && mono >= 60_000) || (name === 'fan' && mono >= 66_000);
    expect(poll(detector, 0, 120_000, (name, mono) => (isBack(name, mono) ? heard : 'offline'))).toEqual([
      'bus:line/communication met 10000',
      'bus:line/communication gone 60000',
      'lift/communication met 70200',
    ]);
  });

  test('leaves alone what stood before, and takes only the place of what would be raised', () => {
    const detector = createDetector(rulesOfBus(), []);
    const goneAt: Record<string, number> = { lift: 0, pump: 30_000, fan: 30_000 };
    const changes = poll(detector, 0, 90_000, (name, mono) =>
      mono >= (goneAt[name] ?? 0) && mono < 60_000 ? 'timeout' : heard,
    );
    expect(changes).toEqual([
      'lift/communication met 10200',
      'bus:line/communication met 40000',
      'bus:line/communication gone 60000',
      'lift/communication gone 60200',
    ]);
  });

  test('is not raised while one device answers, be it one that has no alarm of its own', () => {
    const rules = rulesOfBus().filter(({ key }) => key !== 'pump/communication');
    const changes = poll(createDetector(rules, []), 0, 60_000, name => (name === 'pump' ? 'refused' : 'timeout'));
    expect(changes).toEqual(['fan/communication met 10100', 'lift/communication met 10200']);
  });

  test('is not raised while one device was never asked', () => {
    const detector = createDetector(rulesOfBus(), []);
    expect(poll(detector, 0, 60_000, name => (name === 'pump' ? 'overrun' : 'timeout'))).toEqual([
      'fan/communication met 10100',
      'lift/communication met 10200',
    ]);
  });

  test('is not raised by a bus that has no time for its reads', () => {
    expect(poll(createDetector(rulesOfBus(), []), 0, 60_000, () => 'overrun')).toEqual([]);
  });

  test('that stood before a restart is not raised again, and returns when a device is heard', () => {
    const detector = createDetector(rulesOfBus(), ['bus:line/communication']);
    expect(poll(detector, 0, 60_000, (_name, mono) => (mono < 30_000 ? 'no-connection' : heard))).toEqual([
      'bus:line/communication gone 30000',
    ]);
  });

  test('waits for its off-delay', () => {
    const [pump, fan, lift, bus] = rulesOfBus();
    if (!pump || !fan || !lift || !bus) throw new Error('four rules');
    const detector = createDetector([pump, fan, lift, { ...bus, offDelayMs: 5_000 }], []);
    expect(poll(detector, 0, 60_000, (_name, mono) => (mono < 30_000 ? 'timeout' : heard))).toEqual([
      'bus:line/communication met 10000',
      'bus:line/communication gone 35000',
    ]);
  });

  test('stays when the site is loaded anew', () => {
    const detector = createDetector(rulesOfBus(), []);
    poll(detector, 0, 30_000, () => 'timeout');
    expect(detector.replaceRules(rulesOfBus(), { mono: 30_000, wall: 0 })).toEqual([]);
    expect(detector.active()).toEqual(['bus:line/communication']);
  });

  test('is removed with its rule, and the devices then tell for themselves', () => {
    const detector = createDetector(rulesOfBus(), []);
    poll(detector, 0, 30_000, () => 'timeout');
    const left = rulesOfBus().filter(({ kind }) => kind === 'communication');
    expect(detector.replaceRules(left, { mono: 30_000, wall: 0 }).map(textOf)).toEqual([
      'bus:line/communication removed 30000',
    ]);
    expect(poll(detector, 30_000, 31_000, () => 'timeout')).toEqual([
      'pump/communication met 30000',
      'fan/communication met 30100',
      'lift/communication met 30200',
    ]);
  });
});

test('a device that stays silent is never without an alarm, its own or that of its bus, whatever the others do', () => {
  const spells = fc.array(fc.record({ isSilent: fc.boolean(), seconds: fc.integer({ min: 1, max: 30 }) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(spells, spells, (pump, fan) => {
      const detector = createDetector(rulesOfBus(), []);
      const silentAt = new Map([
        ['pump', timeline(pump)],
        ['fan', timeline(fan)],
      ]);
      poll(detector, 0, 200_000, (name, mono) => {
        const isSilent = name === 'lift' || (silentAt.get(name)?.[Math.floor(mono / 1_000)] ?? true);
        return isSilent ? 'timeout' : heard;
      });
      // The others may have come and gone within the last on-delay; after one more all are told of.
      poll(detector, 200_000, 211_000, name => (name === 'lift' ? 'timeout' : heard));
      expect(detector.active()).toEqual(['lift/communication']);
      poll(detector, 211_000, 230_000, () => 'timeout');
      expect(detector.active()).toEqual(['lift/communication', 'bus:line/communication']);
    }),
    { numRuns: propertyRuns(100) },
  );
});

function timeline(spells: readonly { isSilent: boolean; seconds: number }[]): boolean[] {
  return spells.flatMap(({ isSilent, seconds }) => new Array<boolean>(seconds).fill(isSilent));
}
