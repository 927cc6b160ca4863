import { systemRandom } from '../src/base/random.ts';
import type { Driver } from '../src/driver.ts';
import type { Bus } from '../src/model/bus.ts';
import { createBacnetDriver } from './bacnet/bacnet-driver.ts';
import { createModbusDrivers } from './modbus/modbus-driver.ts';
import { createSelfDriver, type SelfInstruments } from './self/self-driver.ts';

/** Every driver of the plant. A new one is one line here. */
export function createPlantDrivers(): readonly Driver[] {
  return [...createModbusDrivers(), createBacnetDriver({ random: systemRandom })];
}

/** Every driver there is, by the protocol of the buses it serves: those of the plant, and the gateway's own. */
export function createDrivers(options: {
  readonly instruments: SelfInstruments;
}): ReadonlyMap<Bus['protocol'], Driver> {
  const drivers = [...createPlantDrivers(), createSelfDriver(options.instruments)];
  return new Map(drivers.map(driver => [driver.protocol, driver]));
}
