import { quantityOf } from '../../model/unit.ts';

/** What is usual for a kind of quantity; the floor below which a proposal does not go. */
export interface Guidance {
  /** For a person: `pressure`. */
  readonly kind: string;
  /** Deadband as a share of the range. */
  readonly deadbandShare: number;
  readonly delayMs: number;
}

/**
 * Deadbands as EEMUA 191 advises them for process plants (flow 5 %, level 2 %, pressure 2 %, temperature 1 % of the range),
 * delays as they are widely used with them. For all else nobody says anything: 2 % and ten seconds are ours.
 */
const table: Readonly<Record<string, Omit<Guidance, 'kind'>>> = {
  flow: { deadbandShare: 0.05, delayMs: 15_000 },
  length: { deadbandShare: 0.02, delayMs: 60_000 },
  volume: { deadbandShare: 0.02, delayMs: 60_000 },
  pressure: { deadbandShare: 0.02, delayMs: 15_000 },
  temperature: { deadbandShare: 0.01, delayMs: 60_000 },
};

const other: Omit<Guidance, 'kind'> = { deadbandShare: 0.02, delayMs: 10_000 };

export function guidanceFor(unit: string): Guidance {
  const quantity = quantityOf(unit) ?? '';
  const known = table[quantity];
  return known
    ? { kind: quantity === 'length' || quantity === 'volume' ? 'level' : quantity, ...known }
    : { kind: 'other', ...other };
}
