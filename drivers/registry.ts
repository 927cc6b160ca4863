import type { Driver } from '../src/driver.ts';
import type { Bus } from '../src/model/bus.ts';
import { createModbusDrivers } from './modbus/modbus-driver.ts';
import { createSelfDriver, type SelfInstruments } from './self/self-driver.ts';

/** Every driver there is, by the protocol of the buses it serves. A new driver is one line here. */
export function createDrivers(options: {
  readonly instruments: SelfInstruments;
}): ReadonlyMap<Bus['protocol'], Driver> {
  const drivers = [...createModbusDrivers(), createSelfDriver(options.instruments)];
  return new Map(drivers.map(driver => [driver.protocol, driver]));
}
