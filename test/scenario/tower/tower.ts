import { type Random, seededRandom } from '../../../src/base/random.ts';
import {
  type BoosterSet,
  createBoosterSet,
  measureBoosterSet,
  stepBoosterSet,
} from '../../../src/sim/equipment/booster-set.ts';
import type { ActiveFaults } from '../../../src/sim/equipment/equipment.ts';
import {
  createFeederMeter,
  type FeederMeter,
  measureFeederMeter,
  stepFeederMeter,
} from '../../../src/sim/equipment/feeder-meter.ts';
import { createFireMain, type FireMain, measureFireMain, stepFireMain } from '../../../src/sim/equipment/fire-main.ts';
import { createLift, type Lift, measureLift, stepLift } from '../../../src/sim/equipment/lift.ts';
import { stepNoise } from '../../../src/sim/equipment/noise.ts';
import { createRoom, measureRoom, type Room, stepRoom } from '../../../src/sim/equipment/room.ts';
import {
  createStandbyPower,
  measureAts,
  measureGenset,
  measureUps,
  type StandbyPower,
  stepStandbyPower,
} from '../../../src/sim/equipment/standby-power.ts';
import { createSump, measureSump, type Sump, stepSump } from '../../../src/sim/equipment/sump.ts';
import {
  createTransformer,
  measureTransformer,
  stepTransformer,
  type Transformer,
} from '../../../src/sim/equipment/transformer.ts';
import type { Reading } from './chain.ts';

/** The plant of config/example-tower.yaml as equations: what its devices say, and what faults do to it. */
export interface Tower {
  readonly random: Random;
  readonly elapsedS: number;
  readonly booster: BoosterSet;
  readonly garden: BoosterSet;
  readonly roofTankM: number;
  readonly sump: Sump;
  readonly fire: FireMain;
  readonly incomer: FeederMeter;
  readonly transformer: Transformer;
  readonly standby: StandbyPower;
  readonly lightsA: number;
  readonly room: Room;
  readonly lift: Lift;
  /** What a sensor that hangs goes on to say. */
  readonly hangingBar: number | undefined;
}

export function createTower(): Tower {
  return {
    random: seededRandom(5),
    elapsedS: 0,
    booster: createBoosterSet(),
    garden: createBoosterSet(),
    roofTankM: 2.2,
    sump: createSump(),
    fire: createFireMain(),
    incomer: createFeederMeter(),
    transformer: createTransformer(),
    standby: createStandbyPower(),
    lightsA: 20,
    room: createRoom(),
    lift: createLift(),
    hangingBar: undefined,
  };
}

const longestStepS = 1;

/** @param hour time of day in the plant at the end of the step */
export function stepTower(tower: Tower, faults: ActiveFaults, hour: number, dtS: number): Tower {
  let next = tower;
  // What moves fast is not looked at closer than a lift needs it; in long stories the steps are long themselves.
  const count = dtS > 5 ? 1 : Math.ceil(dtS / longestStepS);
  for (let step = 0; step < count; step += 1) next = stepOnce(next, faults, hour, dtS / count);
  return next;
}

function stepOnce(tower: Tower, faults: ActiveFaults, hour: number, dtS: number): Tower {
  const { random } = tower;
  const around = { faults, hour, random };
  const isMainsOn = !faults.has('mains-failure');
  const inflowM3h = faults.has('main-shut') ? 0 : 26;
  const drawnM3h = 24 + (faults.has('tank-leak') ? 20 : 0);
  const fillM3h = faults.has('valve-stuck') ? 60 : tower.roofTankM < 2.3 ? inflowM3h : 0;
  const booster = stepBooster(tower, faults, around, dtS);
  return {
    random,
    elapsedS: tower.elapsedS + dtS,
    booster,
    garden: stepBoosterSet(tower.garden, { ...around, faults: nothing, suctionLevelM: 3 }, dtS),
    roofTankM: Math.min(3, Math.max(0, tower.roofTankM + ((fillM3h - drawnM3h) / 60 / 3_600) * dtS)),
    sump: stepSump(tower.sump, faults, dtS),
    fire: stepFireMain(tower.fire, fireFaults(faults), dtS),
    incomer: stepFeederMeter(tower.incomer, { ...around, faults: feederFaults(faults) }, dtS),
    transformer: stepTransformer(tower.transformer, transformerFaults(faults), dtS),
    standby: stepStandbyPower(tower.standby, isMainsOn, faults, dtS),
    lightsA: 2 + 18 * Number(faults.has('lights-burn') || hour < 6 || hour >= 18) + stepNoise(0, 0.1, 1, random, dtS),
    room: stepRoom(tower.room, faults, dtS),
    lift: stepLift(tower.lift, around, dtS),
    hangingBar: faults.has('sensor-hangs') ? (tower.hangingBar ?? tower.booster.outletBar) : undefined,
  };
}

const nothing: ActiveFaults = new Set();

/** A set that hunts swings by itself; one whose suction is shut has no water; a start dips the pressure for seconds. */
function stepBooster(
  tower: Tower,
  faults: ActiveFaults,
  around: { faults: ActiveFaults; hour: number; random: Random },
  dtS: number,
): BoosterSet {
  const suctionLevelM = faults.has('suction-shut') ? 0 : 2.5;
  const next = stepBoosterSet(tower.booster, { ...around, suctionLevelM }, dtS);
  const swing = faults.has('hunting') ? 0.5 * Math.sin(tower.elapsedS / 4) : 0;
  const dip = faults.has('start-dip') ? -1.3 : 0;
  return { ...next, pressureNoiseBar: next.pressureNoiseBar + swing + dip };
}

function feederFaults(faults: ActiveFaults): ActiveFaults {
  return new Set([...faults].filter(fault => fault !== 'overload').map(fault => fault.replace('feeder-', '')));
}

function transformerFaults(faults: ActiveFaults): ActiveFaults {
  return new Set([...faults].map(fault => fault.replace('transformer-', '')));
}

function fireFaults(faults: ActiveFaults): ActiveFaults {
  return new Set([...faults].flatMap(fault => (fault.startsWith('fire-') ? fault.replace('fire-', '') : [])));
}

/** What each device says, by its id. */
export function measureTower(tower: Tower, faults: ActiveFaults): ReadonlyMap<string, Reading> {
  const booster = measureBoosterSet(tower.booster);
  const garden = measureBoosterSet(tower.garden);
  const lift = measureLift(tower.lift);
  const isMainsOn = !faults.has('mains-failure');
  const readings: Record<string, Reading> = {
    booster: {
      ...booster,
      'outlet-pressure': tower.hangingBar ?? tower.booster.outletBar + tower.booster.pressureNoiseBar,
      ...(tower.hangingBar !== undefined && { flow: 4 + (tower.elapsedS % 3_600) / 400 }),
    },
    garden: {
      discharge: 75 * Math.max(0, tower.garden.outletBar),
      flow: (garden.flow ?? 0) / 4,
      running: garden['status-on'] ?? 0,
    },
    tank: { level: tower.roofTankM },
    sump: measureSump(tower.sump),
    fire: measureFireMain(tower.fire),
    incomer: measureFeederMeter(tower.incomer),
    transformer: measureTransformer(tower.transformer),
    genset: measureGenset(tower.standby),
    ats: measureAts(tower.standby),
    ups: measureUps(tower.standby),
    // The drives of the pumps have no supply of their own.
    drive: isMainsOn && !faults.has('drive-dead') ? { speed: 1_450 } : undefined,
    lights: { current: tower.lightsA },
    room: measureRoom(tower.room),
    lift: { ...lift, 'alarm-button': Number(faults.has('alarm-button')) },
    escalator: { reversal: Number(faults.has('reversal')), 'comb-plate': 0 },
  };
  return new Map(Object.entries(readings));
}
