import type { ModbusBus } from '../../model/bus.ts';
import { characterMs, silenceMs } from '../../model/serial-line.ts';

/** One way of asking: a bus with its settings, and the unit ids to ask there. */
export interface ScanStop {
  /** For people: `9600 8N1`, `192.168.1.20:502`. */
  readonly label: string;
  readonly bus: ModbusBus;
  readonly isThroughDaemon: boolean;
  readonly units: readonly number[];
}

export interface ScanPlan {
  readonly stops: readonly ScanStop[];
  /** How many stops may be under way at once: one on a wire, several hosts. */
  readonly atOnce: number;
  readonly timeoutMs: number;
}

/** Hosts that are asked at once: enough to be done with a /24 in a minute, and no flood. */
export const mostHostsAtOnce = 16;

/** A request and the longest exception or one-register answer, in characters. */
const requestCharacters = 8;
const answerCharacters = 7;

/** How many questions the scan asks at most, identifications not counted. */
export function countQuestions({ stops }: ScanPlan): number {
  return stops.reduce((sum, { units }) => sum + units.length, 0);
}

/** How long the scan takes when nobody answers, which is nearly the longest it can take. */
export function estimateMs({ stops, atOnce, timeoutMs }: ScanPlan): number {
  const totalMs = stops.reduce((sum, stop) => sum + stopMs(stop, timeoutMs), 0);
  // Hosts are not alike, but that many of them make it even.
  return totalMs / Math.min(atOnce, Math.max(1, stops.length));
}

function stopMs({ bus, units, isThroughDaemon }: ScanStop, timeoutMs: number): number {
  // A host that is not there costs one wait for the connection, one that is there a wait for each unit.
  if (bus.protocol === 'modbus-tcp') return Math.max(bus.connectTimeoutMs, timeoutMs) + (units.length - 1) * timeoutMs;
  const wireMs = (requestCharacters + answerCharacters) * characterMs(bus.line) + silenceMs(bus.line);
  // Through the daemon every other request is a poll.
  return units.length * (wireMs + timeoutMs) * (isThroughDaemon ? 2 : 1);
}
