import type { Random } from '../base/random.ts';
import type { Device } from '../model/device.ts';
import { type BoosterSet, createBoosterSet, measureBoosterSet, stepBoosterSet } from './equipment/booster-set.ts';
import { type Chiller, chillerUnits, createChiller, measureChiller, stepChiller } from './equipment/chiller.ts';
import type { ActiveFaults, Signals, Units } from './equipment/equipment.ts';
import { createEscalator, type Escalator, measureEscalator, stepEscalator } from './equipment/escalator.ts';
import {
  createFeederMeter,
  type FeederMeter,
  feederUnits,
  isFeederDead,
  measureFeederMeter,
  stepFeederMeter,
} from './equipment/feeder-meter.ts';
import { createFireMain, type FireMain, measureFireMain, stepFireMain } from './equipment/fire-main.ts';
import { createLift, type Lift, measureLift, stepLift } from './equipment/lift.ts';
import { createRoom, measureRoom, type Room, stepRoom } from './equipment/room.ts';
import {
  createStandbyPower,
  measureAts,
  measureGenset,
  measureUps,
  type StandbyPower,
  stepStandbyPower,
} from './equipment/standby-power.ts';
import { createSump, measureSump, type Sump, stepSump } from './equipment/sump.ts';
import { createTank, measureTank, stepTank, type Tank } from './equipment/tank.ts';
import { createTransformer, measureTransformer, stepTransformer, type Transformer } from './equipment/transformer.ts';

/** The equipment behind one device. */
export type Equipment =
  | { readonly kind: 'booster-set'; readonly state: BoosterSet }
  | { readonly kind: 'tank'; readonly state: Tank }
  | { readonly kind: 'feeder-meter'; readonly state: FeederMeter }
  | { readonly kind: 'lift'; readonly state: Lift }
  | { readonly kind: 'sump'; readonly state: Sump }
  | { readonly kind: 'fire-main'; readonly state: FireMain }
  | { readonly kind: 'transformer'; readonly state: Transformer }
  // Each of the three keeps all of it: what one does the others see, and the same steps lead to the same state.
  | { readonly kind: 'genset' | 'ats' | 'ups'; readonly state: StandbyPower }
  | { readonly kind: 'room'; readonly state: Room }
  | { readonly kind: 'escalator'; readonly state: Escalator }
  | { readonly kind: 'chiller'; readonly state: Chiller };

/** All equipment of a site by device id; a device that is no known equipment is not in it. */
export type Plant = ReadonlyMap<string, Equipment>;

export interface PlantInputs {
  /** Active faults by device id. */
  readonly faults: ReadonlyMap<string, ActiveFaults>;
  /** Time of day in the plant, 0 to 24. */
  readonly hour: number;
  readonly random: Random;
}

/** A longer step is cut into pieces of this, so that a lift does not jump. */
const longestStepS = 0.5;

/** A plant that was stopped for longer than this does not make up for it. */
const longestCatchUpS = 60;

const noFaults: ActiveFaults = new Set();

/** Level at the suction of a booster set that has no tank: a main with 0.2 bar. */
const mainsLevelM = 2;

/** @param known equipment by id that does not follow from the points of a device */
export function createPlant(devices: readonly Device[], known: readonly (readonly [string, Equipment])[] = []): Plant {
  const plant = new Map<string, Equipment>(known);
  for (const device of devices) {
    if (plant.has(device.id)) continue;
    const equipment = equipmentFor(device);
    if (equipment) plant.set(device.id, equipment);
  }
  return plant;
}

/** A lift or an escalator is known by its object, whatever its points are called. */
export function createTransport(kind: 'lift' | 'escalator'): Equipment {
  return kind === 'lift' ? { kind, state: createLift() } : { kind, state: createEscalator() };
}

const creators: readonly (() => Equipment)[] = [
  () => ({ kind: 'booster-set', state: createBoosterSet() }),
  () => ({ kind: 'feeder-meter', state: createFeederMeter() }),
  () => ({ kind: 'lift', state: createLift() }),
  () => ({ kind: 'tank', state: createTank() }),
  () => ({ kind: 'sump', state: createSump() }),
  () => ({ kind: 'fire-main', state: createFireMain() }),
  () => ({ kind: 'transformer', state: createTransformer() }),
  () => ({ kind: 'genset', state: createStandbyPower() }),
  () => ({ kind: 'ats', state: createStandbyPower() }),
  () => ({ kind: 'ups', state: createStandbyPower() }),
  () => ({ kind: 'room', state: createRoom() }),
  () => ({ kind: 'chiller', state: createChiller() }),
];

/**
 * The equipment that measures most of the device's points, if it measures at least half of them; of equals the first. One
 * point alone tells nothing of what it is, except of equipment that has no other.
 */
function equipmentFor(device: Device): Equipment | undefined {
  let most = Math.max(1, device.points.length / 2) - 1e-9;
  let found: Equipment | undefined;
  for (const create of creators) {
    const equipment = create();
    const signals = measureEquipment(equipment);
    const known = device.points.filter(point => signals[point.id] !== undefined).length;
    if (known >= Math.min(2, Object.keys(signals).length) && known > most) [most, found] = [known, equipment];
  }
  return found;
}

/**
 * Lets time pass. The tanks feed the booster sets and the booster sets empty the tanks; when the first feeder is dead, the
 * generating set starts.
 */
export function stepPlant(plant: Plant, inputs: PlantInputs, dtS: number): Plant {
  let next = plant;
  let leftS = Math.min(dtS, longestCatchUpS);
  while (leftS > 0) {
    const stepS = Math.min(leftS, longestStepS);
    next = stepOnce(next, inputs, stepS);
    leftS -= stepS;
  }
  return next;
}

function stepOnce(plant: Plant, inputs: PlantInputs, dtS: number): Plant {
  const { hour, random } = inputs;
  const around = { hour, random, ...supplyOf(plant, inputs.faults) };
  const next = new Map<string, Equipment>();
  for (const [id, equipment] of plant) {
    const faults = inputs.faults.get(id) ?? noFaults;
    next.set(id, stepEquipment(equipment, { ...around, faults }, dtS));
  }
  return next;
}

/** What the equipment has of each other. */
interface Supply {
  readonly suctionLevelM: number;
  readonly outflowM3h: number;
  readonly isMainsOn: boolean;
  /** Of the generating set, the transfer switch and the UPS together. */
  readonly standbyFaults: ActiveFaults;
}

function supplyOf(plant: Plant, faults: PlantInputs['faults']): Supply {
  const all = [...plant.values()];
  const levels = all.flatMap(equipment => (equipment.kind === 'tank' ? [equipment.state.levelM] : []));
  const flows = all.flatMap(equipment => (equipment.kind === 'booster-set' ? [equipment.state.flowM3h] : []));
  // The first feeder of a site is the incoming one.
  const [incomer] = all.flatMap(equipment => (equipment.kind === 'feeder-meter' ? [equipment.state] : []));
  const standbyFaults = new Set(
    [...plant].flatMap(([id, { kind }]) => (isStandby(kind) ? [...(faults.get(id) ?? [])] : [])),
  );
  return {
    suctionLevelM: levels.length > 0 ? Math.max(...levels) : mainsLevelM,
    outflowM3h: flows.reduce((sum, flow) => sum + flow, 0) / Math.max(1, levels.length),
    isMainsOn: !standbyFaults.has('mains-failure') && !(incomer && isFeederDead(incomer)),
    standbyFaults,
  };
}

function isStandby(kind: Equipment['kind']): boolean {
  return kind === 'genset' || kind === 'ats' || kind === 'ups';
}

interface EquipmentInputs extends Supply {
  readonly hour: number;
  readonly random: Random;
  readonly faults: ActiveFaults;
}

function stepEquipment(equipment: Equipment, inputs: EquipmentInputs, dtS: number): Equipment {
  const { faults, isMainsOn, standbyFaults } = inputs;
  switch (equipment.kind) {
    case 'booster-set':
      return { kind: equipment.kind, state: stepBoosterSet(equipment.state, inputs, dtS) };
    case 'tank':
      return { kind: equipment.kind, state: stepTank(equipment.state, inputs, dtS) };
    case 'feeder-meter':
      return { kind: equipment.kind, state: stepFeederMeter(equipment.state, inputs, dtS) };
    case 'lift':
      return { kind: equipment.kind, state: stepLift(equipment.state, inputs, dtS) };
    case 'sump':
      return { kind: equipment.kind, state: stepSump(equipment.state, faults, dtS) };
    case 'fire-main':
      return { kind: equipment.kind, state: stepFireMain(equipment.state, faults, dtS) };
    case 'transformer':
      return { kind: equipment.kind, state: stepTransformer(equipment.state, faults, dtS) };
    case 'genset':
    case 'ats':
    case 'ups':
      return { kind: equipment.kind, state: stepStandbyPower(equipment.state, isMainsOn, standbyFaults, dtS) };
    case 'room':
      return { kind: equipment.kind, state: stepRoom(equipment.state, faults, dtS) };
    case 'escalator':
      return { kind: equipment.kind, state: stepEscalator(equipment.state, inputs, dtS) };
    case 'chiller':
      return { kind: equipment.kind, state: stepChiller(equipment.state, inputs, dtS) };
  }
}

/** What the equipment measures now, by point id. */
export function measureEquipment(equipment: Equipment): Signals {
  switch (equipment.kind) {
    case 'booster-set':
      return measureBoosterSet(equipment.state);
    case 'tank':
      return measureTank(equipment.state);
    case 'feeder-meter':
      return measureFeederMeter(equipment.state);
    case 'lift':
      return measureLift(equipment.state);
    case 'sump':
      return measureSump(equipment.state);
    case 'fire-main':
      return measureFireMain(equipment.state);
    case 'transformer':
      return measureTransformer(equipment.state);
    case 'genset':
      return measureGenset(equipment.state);
    case 'ats':
      return measureAts(equipment.state);
    case 'ups':
      return measureUps(equipment.state);
    case 'room':
      return measureRoom(equipment.state);
    case 'escalator':
      return measureEscalator(equipment.state);
    case 'chiller':
      return measureChiller(equipment.state);
  }
}

const units: Partial<Record<Equipment['kind'], Units>> = { 'feeder-meter': feederUnits, chiller: chillerUnits };

/** Units of what it measures, by point id; a signal that is not in it is in that of the usual profile. */
export function unitsOf({ kind }: Equipment): Units {
  return units[kind] ?? {};
}
