import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { type PropertyName, propertyIds } from '../../../src/sim/bacnet/ids.ts';
import {
  createEscalatorObject,
  createGroupObject,
  createLiftObject,
  liftState,
  updateObject,
} from '../../../src/sim/bacnet/lift-objects.ts';
import type { SimObject } from '../../../src/sim/bacnet/object.ts';
import { encodeValues } from '../../../src/sim/bacnet/value.ts';
import { createEscalator, stepEscalator } from '../../../src/sim/equipment/escalator.ts';
import { createLift, type Lift, stepLift } from '../../../src/sim/equipment/lift.ts';

const identity = { instance: 1, name: 'lift', group: 1, installation: 1 };

function hexOf(object: SimObject, name: PropertyName): string {
  const property = object.properties.get(propertyIds[name]);
  if (!property) return 'none';
  return encodeValues(property.kind === 'one' ? [property.value] : property.values).toString('hex');
}

const liftIn = (changes: Partial<Lift>) => createLiftObject(identity, { ...createLift(), ...changes });

describe('a lift object', () => {
  test.each<readonly [Lift['phase'], string, string]>([
    ['waiting', '9100', '9100'],
    ['closing', '9106', '9102'],
    ['running', '9100', '9100'],
    ['opening', '9107', '9101'],
    ['open', '9101', '9101'],
    ['stuck', '9100', '9100'],
  ])('%s: door %s, command %s', (phase, status, command) => {
    const object = liftIn({ phase });
    expect([hexOf(object, 'car-door-status'), hexOf(object, 'car-door-command')]).toEqual([status, command]);
  });

  test.each([
    ['up', 1.75, 5, '9103', '9105'],
    ['up and speeding up', 0.5, 5, '9103', '9103'],
    ['down', -1.75, 1, '9104', '9105'],
  ])('going %s says so', (_, speedMs, targetFloor, direction, drive) => {
    const object = liftIn({ phase: 'running', speedMs, targetFloor, positionM: 6 });
    expect(hexOf(object, 'car-moving-direction')).toBe(direction);
    expect(hexOf(object, 'car-assigned-direction')).toBe(direction);
    expect(hexOf(object, 'car-drive-status')).toBe(drive);
    expect(hexOf(object, 'car-position')).toBe('2103');
    // A list of floors in a group of its own, and floor and direction of a landing call.
    expect(hexOf(object, 'registered-car-call')).toBe(`0e210${targetFloor}0f`);
    expect(hexOf(object, 'assigned-landing-calls')).toBe(`0e090${targetFloor}19${direction.slice(2)}0f`);
  });

  test('stuck between floors calls for help and says why', () => {
    const object = liftIn({ phase: 'stuck', positionM: 4.5, load: 0.4 });
    expect(hexOf(object, 'fault-signals')).toBe('91059108');
    expect(hexOf(object, 'passenger-alarm')).toBe('11');
    expect(hexOf(object, 'car-door-zone')).toBe('10');
    expect(hexOf(object, 'car-mode')).toBe('910c');
    expect(hexOf(object, 'car-load')).toBe('4443c80000');
  });

  test('has the landing door open where its car is, and nowhere else', () => {
    const doors = hexOf(liftIn({ phase: 'open', positionM: 6 }), 'landing-door-status');
    expect(
      doors
        .slice(2, -2)
        .match(/.{8}/g)
        ?.map(pair => pair.slice(-2)),
    ).toEqual(Array.from({ length: 12 }, (_, index) => (index === 2 ? '01' : '00')));
  });

  test('keeps what it is while it moves, and every property that it had', () => {
    const random = seededRandom(1);
    let lift = createLift();
    const object = createLiftObject(identity, lift);
    const before = [...object.properties.keys()];
    for (let step = 0; step < 2_000; step += 1) {
      lift = stepLift(lift, { hour: 8, random, faults: new Set() }, 0.2);
      updateObject(object, liftState(lift));
      expect(hexOf(object, 'fault-signals')).toBe('');
    }
    expect([...object.properties.keys()]).toEqual(before);
    expect(hexOf(object, 'elevator-group')).toBe('c40e400001');
  });
});

describe('an elevator group', () => {
  test('lists its lifts and the landings where somebody waits', () => {
    const lifts = [
      { ...createLift(), phase: 'running', targetFloor: 5 } as const,
      { ...createLift(), phase: 'waiting', targetFloor: 9 } as const,
      { ...createLift(), phase: 'closing', targetFloor: 1, positionM: 9 } as const,
    ];
    const object = createGroupObject({ instance: 1, name: 'group', lifts: [1, 2, 3] }, lifts);
    expect(hexOf(object, 'group-members')).toBe('c40ec00001c40ec00002c40ec00003');
    expect(hexOf(object, 'landing-calls')).toBe('0905190309011904');
  });
});

describe('an escalator', () => {
  test('runs up at the speed that people need, and stands still with a fault in its list', () => {
    const random = seededRandom(1);
    let state = createEscalator();
    const seen = new Set<string>();
    const run = (steps: number, ...faults: string[]) => {
      for (let step = 0; step < steps; step += 1) {
        state = stepEscalator(state, { hour: 8, random, faults: new Set(faults) }, 0.5);
        const object = createEscalatorObject(1, 'escalator', state);
        seen.add(
          `${hexOf(object, 'operation-direction')} ${hexOf(object, 'escalator-mode')} ${hexOf(object, 'fault-signals')}`,
        );
      }
    };
    run(1_000);
    expect([...seen].toSorted()).toEqual(['9102 9102 ', '9103 9102 ']);
    seen.clear();
    run(20, 'comb-plate');
    expect([...seen].at(-1)).toBe('9101 9101 9108');
    run(20, 'escalator-drive');
    expect([...seen].at(-1)).toBe('9101 9101 9101');
  });
});
