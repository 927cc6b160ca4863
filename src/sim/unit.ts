import type { DeviceIdentification } from './device-identification.ts';
import type { RegisterImage } from './register-image.ts';
import type { Slave } from './slave.ts';
import type { FaultChooser, TimedFault, WireFault } from './wire-fault.ts';

/** A Modbus unit behind an endpoint. */
export interface Unit extends Slave {
  readonly unitId: number;
  /** How long it thinks before it answers, beyond the silence of its line. */
  readonly turnaroundMs: number;
  /** How late its answers are when they are late. */
  readonly lateMs: number;
  /** May be changed at any time and holds from the next request on. */
  fault: WireFault | TimedFault | FaultChooser | undefined;
  /** Heard so far, over all connections. */
  requests: number;
}

export interface UnitOptions {
  readonly unitId: number;
  readonly image: RegisterImage;
  readonly identification?: DeviceIdentification | undefined;
  /** 0 without it: at once. */
  readonly turnaroundMs?: number;
  readonly lateMs?: number;
  readonly fault?: Unit['fault'];
}

/** Later than any sensible timeout of a gateway. */
const defaultLateMs = 3_000;

export function createUnit(options: UnitOptions): Unit {
  const { unitId, image, identification, turnaroundMs = 0, lateMs = defaultLateMs, fault } = options;
  return { unitId, image, identification, turnaroundMs, lateMs, fault, requests: 0 };
}

/** Counts a request, and tells the fault that it meets. */
export function faultOfRequest(unit: Unit, framing: 'tcp' | 'rtu'): TimedFault | undefined {
  const request = unit.requests;
  unit.requests += 1;
  const chosen = typeof unit.fault === 'function' ? unit.fault(request, framing) : unit.fault;
  return typeof chosen === 'string' ? { name: chosen } : chosen;
}
