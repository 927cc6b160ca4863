import type { ActiveFaults, Signals } from './equipment.ts';

/** What takes over when the mains are gone: a generating set, its transfer switch and a UPS behind it. */
export interface StandbyPower {
  /** How long the mains have been as they are, seconds. */
  readonly sinceS: number;
  readonly isMainsOn: boolean;
  readonly isRunning: boolean;
  readonly starts: number;
  readonly fuelPercent: number;
  readonly source: 1 | 2;
  /** How long the switch has had a reason to move, seconds. */
  readonly wantsS: number;
  readonly runtimeMin: number;
  readonly isOnBattery: boolean;
}

const startS = 9;
const coolDownS = 120;
const transferS = 3;
const returnS = 30;
const fullMin = 40;
const litresShare = 12;

export function createStandbyPower(): StandbyPower {
  const source = { source: 1, wantsS: 0 } as const;
  const genset = { isRunning: false, starts: 87, fuelPercent: 82 };
  return { sinceS: 1_000, isMainsOn: true, ...genset, ...source, runtimeMin: fullMin, isOnBattery: false };
}

/**
 * One step of `dtS` seconds.
 *
 * @param faults `genset-fails` (it does not start), `ats-sticks` (it does not move), `fuel-leak`, `battery-old` (it holds for minutes)
 */
export function stepStandbyPower(
  state: StandbyPower,
  isMainsOn: boolean,
  faults: ActiveFaults,
  dtS: number,
): StandbyPower {
  const sinceS = isMainsOn === state.isMainsOn ? state.sinceS + dtS : 0;
  const isWanted = isMainsOn ? state.isRunning && sinceS < coolDownS : sinceS >= startS;
  const isRunning = isWanted && !faults.has('genset-fails');
  const wanted = isMainsOn ? 1 : isRunning ? 2 : state.source;
  const wantsS = wanted === state.source ? 0 : state.wantsS + dtS;
  const moves = !faults.has('ats-sticks') && wantsS >= (wanted === 2 ? transferS : returnS);
  const source = moves ? wanted : state.source;
  const isOnBattery = !(source === 1 ? isMainsOn : isRunning);
  const usedMin = (dtS / 60) * (faults.has('battery-old') ? 6 : 1);
  const burntPercent = (dtS / 3_600) * (isRunning ? litresShare : 0);
  const lostPercent = (dtS / 3_600) * (faults.has('fuel-leak') ? 10 : 0);
  return {
    sinceS,
    isMainsOn,
    isRunning,
    starts: state.starts + Number(isRunning && !state.isRunning),
    fuelPercent: Math.max(0, state.fuelPercent - burntPercent - lostPercent),
    source,
    wantsS: moves ? 0 : wantsS,
    runtimeMin: isOnBattery ? Math.max(0, state.runtimeMin - usedMin) : Math.min(fullMin, state.runtimeMin + dtS / 600),
    isOnBattery,
  };
}

/** Point ids of the class genset. */
export function measureGenset(state: StandbyPower): Signals {
  return {
    mains: Number(state.isMainsOn),
    running: Number(state.isRunning),
    auto: 1,
    starts: state.starts,
    fuel: state.fuelPercent,
    battery: state.isRunning ? 27.4 : 26.2,
  };
}

/** Point ids of the class ats. */
export function measureAts(state: StandbyPower): Signals {
  return {
    'source-1': Number(state.isMainsOn),
    'source-2': Number(state.isRunning),
    'on-source-1': Number(state.source === 1),
    'on-source-2': Number(state.source === 2),
  };
}

/** Point ids of the class ups. */
export function measureUps(state: StandbyPower): Signals {
  return {
    runtime: state.runtimeMin,
    'on-battery': Number(state.isOnBattery),
    'battery-low': Number(state.isOnBattery && state.runtimeMin < 5),
  };
}
