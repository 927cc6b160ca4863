import type { Random } from '../../base/random.ts';

/** What a piece of equipment measures of itself: engineering values by point id, in the unit of the usual profile. */
export type Signals = Readonly<Record<string, number>>;

/** Units of signals by point id, where a device may show them in another one. */
export type Units = Readonly<Record<string, string>>;

/** What reaches every piece of equipment from outside. */
export interface Surroundings {
  /** Time of day in the plant, 0 to 24. */
  readonly hour: number;
  /** The only source of chance: same seed and same steps, same plant. */
  readonly random: Random;
}

/** Faults of the plant by equipment, each with what a person sees. */
export const plantFaults = {
  'booster-set': {
    'pipe-burst': 'a main bursts: the outlet pressure falls fast and both pumps go to full speed',
    'pump-trip': 'pump 1 trips on its motor protection and pump 2 has to do the work',
  },
  tank: {
    'tank-leak': 'the tank loses water faster than it is filled',
    'tank-overflow': 'the filling valve sticks open and the level rises to the overflow',
  },
  'feeder-meter': {
    'phase-loss': 'phase L2 is lost',
    'mains-failure': 'the mains are gone, all three phases',
    unbalance: 'a broken neutral lets phase L3 fall by 7 %',
    undervoltage: 'the mains drop to 80 % on all three phases',
    overload: 'the load rises to 140 % of what the feeder may carry',
  },
  lift: {
    'lift-stuck': 'the car stops between two floors with fault 41, safety circuit open',
    'lift-door-held': 'somebody holds the door open',
  },
  sump: {
    rain: 'rain brings more than the pump lifts',
    'check-valve': 'the check valve does not close: the water comes back, and the pump starts again and again',
    'pump-dead': 'the pump does not start',
    'contactor-stuck': 'the contactor is welded: once started, the pump does not stop, and runs dry',
  },
  'fire-main': {
    hydrant: 'somebody draws water from a hydrant: the fire pump runs',
    leak: 'the fire main leaks: the jockey pump starts every two minutes',
    'small-leak': 'the fire main leaks a little: the jockey pump starts every six minutes',
    test: 'somebody runs the weekly test of the fire pump',
    manual: 'the fire pump was left in manual',
    'power-lost': 'the fire pump has no power',
  },
  transformer: {
    overload: 'the load rises to a quarter above the rating',
    'fans-dead': 'the fans do not run, however hot the winding is',
    'sensor-open': 'the cable of the winding sensor is broken: it reads 850 °C',
  },
  genset: {
    'mains-failure': 'the mains are gone, for the generating set, the transfer switch and the UPS',
    'genset-fails': 'the generating set does not start',
    'genset-manual': 'the generating set was left in manual, and does not start',
    'radiator-blocked': 'the radiator is blocked: a set that runs gets too hot',
    'fuel-leak': 'the fuel tank loses 10 % an hour',
  },
  ats: {
    'mains-failure': 'the mains are gone, for the generating set, the transfer switch and the UPS',
    'ats-sticks': 'the transfer switch does not move',
  },
  ups: {
    'mains-failure': 'the mains are gone, for the generating set, the transfer switch and the UPS',
    'battery-old': 'the battery lasts for a sixth of what the UPS believes',
  },
  room: {
    'cooling-fails': 'the cooling stands, and the room gets hot',
    water: 'there is water on the floor',
    'cable-break': 'the leak cable is broken',
    'door-open': 'the door stands open',
  },
  escalator: {
    'comb-plate': 'something is caught in the comb plate: the steps stop at once',
    'escalator-drive': 'the drive fails and the steps stop',
  },
  chiller: {
    'chiller-trip': 'the chiller trips on high pressure and the supply water grows warm',
    'condenser-fouled': 'the condenser is dirty: it grows hot and power rises',
    'no-flow': 'the chilled water pump is off: the flow switch stops the chiller',
  },
} as const;

export type EquipmentKind = keyof typeof plantFaults;

/** The faults one piece of equipment has right now. */
export type ActiveFaults = ReadonlySet<string>;
