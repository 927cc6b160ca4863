import { join } from 'node:path';
import { double, integer, property, assert as propertyAssert } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { createDetector } from '../../src/detect/detector.ts';
import type { Site } from '../../src/model/site.ts';
import { createChiller } from '../../src/sim/equipment/chiller.ts';
import { plantFaults } from '../../src/sim/equipment/equipment.ts';
import {
  createPlant,
  createTransport,
  type Equipment,
  measureEquipment,
  type Plant,
  stepPlant,
} from '../../src/sim/plant.ts';
import { loadSite } from '../../src/site/site.ts';

const demo = loadDemo();

function loadDemo(): Site {
  const loaded = loadSite(join(import.meta.dirname, '..', '..', 'config', 'demo.yaml'));
  if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded.problems));
  return loaded.site;
}

const stepS = 0.2;

/** The demo plant watched by the real detector with the demo's own rules. */
function watchPlant(seed: number, startHour = 8) {
  const random = seededRandom(seed);
  const detector = createDetector(demo.rules, []);
  const raised = new Set<string>();
  let plant = createPlant(demo.devices);
  let elapsedS = 0;
  return {
    /** Lets seconds pass with these faults; alarms that were raised meanwhile are noted. */
    run(seconds: number, faults: Readonly<Record<string, string>> = {}): void {
      const active = new Map(Object.entries(faults).map(([device, fault]) => [device, new Set([fault])]));
      for (const end = elapsedS + seconds; elapsedS < end; elapsedS += stepS) {
        const hour = (startHour + elapsedS / 3_600) % 24;
        plant = stepPlant(plant, { faults: active, hour, random }, stepS);
        for (const change of sampleAll(plant, elapsedS)) if (change.kind === 'met') raised.add(change.rule.key);
      }
    },
    raised,
    standing: () => detector.active(),
  };

  function sampleAll(now: Plant, atS: number) {
    return demo.devices.flatMap(device => {
      const equipment = now.get(device.id);
      const signals = equipment ? measureEquipment(equipment) : {};
      const samples = device.points.map(point => ({
        point,
        value: signals[point.id] ?? Number.NaN,
        text: undefined,
        quality: 'good' as const,
      }));
      const sampledAtMono = atS * 1_000;
      return detector.step({
        device: device.number,
        samples,
        isAnswered: true,
        sampledAtMono,
        sampledAt: sampledAtMono,
      });
    });
  }
}

describe('the demo plant', () => {
  test('is recognised from the points of its devices', () => {
    const kinds = [...createPlant(demo.devices)].map(([id, { kind }]) => [id, kind]);
    expect(kinds).toEqual([
      ['booster', 'booster-set'],
      ['tank', 'tank'],
      ['feeder', 'feeder-meter'],
      ['lift', 'lift'],
    ]);
  });

  test('measures every point of the demo', () => {
    const plant = createPlant(demo.devices);
    const simulated = demo.devices.filter(device => device.bus !== 'self');
    const missing = simulated.flatMap(device => {
      const equipment = plant.get(device.id);
      const signals = equipment ? measureEquipment(equipment) : {};
      return device.points.filter(point => signals[point.id] === undefined).map(point => point.key);
    });
    expect(missing).toEqual([]);
  });

  test('raises no alarm by itself, at no hour of the day', () => {
    for (let hour = 0; hour < 24; hour += 3) {
      const plant = watchPlant(hour, hour);
      plant.run(600);
      expect([hour, ...plant.raised]).toEqual([hour]);
    }
  });

  test('is the same plant for the same seed, and another one for another', () => {
    const measure = (seed: number) => {
      const random = seededRandom(seed);
      let plant = createPlant(demo.devices);
      for (let step = 0; step < 500; step += 1) plant = stepPlant(plant, { faults: new Map(), hour: 9, random }, stepS);
      return [...plant.values()].map(measureEquipment);
    };
    expect(measure(7)).toEqual(measure(7));
    expect(measure(7)).not.toEqual(measure(8));
  });
});

interface FaultCase {
  readonly fault: string;
  readonly device: string;
  readonly alarms: readonly string[];
  /** How long the fault lasts, and how long the plant needs to be well again. */
  readonly lastsS: number;
  readonly recoversS: number;
}

const cases: readonly FaultCase[] = [
  {
    fault: 'pipe-burst',
    device: 'booster',
    alarms: ['booster/pipe-burst', 'booster/pressure-low'],
    lastsS: 8,
    recoversS: 30,
  },
  { fault: 'pump-trip', device: 'booster', alarms: ['booster/pump1-fault'], lastsS: 8, recoversS: 10 },
  { fault: 'tank-leak', device: 'tank', alarms: ['tank/level-low', 'tank/level-low-low'], lastsS: 90, recoversS: 120 },
  { fault: 'tank-overflow', device: 'tank', alarms: ['tank/level-high'], lastsS: 30, recoversS: 180 },
  { fault: 'phase-loss', device: 'feeder', alarms: ['feeder/u-l2-low'], lastsS: 10, recoversS: 10 },
  {
    fault: 'mains-failure',
    device: 'feeder',
    alarms: ['feeder/u-l1-low', 'feeder/u-l2-low', 'feeder/u-l3-low'],
    lastsS: 10,
    recoversS: 10,
  },
  { fault: 'unbalance', device: 'feeder', alarms: [], lastsS: 10, recoversS: 10 },
  {
    fault: 'undervoltage',
    device: 'feeder',
    alarms: ['feeder/u-l1-low', 'feeder/u-l2-low', 'feeder/u-l3-low'],
    lastsS: 10,
    recoversS: 10,
  },
  {
    fault: 'overload',
    device: 'feeder',
    alarms: ['feeder/i-l1-high', 'feeder/i-l2-high', 'feeder/i-l3-high'],
    lastsS: 20,
    recoversS: 20,
  },
  { fault: 'lift-stuck', device: 'lift', alarms: ['lift/fault'], lastsS: 30, recoversS: 10 },
  { fault: 'lift-door-held', device: 'lift', alarms: ['lift/door-open'], lastsS: 120, recoversS: 30 },
];

/** Of equipment that speaks BACnet, which the demo has not: what the fault does to a signal, and what is over with it. */
const bacnetCases: readonly {
  readonly fault: string;
  readonly equipment: () => Equipment;
  readonly signal: string;
  readonly during: (value: number) => boolean;
  readonly lastsS: number;
}[] = [
  ...(['comb-plate', 'escalator-drive'] as const).map(fault => ({
    fault,
    equipment: () => createTransport('escalator'),
    signal: 'speed',
    during: (value: number) => value < 0.05,
    lastsS: 10,
  })),
  { fault: 'chiller-trip', equipment: chiller, signal: 'fault-code', during: value => value === 12, lastsS: 5 },
  {
    fault: 'condenser-fouled',
    equipment: chiller,
    signal: 'condenser-temperature',
    during: value => value > 36,
    lastsS: 300,
  },
  { fault: 'no-flow', equipment: chiller, signal: 'supply', during: value => value > 9, lastsS: 60 },
];

function chiller(): Equipment {
  return { kind: 'chiller', state: createChiller() };
}

describe('faults of the plant', () => {
  test('are all in the tables above, for the kinds of equipment that the demo has and for those that speak BACnet', () => {
    const kinds = new Set([...createPlant(demo.devices).values()].map(({ kind }) => kind));
    const all = [...kinds, 'escalator' as const, 'chiller' as const].flatMap(kind => Object.keys(plantFaults[kind]));
    expect([...cases, ...bacnetCases].map(({ fault }) => fault).sort()).toEqual(all.sort());
  });

  test.each(bacnetCases)(
    '$fault shows in $signal, and is over with it',
    ({ fault, equipment, signal, during, lastsS }) => {
      const random = seededRandom(1);
      let plant: Plant = new Map([['x', equipment()]]);
      const value = () => {
        const now = plant.get('x');
        return now ? (measureEquipment(now)[signal] ?? Number.NaN) : Number.NaN;
      };
      const run = (seconds: number, faults: readonly string[]) => {
        const active = new Map([['x', new Set(faults)]]);
        for (let passed = 0; passed < seconds; passed += stepS)
          plant = stepPlant(plant, { faults: active, hour: 12, random }, stepS);
        return during(value());
      };
      expect(run(600, [])).toBe(false);
      expect(run(lastsS, [fault])).toBe(true);
      expect(run(600, [])).toBe(false);
    },
  );

  test.each(cases)('$fault raises $alarms and nothing else, and they return when it is over', row => {
    for (const seed of [1, 2, 3]) {
      const plant = watchPlant(seed);
      plant.run(30);
      plant.run(row.lastsS, { [row.device]: row.fault });
      expect([...plant.raised].sort()).toEqual([...row.alarms].sort());
      plant.run(row.recoversS);
      expect(plant.standing()).toEqual([]);
    }
  });

  test('a pipe burst of six seconds is seen within five', () => {
    const plant = watchPlant(1);
    plant.run(6);
    plant.run(5, { booster: 'pipe-burst' });
    expect([...plant.raised]).toContain('booster/pipe-burst');
  });
});

describe('whatever happens', () => {
  const faultNames = Object.entries({
    booster: 'booster-set',
    tank: 'tank',
    feeder: 'feeder-meter',
    lift: 'lift',
  } as const);

  test('levels, pressures and speeds stay in their bounds, and energy and hours never fall', () => {
    propertyAssert(
      property(
        integer({ min: 0, max: 1e6 }),
        double({ min: 0.01, max: 90, noNaN: true }),
        integer({ min: 0, max: 2 ** 9 - 1 }),
        integer({ min: 0, max: 23 }),
        (seed, dtS, chosen, hour) => {
          const random = seededRandom(seed);
          let index = 0;
          const faults = new Map(
            faultNames.map(([device, kind]) => [
              device,
              new Set(Object.keys(plantFaults[kind]).filter(() => (chosen >> index++) & 1)),
            ]),
          );
          let plant = createPlant(demo.devices);
          let before = signalsOf(plant);
          for (let step = 0; step < 40; step += 1) {
            plant = stepPlant(plant, { faults, hour, random }, dtS);
            const now = signalsOf(plant);
            expectBounds(now);
            for (const counter of ['energy-import', 'pump1-hours', 'pump2-hours']) {
              expect(now[counter]).toBeGreaterThanOrEqual(before[counter] ?? 0);
            }
            before = now;
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  function signalsOf(plant: Plant): Readonly<Record<string, number>> {
    return Object.assign({}, ...[...plant.values()].map(measureEquipment));
  }

  function expectBounds(signals: Readonly<Record<string, number>>): void {
    const bounds: Readonly<Record<string, readonly [number, number]>> = {
      level: [0, 3.02],
      'outlet-pressure': [0, 6.5],
      'inlet-pressure': [0, 0.3],
      'pump1-speed': [0, 100],
      'pump2-speed': [0, 100],
      'pump1-motor-temp': [20, 120],
      'u-l1': [0, 260],
      'i-l2': [0, 300],
      'pf-total': [0, 1],
      frequency: [49.9, 50.1],
      position: [0, 33],
      speed: [0, 1.75],
      floor: [1, 12],
      'car-load': [0, 120],
    };
    for (const [id, [low, high]] of Object.entries(bounds)) {
      expect([id, signals[id]]).toEqual([id, expect.toSatisfy((value: number) => value >= low && value <= high)]);
    }
    expect(Object.values(signals).every(Number.isFinite)).toBe(true);
  }
});
