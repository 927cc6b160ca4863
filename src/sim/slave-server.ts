import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { EndpointOptions } from './slave-endpoint.ts';
import type { Unit } from './unit.ts';
import type { WireCounts } from './wire.ts';

/** Simulated slaves on a socket or a serial line of this machine. */
export interface SlaveServer {
  /** The TCP port it listens on; undefined on a serial line. */
  readonly port: number | undefined;
  readonly counts: Readonly<WireCounts>;
  readonly isPlugged: boolean;
  /** Pulls the plug: connections are cut, and nobody can connect. Once it is out, nothing happens. */
  unplug(): Promise<void>;
  /**
   * Puts the plug in again, at the same place.
   *
   * @throws PlantroomError when another program has taken the place meanwhile
   */
  plug(): Promise<void>;
  /** Ends within a moment; open connections are cut. */
  close(): Promise<void>;
}

export interface ServerOptions extends Pick<EndpointOptions, 'line' | 'shortSilence' | 'isEchoing'> {
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly random: Random;
}

/** Bytes that nobody reads: beyond this a connection is cut, and a serial line loses what comes. */
export const mostUnsentBytes = 256 * 1_024;
