import type { ActiveFaults, Signals, Surroundings } from './equipment.ts';
import { approach } from './noise.ts';

/** An escalator going up that slows down while nobody is on it. */
export interface Escalator {
  /** Metres a second. */
  readonly speedMs: number;
  /** Until nobody is on it any more, s. */
  readonly passengersS: number;
  readonly energyKwh: number;
  readonly fault: EscalatorFault | undefined;
}

export type EscalatorFault = 'comb-plate' | 'drive';

export interface EscalatorInputs extends Surroundings {
  readonly faults: ActiveFaults;
}

const ratedMs = 0.5;
const reducedMs = 0.2;
const rideS = 25;
const arrivalsPerS = 0.04;

export function createEscalator(): Escalator {
  return { speedMs: reducedMs, passengersS: 0, energyKwh: 20_310, fault: undefined };
}

/** One step of `dtS` seconds. */
export function stepEscalator(state: Escalator, { random, faults }: EscalatorInputs, dtS: number): Escalator {
  const fault = faults.has('comb-plate') ? 'comb-plate' : faults.has('escalator-drive') ? 'drive' : undefined;
  const isArriving = fault === undefined && random.next() < arrivalsPerS * dtS;
  const passengersS = isArriving ? rideS : Math.max(0, state.passengersS - dtS);
  const wanted = fault ? 0 : passengersS > 0 ? ratedMs : reducedMs;
  // A safety device stops the steps at once; the drive runs up slowly.
  const speedMs = fault ? approach(state.speedMs, 0, 0.3, dtS) : approach(state.speedMs, wanted, 2, dtS);
  const kw = speedMs < 0.01 ? 0.2 : 1.2 + 4 * speedMs + (passengersS > 0 ? 1.5 : 0);
  return { speedMs, passengersS, energyKwh: state.energyKwh + (kw * dtS) / 3_600, fault };
}

export function measureEscalator(state: Escalator): Signals {
  return {
    speed: state.speedMs,
    running: state.speedMs > 0.05 ? 1 : 0,
    fault: state.fault === undefined ? 0 : 1,
    energy: state.energyKwh,
  };
}

/** Between the speed with and the speed without people. */
export function isAtRatedSpeed({ speedMs }: Escalator): boolean {
  return speedMs > (ratedMs + reducedMs) / 2;
}
