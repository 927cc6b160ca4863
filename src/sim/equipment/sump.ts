import type { ActiveFaults, Signals } from './equipment.ts';

/** A pit with a pump that floats switch on and off. */
export interface Sump {
  readonly levelM: number;
  /** The floats want the pump to run. */
  readonly isCommanded: boolean;
  readonly isRunning: boolean;
  readonly starts: number;
}

const areaM2 = 4;
const onM = 1;
const offM = 0.3;
const highM = 1.3;
const floodM = 1.6;
const rimM = 2;
/** Here the pump draws air. */
const dryM = 0.1;
const pumpM3h = 20;
const seepM3h = 1;
const rainM3h = 60;
const deliveringKw = 2.2;
const dryKw = 0.6;
/** What a check valve that does not close lets back while the pump stands. */
const backM3h = 70;

export function createSump(): Sump {
  return { levelM: 0.5, isCommanded: false, isRunning: false, starts: 1_204 };
}

/** One step of `dtS` seconds. */
export function stepSump(state: Sump, faults: ActiveFaults, dtS: number): Sump {
  const isCommanded = state.levelM >= onM || (state.isCommanded && state.levelM > offM);
  const runs = (isCommanded && !faults.has('pump-dead')) || (state.isRunning && faults.has('contactor-stuck'));
  const back = faults.has('check-valve') && !runs ? backM3h : 0;
  const inflowM3h = (faults.has('rain') ? rainM3h : seepM3h) + back;
  const changeM = ((inflowM3h - (runs ? pumpM3h * 4 ** Number(faults.has('check-valve')) : 0)) / 3_600 / areaM2) * dtS;
  return {
    levelM: Math.min(rimM, Math.max(dryM, state.levelM + changeM)),
    isCommanded,
    isRunning: runs,
    starts: state.starts + Number(runs && !state.isRunning),
  };
}

/** Point ids of the class sump, and of its pump as the part p1. */
export function measureSump(state: Sump): Signals {
  return {
    level: state.levelM,
    'high-float': Number(state.levelM >= highM),
    'flood-float': Number(state.levelM >= floodM),
    run: Number(state.isRunning),
    'p1-command': Number(state.isCommanded),
    'p1-run': Number(state.isRunning),
    'p1-starts': state.starts,
    'p1-power': state.isRunning ? (state.levelM > dryM ? deliveringKw : dryKw) : 0,
  };
}
