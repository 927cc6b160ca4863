import type { ActiveFaults, Signals, Surroundings, Units } from './equipment.ts';
import { approach, dayShare, stepNoise } from './noise.ts';

/** A water-cooled chiller that keeps its supply water cold. */
export interface Chiller {
  /** 0 to 1 of the rated capacity. */
  readonly load: number;
  readonly supplyC: number;
  readonly returnC: number;
  readonly condenserC: number;
  readonly energyKwh: number;
  readonly runningS: number;
  readonly loadNoise: number;
  /** 0: none. The chiller keeps one until its cause is gone. */
  readonly faultCode: number;
}

export interface ChillerInputs extends Surroundings {
  readonly faults: ActiveFaults;
}

const setpointC = 7;
const designRiseC = 5;
const ratedKw = 600;
const flowM3h = 103;
/** Kilowatts of cooling for one of electricity at full load. */
const performance = 5.2;
const ambientC = 28;
const condenserRiseC = 5;
const faultCodes = { highPressure: 12, noFlow: 3 } as const;

/** Cooling of an office over the day. */
const loadCorners = [
  [0, 0.25],
  [6, 0.3],
  [10, 0.7],
  [15, 0.95],
  [19, 0.6],
  [22, 0.35],
] as const;

export function createChiller(): Chiller {
  return {
    load: 0.6,
    supplyC: setpointC,
    returnC: setpointC + 3,
    condenserC: 32,
    energyKwh: 812_400,
    runningS: 0,
    loadNoise: 0,
    faultCode: 0,
  };
}

/** One step of `dtS` seconds. */
export function stepChiller(state: Chiller, { hour, random, faults }: ChillerInputs, dtS: number): Chiller {
  const faultCode = faults.has('chiller-trip')
    ? faultCodes.highPressure
    : faults.has('no-flow')
      ? faultCodes.noFlow
      : 0;
  const isRunning = faultCode === 0;
  const loadNoise = stepNoise(state.loadNoise, 0.02, 60, random, dtS);
  const demand = Math.min(1, Math.max(0, dayShare(hour, loadCorners) + loadNoise));
  const load = approach(state.load, isRunning ? demand : 0, 20, dtS);
  const isFouled = faults.has('condenser-fouled');
  const condenserC = approach(state.condenserC, ambientC + load * (isFouled ? 18 : 7), 30, dtS);
  // Without cooling the water takes on the warmth of the building.
  const supplyC = approach(state.supplyC, isRunning ? setpointC : 18, isRunning ? 25 : 120, dtS);
  return {
    load,
    supplyC,
    returnC: approach(state.returnC, supplyC + designRiseC * demand, 40, dtS),
    condenserC,
    energyKwh: state.energyKwh + (powerOf(load, condenserC) * dtS) / 3_600,
    runningS: state.runningS + (isRunning ? dtS : 0),
    loadNoise,
    faultCode,
  };
}

/** Each degree of the condenser costs two percent. */
function powerOf(load: number, condenserC: number): number {
  return ((ratedKw * load) / performance) * (1 + 0.02 * (condenserC - 35)) + (load > 0.01 ? 4 : 0);
}

/** Point ids and units of the profile bacnet-chiller, and what such a machine has besides. */
export function measureChiller(state: Chiller): Signals {
  const isRunning = state.faultCode === 0;
  const waterFlow = state.faultCode === faultCodes.noFlow ? 0 : flowM3h;
  return {
    supply: state.supplyC,
    return: state.returnC,
    'condenser-in': ambientC,
    'condenser-out': ambientC + condenserRiseC * state.load,
    load: 100 * state.load,
    setpoint: setpointC,
    running: isRunning ? 1 : 0,
    fault: isRunning ? 0 : 1,
    flow: waterFlow > 0 ? 1 : 0,
    'fault-code': state.faultCode,
    mode: isRunning ? (state.load > 0.02 ? 2 : 1) : 3,
    'condenser-temperature': state.condenserC,
    'water-flow': waterFlow,
    power: powerOf(state.load, state.condenserC),
    energy: state.energyKwh,
    'running-hours': 12_300 + state.runningS / 3_600,
  };
}

export const chillerUnits: Units = {
  ...{ supply: '°C', return: '°C', 'condenser-in': '°C', 'condenser-out': '°C', setpoint: '°C', load: '%' },
  ...{ 'condenser-temperature': '°C', 'water-flow': 'm3/h', power: 'kW', energy: 'kWh', 'running-hours': 'h' },
};
