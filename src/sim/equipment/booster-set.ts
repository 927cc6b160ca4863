import type { ActiveFaults, Signals, Surroundings } from './equipment.ts';
import { approach, dayShare, stepNoise } from './noise.ts';

/** Two speed-controlled pumps on one outlet, holding a pressure for a building. Pressures in bar, flows in m³/h. */
export interface BoosterSet {
  readonly outletBar: number;
  readonly inletBar: number;
  readonly flowM3h: number;
  /** Slow wandering of the demand, as a share of it. */
  readonly demandNoise: number;
  readonly pressureNoiseBar: number;
  readonly pumps: readonly [Pump, Pump];
}

interface Pump {
  readonly isRunning: boolean;
  readonly isTripped: boolean;
  /** 0 to 1. */
  readonly speed: number;
  readonly powerKw: number;
  readonly motorC: number;
  readonly hours: number;
}

export interface BoosterInputs extends Surroundings {
  readonly faults: ActiveFaults;
  /** Level of the tank it sucks from, metres. */
  readonly suctionLevelM: number;
}

const setpointBar = 4;
/** A pump at full speed: pressure at no flow, and what each m³/h (squared) takes off it. */
const shutOffBar = 6;
const bendBar = 0.003;
/** All that a pump can move, with nothing against it. */
const runOutM3h = Math.sqrt(shutOffBar / bendBar);
const fullDemandM3h = 26;
const burstM3hPerRootBar = 90;
/** How fast the air vessel lets the outlet pressure move. */
const vesselS = 2.5;
/** Below this at the inlet there is only air in the suction pipe. */
const dryBar = 0.01;
const lossKw = 0.35;
const pumpEfficiency = 0.62;
const ambientC = 22;
const motorHeatCPerKw = 8;
const motorS = 400;

/** What a residential tower draws over the day. */
const demandCorners = [
  [0, 0.12],
  [4, 0.08],
  [7, 0.85],
  [9, 0.55],
  [12, 0.65],
  [15, 0.45],
  [19, 0.9],
  [22, 0.5],
] as const;

export function createBoosterSet(): BoosterSet {
  const pump = (hours: number): Pump => ({
    isRunning: false,
    isTripped: false,
    speed: 0,
    powerKw: 0,
    motorC: 35,
    hours,
  });
  return {
    outletBar: setpointBar,
    inletBar: 0.15,
    flowM3h: 0,
    demandNoise: 0,
    pressureNoiseBar: 0,
    pumps: [pump(8_412), pump(7_966)],
  };
}

/** One step of `dtS` seconds; any length is stable. */
export function stepBoosterSet(state: BoosterSet, inputs: BoosterInputs, dtS: number): BoosterSet {
  const { faults, random, hour } = inputs;
  const demandNoise = stepNoise(state.demandNoise, 0.06, 30, random, dtS);
  const pressureNoiseBar = stepNoise(state.pressureNoiseBar, 0.015, 1, random, dtS);
  const demand = fullDemandM3h * dayShare(hour, demandCorners) * (1 + demandNoise);
  const burst = faults.has('pipe-burst') ? burstM3hPerRootBar * Math.sqrt(Math.max(0, state.outletBar)) : 0;
  const inletBar = 0.098 * Math.max(0, inputs.suctionLevelM);
  const hasWater = inletBar >= dryBar;
  const isTripped = [faults.has('pump-trip'), false] as const;
  const available = isTripped.filter(tripped => !tripped).length;
  const wanted = hasWater ? demand + burst : 0;
  const running = countRunning(state, available, wanted);
  const reachable = hasWater ? inletBar + headAtFullSpeed(wanted, running) : inletBar;
  const outletBar = approach(state.outletBar, Math.min(setpointBar, reachable), vesselS, dtS);
  const speed = speedFor(outletBar - inletBar, wanted, running, reachable < setpointBar);
  const flowM3h = Math.min(wanted, running * runOutM3h);
  const runs = pumpsThatRun(isTripped, running);
  const stepOne = (index: 0 | 1) =>
    stepPump(state.pumps[index], runs[index], isTripped[index], speed, flowM3h / running, outletBar - inletBar, dtS);
  return { outletBar, inletBar, flowM3h, demandNoise, pressureNoiseBar, pumps: [stepOne(0), stepOne(1)] };
}

/** The second pump comes when one is not enough, and goes when one would do with a margin. */
function countRunning(state: BoosterSet, available: number, flowM3h: number): number {
  const needed = speedFor(setpointBar - state.inletBar, flowM3h, 1, false);
  const isSecondRunning = state.pumps.filter(pump => pump.isRunning).length > 1;
  return Math.min(available, needed > (isSecondRunning ? 0.85 : 0.97) ? 2 : 1);
}

function pumpsThatRun(isTripped: readonly [boolean, boolean], running: number): readonly [boolean, boolean] {
  return [!isTripped[0] && running >= 1, !isTripped[1] && (running >= 2 || isTripped[0])];
}

function headAtFullSpeed(flowM3h: number, pumps: number): number {
  return Math.max(0, shutOffBar - bendBar * (flowM3h / pumps) ** 2);
}

/** The speed at which so many pumps lift this flow by this much (affinity laws). */
function speedFor(liftBar: number, flowM3h: number, pumps: number, isShort: boolean): number {
  if (isShort) return 1;
  return Math.min(1, Math.sqrt(Math.max(0, liftBar + bendBar * (flowM3h / pumps) ** 2) / shutOffBar));
}

function stepPump(
  pump: Pump,
  isRunning: boolean,
  isTripped: boolean,
  targetSpeed: number,
  flowM3h: number,
  liftBar: number,
  dtS: number,
): Pump {
  const speed = approach(pump.speed, isRunning ? targetSpeed : 0, 0.8, dtS);
  // One m³/h lifted by one bar is 1/36 kW in the water. A pump that runs out still swirls what it does not lift.
  const waterKw = isRunning ? (flowM3h * Math.max(liftBar, 0.55 * shutOffBar * speed ** 2)) / 36 : 0;
  const powerKw = isRunning ? waterKw / pumpEfficiency + lossKw * speed ** 3 : 0;
  return {
    isRunning,
    isTripped,
    speed,
    powerKw,
    motorC: approach(pump.motorC, ambientC + motorHeatCPerKw * powerKw, motorS, dtS),
    hours: pump.hours + (isRunning ? dtS / 3_600 : 0),
  };
}

/** From the list in the manual of the maker. */
const alarmCodes = { overload: 48, dryRunning: 57 } as const;

function alarmCode(state: BoosterSet): number {
  if (state.inletBar < dryBar) return alarmCodes.dryRunning;
  return state.pumps.some(pump => pump.isTripped) ? alarmCodes.overload : 0;
}

/** Point ids and units of the profile grundfos-cim200-booster. */
export function measureBoosterSet(state: BoosterSet): Signals {
  const isFaulty = state.pumps.some(pump => pump.isTripped);
  return {
    'status-on': 1,
    'status-fault': isFaulty ? 1 : 0,
    'status-warning': 0,
    feedback: (100 * state.outletBar) / 10,
    'alarm-code': alarmCode(state),
    'pumps-present': 3,
    head: (state.outletBar - state.inletBar) * 10.2,
    flow: state.flowM3h,
    'inlet-pressure': state.inletBar,
    'remote-pressure': Math.max(0, state.outletBar - 0.3),
    'ambient-temp': ambientC,
    'outlet-pressure': Math.max(0, state.outletBar + state.pressureNoiseBar),
    ...measurePump('pump1', state.pumps[0]),
    ...measurePump('pump2', state.pumps[1]),
  };
}

function measurePump(id: string, pump: Pump): Signals {
  return {
    [`${id}-on`]: pump.isRunning ? 1 : 0,
    [`${id}-fault`]: pump.isTripped ? 1 : 0,
    [`${id}-alarm`]: pump.isTripped ? alarmCodes.overload : 0,
    [`${id}-hours`]: pump.hours,
    [`${id}-speed`]: 100 * pump.speed,
    // Three-phase, 400 V, power factor 0.85.
    [`${id}-current`]: (1_000 * pump.powerKw) / (Math.sqrt(3) * 400 * 0.85),
    [`${id}-power`]: 1_000 * pump.powerKw,
    [`${id}-motor-temp`]: pump.motorC,
  };
}
