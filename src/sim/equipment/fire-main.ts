import type { ActiveFaults, Signals } from './equipment.ts';

/** A fire main that a jockey pump holds under pressure, and the fire pump behind it. */
export interface FireMain {
  readonly bar: number;
  readonly isJockeyOn: boolean;
  readonly jockeyStarts: number;
  readonly isRunning: boolean;
  readonly isAutomatic: boolean;
  readonly hasPower: boolean;
}

const cutInBar = 5.2;
const cutOutBar = 6;
const fireBar = 4.6;
const jockeyBarPerS = 0.02;
const seepBarPerS = 0.8 / 1_800;
const smallLeakBarPerS = 0.8 / 360;
const leakBarPerS = 0.8 / 120;
const hydrantBarPerS = 0.15;

export function createFireMain(): FireMain {
  return { bar: 5.8, isJockeyOn: false, jockeyStarts: 310, isRunning: false, isAutomatic: true, hasPower: true };
}

/** One step of `dtS` seconds. */
export function stepFireMain(state: FireMain, faults: ActiveFaults, dtS: number): FireMain {
  const hasPower = !faults.has('power-lost');
  const isAutomatic = !faults.has('manual');
  const isJockeyOn = hasPower && (state.bar <= cutInBar || (state.isJockeyOn && state.bar < cutOutBar));
  // It goes on as long as somebody draws: a fire is not put out by a pressure that is reached.
  const goesOn = state.isRunning && (faults.has('hydrant') || state.bar < cutOutBar);
  const starts = faults.has('test') || (isAutomatic && state.bar < fireBar) || goesOn;
  const isRunning = hasPower && starts;
  const drawn = drawnBarPerS(faults);
  const lifted = isRunning ? Math.max(0.3, drawn) : isJockeyOn ? jockeyBarPerS : 0;
  return {
    bar: Math.max(0, Math.min(8, state.bar + (lifted - drawn) * dtS)),
    isJockeyOn,
    jockeyStarts: state.jockeyStarts + Number(isJockeyOn && !state.isJockeyOn),
    isRunning,
    isAutomatic,
    hasPower,
  };
}

function drawnBarPerS(faults: ActiveFaults): number {
  if (faults.has('hydrant')) return hydrantBarPerS;
  if (faults.has('leak')) return leakBarPerS;
  return faults.has('small-leak') ? smallLeakBarPerS : seepBarPerS;
}

/** Point ids of the class fire-pump-room. */
export function measureFireMain(state: FireMain): Signals {
  return {
    'main-pressure': state.bar,
    'jockey-starts': state.jockeyStarts,
    'jockey-run': Number(state.isJockeyOn),
    run: Number(state.isRunning),
    auto: Number(state.isAutomatic),
    'control-power': Number(state.hasPower),
    'manual-start': 0,
    'tank-level': 3.1,
    'diesel-battery': 26.4,
    'diesel-fuel': 85,
  };
}
