import type { ActiveFaults, Signals } from './equipment.ts';

/** A switch room with its cooling, a leak cable and a door. */
export interface Room {
  readonly temperatureC: number;
  readonly isWet: boolean;
  readonly isCableBroken: boolean;
  readonly isDoorOpen: boolean;
}

const cooledC = 26;
const uncooledC = 42;
const degreesPerS = 0.01;

export function createRoom(): Room {
  return { temperatureC: cooledC, isWet: false, isCableBroken: false, isDoorOpen: false };
}

/** One step of `dtS` seconds. */
export function stepRoom(state: Room, faults: ActiveFaults, dtS: number): Room {
  const leftK = (faults.has('cooling-fails') ? uncooledC : cooledC) - state.temperatureC;
  const stepK = Math.sign(leftK) * Math.min(Math.abs(leftK), degreesPerS * dtS);
  return {
    temperatureC: state.temperatureC + stepK,
    isWet: faults.has('water'),
    isCableBroken: faults.has('cable-break'),
    isDoorOpen: faults.has('door-open'),
  };
}

/** Point ids of the class room. */
export function measureRoom(state: Room): Signals {
  return {
    temperature: state.temperatureC,
    humidity: 55,
    water: Number(state.isWet),
    'cable-break': Number(state.isCableBroken),
    'door-open': Number(state.isDoorOpen),
  };
}
