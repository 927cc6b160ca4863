import type { ActiveFaults, Signals, Surroundings } from './equipment.ts';
import { approach } from './noise.ts';

/** A passenger lift and what its controller knows. */
export interface Lift {
  readonly phase: Phase;
  /** Seconds since the phase began. */
  readonly phaseS: number;
  readonly positionM: number;
  readonly speedMs: number;
  /** Where it is or goes to, 1 to 12. */
  readonly targetFloor: number;
  /** 0 to 1 of the rated load. */
  readonly load: number;
  /** Doors stay open, or the car waits, this long. */
  readonly waitS: number;
  readonly motorA: number;
  /** The controller keeps a fault until its cause is gone. */
  readonly faultCode: number;
}

type Phase = 'waiting' | 'closing' | 'running' | 'opening' | 'open' | 'stuck';

export interface LiftInputs extends Surroundings {
  readonly faults: ActiveFaults;
}

const floors = 12;
const floorM = 3;
const ratedMs = 1.75;
const accelerationMs2 = 0.8;
const doorS = 2.5;
/** The numbers of the controller: op-state and car-state of the profile monarch-nice3000plus. */
const opStates = { fault: 5, automatic: 7 } as const;
const carStates = { opening: 1, open: 2, closing: 3, waiting: 4, running: 5, stuck: 6 } as const;
const safetyCircuitOpen = 41;

export function createLift(): Lift {
  return {
    phase: 'waiting',
    phaseS: 0,
    positionM: 0,
    speedMs: 0,
    targetFloor: 1,
    load: 0,
    waitS: 2,
    motorA: 0,
    faultCode: 0,
  };
}

/** One step of `dtS` seconds; steps of a second or less keep the ride smooth. */
export function stepLift(state: Lift, inputs: LiftInputs, dtS: number): Lift {
  const moved = stepPhase({ ...state, phaseS: state.phaseS + dtS }, inputs, dtS);
  // An empty car is lighter than its counterweight: half load needs the least current.
  const neededA = moved.speedMs === 0 ? 0 : 6 + 14 * Math.abs(moved.load - 0.5);
  return { ...moved, motorA: approach(state.motorA, neededA, 0.5, dtS) };
}

function stepPhase(state: Lift, inputs: LiftInputs, dtS: number): Lift {
  const isToStop = inputs.faults.has('lift-stuck');
  switch (state.phase) {
    case 'waiting':
      if (isToStop || isDoorHeld(inputs)) return callSomewhere(state, inputs);
      return state.phaseS >= state.waitS ? callSomewhere(state, inputs) : state;
    case 'closing':
      return state.phaseS >= doorS ? enter(state, 'running') : state;
    case 'running':
      return isToStop && isBetweenFloors(state) ? stopBetweenFloors(state) : ride(state, dtS);
    case 'opening':
      return state.phaseS >= doorS ? enter({ ...state, waitS: 3 + 4 * inputs.random.next() }, 'open') : state;
    case 'open':
      if (isDoorHeld(inputs)) return state;
      return isToStop || state.phaseS >= state.waitS ? changePassengers(state, inputs) : state;
    case 'stuck':
      return isToStop ? state : enter({ ...state, faultCode: 0 }, 'running');
  }
}

function enter(state: Lift, phase: Phase): Lift {
  return { ...state, phase, phaseS: 0 };
}

function isDoorHeld(inputs: LiftInputs): boolean {
  return inputs.faults.has('lift-door-held');
}

/** A call from another floor, or somebody at this one. */
function callSomewhere(state: Lift, inputs: LiftInputs): Lift {
  const isHere = isDoorHeld(inputs) || (!inputs.faults.has('lift-stuck') && inputs.random.next() < 0.2);
  if (isHere) return enter(state, 'opening');
  return enter({ ...state, targetFloor: otherFloor(state.targetFloor, inputs) }, 'running');
}

function otherFloor(floor: number, inputs: LiftInputs): number {
  const up = 1 + Math.floor(inputs.random.next() * (floors - 1));
  return ((floor - 1 + up) % floors) + 1;
}

function changePassengers(state: Lift, inputs: LiftInputs): Lift {
  const load = inputs.random.next() < 0.4 ? 0 : Math.round(8 * inputs.random.next()) / 10;
  if (load === 0) return enter({ ...state, load, waitS: 4 + 10 * inputs.random.next() }, 'waiting');
  return enter({ ...state, load, targetFloor: otherFloor(state.targetFloor, inputs) }, 'closing');
}

/** Speeds up, rides, and slows down so as to stand still at the floor. */
function ride(state: Lift, dtS: number): Lift {
  const leftM = (state.targetFloor - 1) * floorM - state.positionM;
  const brakingMs = Math.sqrt(2 * accelerationMs2 * Math.abs(leftM));
  const speed = Math.min(ratedMs, brakingMs, Math.abs(state.speedMs) + accelerationMs2 * dtS);
  const stepM = speed * dtS;
  if (Math.abs(leftM) <= Math.max(stepM, 0.01)) {
    return enter({ ...state, positionM: (state.targetFloor - 1) * floorM, speedMs: 0 }, 'opening');
  }
  const direction = Math.sign(leftM);
  return { ...state, speedMs: direction * speed, positionM: state.positionM + direction * stepM };
}

function isBetweenFloors(state: Lift): boolean {
  return Math.abs(state.positionM / floorM - Math.round(state.positionM / floorM)) > 0.3;
}

/** The safety circuit opens: the car stops where it is, with somebody in it. */
function stopBetweenFloors(state: Lift): Lift {
  return enter({ ...state, speedMs: 0, load: Math.max(0.2, state.load), faultCode: safetyCircuitOpen }, 'stuck');
}

/** Point ids and units of the profile monarch-nice3000plus. */
export function measureLift(state: Lift): Signals {
  const speed = Math.abs(state.speedMs);
  return {
    speed,
    'rated-speed': ratedMs,
    'bus-voltage': 565 - 8 * (speed / ratedMs),
    'output-current': state.motorA,
    'output-freq': (50 * speed) / ratedMs,
    floor: Math.round(state.positionM / floorM) + 1,
    position: state.positionM,
    'car-load': 100 * state.load,
    'car-top-inputs-door1-open-limit': state.phase === 'open' ? 1 : 0,
    'car-top-inputs-door1-close-limit': isDoorShut(state.phase) ? 1 : 0,
    'op-state': state.phase === 'stuck' ? opStates.fault : opStates.automatic,
    'car-state': carStates[state.phase],
    'full-load': state.load >= 0.8 ? 1 : 0,
    overload: state.load > 1.1 ? 1 : 0,
    'decel-distance': 1.9,
    'run-status': state.speedMs === 0 ? 3 : state.speedMs > 0 ? 1 : 2,
    fault: state.faultCode,
  };
}

function isDoorShut(phase: Phase): boolean {
  return phase === 'waiting' || phase === 'running' || phase === 'stuck';
}
