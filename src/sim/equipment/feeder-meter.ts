import type { ActiveFaults, Signals, Surroundings, Units } from './equipment.ts';
import { approach, dayShare, stepNoise } from './noise.ts';

/** A three-phase, four-wire feeder of 230/400 V with its energy meter. */
export interface FeederMeter {
  readonly phases: readonly [Phase, Phase, Phase];
  readonly frequencyHz: number;
  readonly frequencyNoiseHz: number;
  readonly energyKwh: number;
  readonly energyKvarh: number;
}

interface Phase {
  readonly volts: number;
  readonly amperes: number;
  readonly powerFactor: number;
  readonly voltNoise: number;
  readonly loadNoise: number;
}

export interface FeederInputs extends Surroundings {
  readonly faults: ActiveFaults;
}

const nominalV = 230;
/** Load on the three phases at full demand; never quite equal. */
const fullA = [112, 106, 109] as const;
const ratedA = 160;
/** What the supply falls by for each ampere. */
const sourceOhm = 0.02;
const switchS = 0.3;

/** An office and residential block over the day. */
const loadCorners = [
  [0, 0.35],
  [5, 0.3],
  [8, 0.75],
  [11, 0.95],
  [13, 0.85],
  [16, 0.95],
  [19, 1],
  [22, 0.6],
] as const;

export function createFeederMeter(): FeederMeter {
  const phase: Phase = { volts: nominalV, amperes: 60, powerFactor: 0.94, voltNoise: 0, loadNoise: 0 };
  return {
    phases: [phase, phase, phase],
    frequencyHz: 50,
    frequencyNoiseHz: 0,
    energyKwh: 184_350,
    energyKvarh: 61_200,
  };
}

/** One step of `dtS` seconds. Energy never falls. */
export function stepFeederMeter(state: FeederMeter, inputs: FeederInputs, dtS: number): FeederMeter {
  const stepOne = (index: 0 | 1 | 2) => stepPhase(state.phases[index], index, inputs, dtS);
  const phases = [stepOne(0), stepOne(1), stepOne(2)] as const;
  const totals = sum(phases);
  const frequencyNoiseHz = stepNoise(state.frequencyNoiseHz, 0.015, 20, inputs.random, dtS);
  return {
    phases,
    frequencyHz: 50 + frequencyNoiseHz,
    frequencyNoiseHz,
    energyKwh: state.energyKwh + (totals.watts / 1_000) * (dtS / 3_600),
    energyKvarh: state.energyKvarh + (totals.vars / 1_000) * (dtS / 3_600),
  };
}

function stepPhase(phase: Phase, index: 0 | 1 | 2, inputs: FeederInputs, dtS: number): Phase {
  const { faults, random, hour } = inputs;
  const voltNoise = stepNoise(phase.voltNoise, 0.7, 5, random, dtS);
  const loadNoise = stepNoise(phase.loadNoise, 0.03, 10, random, dtS);
  const isDead = faults.has('mains-failure');
  const isLost = isDead || (faults.has('phase-loss') && index === 1);
  const supplyShare = faults.has('undervoltage') ? 0.8 : faults.has('unbalance') && index === 2 ? 0.93 : 1;
  const wantedA = faults.has('overload') ? 1.4 * ratedA : fullA[index] * dayShare(hour, loadCorners);
  const amperes = isLost ? 0 : wantedA * (1 + loadNoise);
  // The motors of a three-phase load feed a little back into a lost phase.
  const backV = isDead ? 0 : 9;
  const volts = isLost ? backV + voltNoise : (nominalV + voltNoise) * supplyShare - sourceOhm * amperes;
  return {
    volts: Math.max(0, approach(phase.volts, volts, switchS, dtS)),
    amperes: Math.max(0, approach(phase.amperes, amperes, switchS, dtS)),
    powerFactor: isLost ? 1 : 0.94 + 0.02 * loadNoise,
    voltNoise,
    loadNoise,
  };
}

/** No phase has voltage, but for what motors feed back. */
export function isFeederDead(state: FeederMeter): boolean {
  return state.phases.every(({ volts }) => volts < 0.1 * nominalV);
}

interface Totals {
  readonly watts: number;
  readonly voltAmperes: number;
  readonly vars: number;
}

function powerOf(phase: Phase): Totals {
  const voltAmperes = phase.volts * phase.amperes;
  const watts = voltAmperes * phase.powerFactor;
  return { watts, voltAmperes, vars: Math.sqrt(Math.max(0, voltAmperes ** 2 - watts ** 2)) };
}

function sum(phases: readonly Phase[]): Totals {
  return phases.map(powerOf).reduce((a, b) => ({
    watts: a.watts + b.watts,
    voltAmperes: a.voltAmperes + b.voltAmperes,
    vars: a.vars + b.vars,
  }));
}

/** Point ids and units of the profile eastron-sdm630. */
export function measureFeederMeter(state: FeederMeter): Signals {
  const [l1, l2, l3] = state.phases;
  const totals = sum(state.phases);
  const amperes = l1.amperes + l2.amperes + l3.amperes;
  const lineVolts = [lineVoltage(l1, l2), lineVoltage(l2, l3), lineVoltage(l3, l1)] as const;
  return {
    ...measurePhase('l1', l1),
    ...measurePhase('l2', l2),
    ...measurePhase('l3', l3),
    'u-ln-avg': (l1.volts + l2.volts + l3.volts) / 3,
    'i-avg': amperes / 3,
    'i-sum': amperes,
    'p-total': totals.watts,
    's-total': totals.voltAmperes,
    'q-total': totals.vars,
    'pf-total': totals.voltAmperes > 0 ? totals.watts / totals.voltAmperes : 1,
    frequency: state.frequencyHz,
    'energy-import': state.energyKwh,
    'energy-export': 0,
    'energy-q-import': state.energyKvarh,
    'energy-q-export': 0,
    'u-l1l2': lineVolts[0],
    'u-l2l3': lineVolts[1],
    'u-l3l1': lineVolts[2],
    'u-ll-avg': (lineVolts[0] + lineVolts[1] + lineVolts[2]) / 3,
    'i-n': neutralCurrent(l1, l2, l3),
    'thd-u-l1': 2.1,
    'thd-u-l2': 2.3,
    'thd-u-l3': 2.2,
    'thd-u-avg': 2.2,
    'energy-total': state.energyKwh,
    'energy-q-total': state.energyKvarh,
  };
}

export const feederUnits: Units = {
  ...{ 'p-l1': 'W', 'p-l2': 'W', 'p-l3': 'W', 'p-total': 'W', 's-total': 'VA', 'q-total': 'var' },
  ...{ 's-l1': 'VA', 's-l2': 'VA', 's-l3': 'VA', 'q-l1': 'var', 'q-l2': 'var', 'q-l3': 'var' },
  ...{ 'energy-import': 'kWh', 'energy-export': 'kWh', 'energy-total': 'kWh' },
  ...{ 'energy-q-import': 'kvarh', 'energy-q-export': 'kvarh', 'energy-q-total': 'kvarh' },
};

function measurePhase(id: string, phase: Phase): Signals {
  const power = powerOf(phase);
  return {
    [`u-${id}`]: phase.volts,
    [`i-${id}`]: phase.amperes,
    [`p-${id}`]: power.watts,
    [`s-${id}`]: power.voltAmperes,
    [`q-${id}`]: power.vars,
    [`pf-${id}`]: phase.powerFactor,
  };
}

/** Between two phases that stand 120° apart. */
function lineVoltage(a: Phase, b: Phase): number {
  return Math.sqrt(a.volts ** 2 + b.volts ** 2 + a.volts * b.volts);
}

/** What three currents 120° apart leave over. */
function neutralCurrent(a: Phase, b: Phase, c: Phase): number {
  const squares = a.amperes ** 2 + b.amperes ** 2 + c.amperes ** 2;
  const products = a.amperes * b.amperes + b.amperes * c.amperes + c.amperes * a.amperes;
  return Math.sqrt(Math.max(0, squares - products));
}
