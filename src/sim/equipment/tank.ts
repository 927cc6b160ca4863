import type { ActiveFaults, Signals, Surroundings } from './equipment.ts';
import { stepNoise } from './noise.ts';

/** A break tank between the street main and the booster set, filled by a float valve. */
export interface Tank {
  /** Metres above the floor of the tank. */
  readonly levelM: number;
  readonly inflowM3h: number;
  readonly noiseM: number;
}

export interface TankInputs extends Surroundings {
  readonly faults: ActiveFaults;
  /** What is drawn from it, m³/h. */
  readonly outflowM3h: number;
}

const areaM2 = 1;
/** The rim: what comes above it runs down the overflow pipe. */
const heightM = 3;
/** The float valve is shut here, and fully open this much lower. */
const fullM = 2.4;
const bandM = 0.4;
const fillM3h = 120;
const leakM3h = 400;
/** A valve that sticks open lets in more than the overflow pipe lets go. */
const stuckM3h = 160;

export function createTank(): Tank {
  return { levelM: 2.3, inflowM3h: 0, noiseM: 0 };
}

/** One step of `dtS` seconds. The level stays between the floor and the rim. */
export function stepTank(state: Tank, inputs: TankInputs, dtS: number): Tank {
  const isStuck = inputs.faults.has('tank-overflow');
  const opening = Math.min(1, Math.max(0, (fullM - state.levelM) / bandM));
  const inflowM3h = isStuck ? stuckM3h : fillM3h * opening;
  const leak = inputs.faults.has('tank-leak') ? leakM3h * Math.sqrt(Math.max(0, state.levelM) / heightM) : 0;
  const changeM = ((inflowM3h - inputs.outflowM3h - leak) / 3_600 / areaM2) * dtS;
  return {
    levelM: Math.min(heightM, Math.max(0, state.levelM + changeM)),
    inflowM3h,
    noiseM: stepNoise(state.noiseM, 0.003, 2, inputs.random, dtS),
  };
}

/** One signal: the level in metres. */
export function measureTank(state: Tank): Signals {
  return { level: Math.max(0, state.levelM + state.noiseM) };
}
