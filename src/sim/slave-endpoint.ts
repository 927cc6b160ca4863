import { unreachable } from '../base/assert.ts';
import type { SerialLine } from '../model/serial-line.ts';
import { createLineReception } from './line-reception.ts';
import { createLooseReception } from './loose-reception.ts';
import type { Reception, ReceptionOptions } from './reception.ts';
import { createTcpReception } from './tcp-reception.ts';
import type { Unit } from './unit.ts';
import { createCounts, type WireCounts } from './wire.ts';

/**
 * Simulated slaves behind one wire, as bytes in and bytes out: no socket, no pty. It reads the time of its clock alone,
 * and all chance is in its random source, so that a run can be repeated.
 */
export interface SlaveEndpoint {
  /** Bytes of a master, in any pieces. On a paced line they are taken to come one after the other from now on. */
  receive(bytes: Uint8Array): void;
  /** The wire is gone: nothing more is sent, and no timer is left. */
  end(): void;
  readonly counts: Readonly<WireCounts>;
}

export interface EndpointOptions extends ReceptionOptions {
  readonly framing: 'tcp' | 'rtu';
  /** Of RTU: paces every character. Without it answers come at once, and requests are parted by their lengths. */
  readonly line?: SerialLine | undefined;
  readonly units: readonly Unit[];
  /** Where several connections are counted as one. */
  readonly counts?: WireCounts;
}

export function createSlaveEndpoint(options: EndpointOptions): SlaveEndpoint {
  const { framing, line, counts = createCounts() } = options;
  const units = new Map(options.units.map(unit => [unit.unitId, unit]));
  const reception: Reception = { ...options, units, counts };
  switch (framing) {
    case 'tcp':
      return { ...createTcpReception(reception), counts };
    case 'rtu':
      return { ...(line ? createLineReception(reception, line) : createLooseReception(reception)), counts };
    default:
      return unreachable(framing);
  }
}
