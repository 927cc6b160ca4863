import { type DriverRig, describeDriverContract } from '../../contract/driver-contract.ts';
import { bitValue, openScriptedSlave, registerValue } from '../../fakes/scripted-slave.ts';
import { modbusAddress, modbusBus, modbusDevice, modbusDriver, timeouts } from './modbus-rig.ts';

async function openRig(): Promise<DriverRig> {
  const port = await freePort();
  let slave = await openScriptedSlave(port);
  const device = modbusDevice([
    ...[0, 1, 2, 90, 91].map(address => modbusAddress('holding-register', address)),
    ...[7, 8].map(address => modbusAddress('input-register', address)),
    ...[20, 21, 22, 23, 24, 25, 26, 27, 28].map(address => modbusAddress('coil', address)),
    modbusAddress('discrete-input', 3),
  ]);
  return {
    driver: modbusDriver('modbus-tcp'),
    bus: modbusBus(port),
    device,
    valueOf(number) {
      const address = device.points[number]?.address;
      if (address?.protocol !== 'modbus') throw new Error(`there is no point ${number}`);
      const value = address.type === 'bool' ? bitValue : registerValue;
      return value(address.address, slave.requests.at(-1)?.number ?? -1);
    },
    wire: {
      connections: () => slave.connections(),
      openConnections: () => slave.openConnections(),
      breakDown: () => slave.close(),
      async repair() {
        slave = await openScriptedSlave(port);
      },
      ignoreNext: () => slave.play(() => ({ pieces: [] })),
      requests: () => slave.requests.length,
      longestReadMs: timeouts.connectTimeoutMs + timeouts.timeoutMs,
    },
    stop: () => slave.close(),
  };
}

/** A port that is ours as long as nobody else asks for it by number. */
async function freePort(): Promise<number> {
  const slave = await openScriptedSlave();
  await slave.close();
  return slave.port;
}

describeDriverContract('Modbus TCP', openRig, { hasWire: true });
