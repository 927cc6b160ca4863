import type { ActiveFaults, Signals } from './equipment.ts';
import { approach } from './noise.ts';

/** What takes over when the mains are gone: a generating set, its transfer switch and a UPS behind it. */
export interface StandbyPower {
  /** How long the mains have been as they are, seconds. */
  readonly sinceS: number;
  readonly isMainsOn: boolean;
  readonly isRunning: boolean;
  readonly isAutomatic: boolean;
  readonly coolantC: number;
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
/** Of the coolant: kept warm while the set stands, running, and running behind a radiator that lets no air through. */
const [warmC, hotC, blockedC] = [40, 82, 108];
const coolantS = 240;

export function createStandbyPower(): StandbyPower {
  const source = { source: 1, wantsS: 0 } as const;
  const genset = { isRunning: false, isAutomatic: true, coolantC: warmC, starts: 87, fuelPercent: 82 };
  return { sinceS: 1_000, isMainsOn: true, ...genset, ...source, runtimeMin: fullMin, isOnBattery: false };
}

/** One step of `dtS` seconds. @param faults of the generating set, the switch and the UPS */
export function stepStandbyPower(
  state: StandbyPower,
  isMainsOn: boolean,
  faults: ActiveFaults,
  dtS: number,
): StandbyPower {
  const sinceS = isMainsOn === state.isMainsOn ? state.sinceS + dtS : 0;
  const isWanted = isMainsOn ? state.isRunning && sinceS < coolDownS : sinceS >= startS;
  const isAutomatic = !faults.has('genset-manual');
  const isRunning = isWanted && isAutomatic && !faults.has('genset-fails');
  const coolantC = isRunning ? (faults.has('radiator-blocked') ? blockedC : hotC) : warmC;
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
    isAutomatic,
    coolantC: approach(state.coolantC, coolantC, coolantS, dtS),
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
    auto: Number(state.isAutomatic),
    'coolant-temperature': state.coolantC,
    'oil-pressure': state.isRunning ? 390 : 0,
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
    auto: 1,
  };
}

/** Point ids of the class ups. */
export function measureUps(state: StandbyPower): Signals {
  return {
    runtime: state.runtimeMin,
    'on-battery': Number(state.isOnBattery),
    'battery-low': Number(state.isOnBattery && state.runtimeMin < 5),
    'replace-battery': 0,
    bypass: 0,
    overload: 0,
  };
}
