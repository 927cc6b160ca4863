import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Unit } from './unit.ts';
import type { WireCounts } from './wire.ts';

/** How requests are taken off a wire: one for each kind of wire. */
export interface Receiver {
  receive(bytes: Uint8Array): void;
  end(): void;
}

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** May be called before `receive` returns. */
  readonly send: (bytes: Uint8Array) => void;
  readonly close: () => void;
  /**
   * Of a paced line: what becomes of a request that begins within the silence after an answer. `lost` (without it): no
   * unit understands it, as the standard has it. `answered`: it is only counted, as many real devices do.
   */
  readonly shortSilence?: 'lost' | 'answered';
  /** Of RTU: the master hears its own requests, as on a two-wire line. */
  readonly isEchoing?: boolean;
}

/** What a reception needs: the options, and the units by their ids. */
export interface Reception extends ReceptionOptions {
  readonly units: ReadonlyMap<number, Unit>;
  readonly counts: WireCounts;
}
