import type { Random } from '../../base/random.ts';

/** What a piece of equipment measures of itself: engineering values by point id, in the unit of the usual profile. */
export type Signals = Readonly<Record<string, number>>;

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
