import { type Escalator, isAtRatedSpeed } from '../equipment/escalator.ts';
import type { Lift } from '../equipment/lift.ts';
import { objectTypes, type PropertyName, propertyIds, units } from './ids.ts';
import { array, createObject, healthy, list, one, type PropertyTable, type SimObject } from './object.ts';
import { boolean, enumerated, group, objectId, real, type SimValue, tagged, text, unsigned } from './value.ts';

/*
 * Lift, escalator and elevator group as the standard has them since its addendum 135-2012aq: numbers of its enumerations.
 */
const direction = { stopped: 2, up: 3, down: 4 } as const;
const door = { closed: 0, opened: 1, closing: 6, opening: 7 } as const;
const drive = { stationary: 1, accelerate: 3, ratedSpeed: 5 } as const;
const carMode = { normal: 1, outOfService: 12 } as const;
const liftFault = { safetyInterlock: 5, outsideLandingZone: 8 } as const;
const doorCommand = { none: 0, open: 1, close: 2 } as const;
const escalatorFault = { 'comb-plate': 8, drive: 1 } as const;
const escalatorMode = { stop: 1, up: 2 } as const;
const operation = { stopped: 1, upRated: 2, upReduced: 3 } as const;
const groupMode = { normal: 1 } as const;

const floors = 12;
const floorM = 3;
const ratedLoadKg = 1_000;
const noObject = 4_194_303;

export interface LiftIdentity {
  readonly instance: number;
  readonly name: string;
  /** Instance of the elevator group that it belongs to; undefined: none. */
  readonly group: number | undefined;
  /** Of the maker: a number of the lift within its group. */
  readonly installation: number;
}

export function createLiftObject(identity: LiftIdentity, lift: Lift): SimObject {
  const floorTexts = Array.from({ length: floors }, (_, index) => text(index === 0 ? 'G' : String(index)));
  return createObject(objectTypes.lift, identity.instance, identity.name, {
    ...healthy,
    'elevator-group': one(groupId(identity.group)),
    'group-id': one(unsigned(1)),
    'installation-id': one(unsigned(identity.installation)),
    'floor-text': array(...floorTexts),
    'car-door-text': array(text('front')),
    'car-load-units': one(enumerated(units.kilograms)),
    ...liftState(lift),
  });
}

/** What changes while it runs, by the state of the lift. */
export function liftState(lift: Lift): PropertyTable {
  const isStuck = lift.phase === 'stuck';
  const isTravelling = lift.speedMs !== 0;
  const wanted = Math.sign((lift.targetFloor - 1) * floorM - lift.positionM);
  const call = lift.phase === 'running' || lift.phase === 'closing' ? [lift.targetFloor] : [];
  return {
    'car-position': one(unsigned(Math.round(lift.positionM / floorM) + 1)),
    'car-moving-direction': one(enumerated(directionOf(Math.sign(lift.speedMs)))),
    'car-assigned-direction': one(enumerated(directionOf(wanted))),
    'car-door-status': array(enumerated(doorOf(lift))),
    'car-door-command': array(enumerated(commandOf(lift))),
    'car-door-zone': one(
      boolean(!isStuck && Math.abs(lift.positionM / floorM - Math.round(lift.positionM / floorM)) < 0.1),
    ),
    'car-drive-status': one(
      enumerated(
        isTravelling ? (Math.abs(lift.speedMs) < 1.7 ? drive.accelerate : drive.ratedSpeed) : drive.stationary,
      ),
    ),
    'car-load': one(real(Math.round(ratedLoadKg * lift.load))),
    'car-mode': one(enumerated(isStuck ? carMode.outOfService : carMode.normal)),
    'next-stopping-floor': one(unsigned(lift.targetFloor)),
    'making-car-call': array(floorList([])),
    'registered-car-call': array(floorList(call)),
    'assigned-landing-calls': array(landingCalls(call, wanted)),
    'landing-door-status': array(landingDoors(lift)),
    'passenger-alarm': one(boolean(isStuck)),
    'fault-signals': isStuck
      ? list(enumerated(liftFault.safetyInterlock), enumerated(liftFault.outsideLandingZone))
      : list(),
  };
}

export function createEscalatorObject(instance: number, name: string, state: Escalator): SimObject {
  return createObject(objectTypes.escalator, instance, name, {
    ...healthy,
    'elevator-group': one(groupId(undefined)),
    'group-id': one(unsigned(0)),
    'installation-id': one(unsigned(instance % 256)),
    ...escalatorState(state),
  });
}

export function escalatorState(state: Escalator): PropertyTable {
  const isStopped = state.speedMs < 0.05;
  return {
    'power-mode': one(boolean(true)),
    'operation-direction': one(
      enumerated(isStopped ? operation.stopped : isAtRatedSpeed(state) ? operation.upRated : operation.upReduced),
    ),
    'escalator-mode': one(enumerated(state.fault ? escalatorMode.stop : escalatorMode.up)),
    'energy-meter': one(real(state.energyKwh)),
    'passenger-alarm': one(boolean(false)),
    'fault-signals': state.fault ? list(enumerated(escalatorFault[state.fault])) : list(),
  };
}

export interface GroupIdentity {
  readonly instance: number;
  readonly name: string;
  readonly lifts: readonly number[];
}

export function createGroupObject({ instance, name, lifts }: GroupIdentity, members: readonly Lift[]): SimObject {
  return createObject(objectTypes['elevator-group'], instance, name, {
    'machine-room-id': one(objectId(objectTypes.device, noObject)),
    'group-id': one(unsigned(1)),
    'group-members': array(...lifts.map(lift => objectId(objectTypes.lift, lift))),
    'group-mode': one(enumerated(groupMode.normal)),
    ...groupState(members),
  });
}

/** Somebody waits on each floor that a lift is on its way to. */
export function groupState(members: readonly Lift[]): PropertyTable {
  const called = members.filter(({ phase }) => phase === 'running' || phase === 'closing');
  return {
    'landing-calls': list(
      ...called.flatMap(({ targetFloor, positionM }): SimValue[] => [
        tagged(0, unsigned(targetFloor)),
        tagged(1, enumerated(directionOf(Math.sign((targetFloor - 1) * floorM - positionM)))),
      ]),
    ),
  };
}

/** Puts the changing properties of an object in place of those it had. */
export function updateObject(object: SimObject, state: PropertyTable): void {
  for (const [name, property] of Object.entries(state)) {
    object.properties.set(propertyIds[name as PropertyName], property);
  }
}

function groupId(instance: number | undefined): SimValue {
  return objectId(objectTypes['elevator-group'], instance ?? noObject);
}

function directionOf(sign: number): number {
  return sign > 0 ? direction.up : sign < 0 ? direction.down : direction.stopped;
}

function doorOf({ phase }: Lift): number {
  if (phase === 'open') return door.opened;
  if (phase === 'opening') return door.opening;
  return phase === 'closing' ? door.closing : door.closed;
}

function commandOf({ phase }: Lift): number {
  if (phase === 'opening' || phase === 'open') return doorCommand.open;
  return phase === 'closing' ? doorCommand.close : doorCommand.none;
}

/** [0] a list of floors. */
function floorList(all: readonly number[]): SimValue {
  return group(0, ...all.map(floor => unsigned(floor)));
}

/** [0] a list of [0] floor, [1] direction. */
function landingCalls(all: readonly number[], sign: number): SimValue {
  return group(0, ...all.flatMap(floor => [tagged(0, unsigned(floor)), tagged(1, enumerated(directionOf(sign)))]));
}

/** [0] a list of [0] floor, [1] door: that of the floor where the car is, and the others shut. */
function landingDoors(lift: Lift): SimValue {
  const here = Math.round(lift.positionM / floorM) + 1;
  const all = Array.from({ length: floors }, (_, index) => index + 1);
  return group(
    0,
    ...all.flatMap(floor => [
      tagged(0, unsigned(floor)),
      tagged(1, enumerated(floor === here && lift.phase !== 'stuck' ? doorOf(lift) : door.closed)),
    ]),
  );
}
