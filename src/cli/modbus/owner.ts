import { lookup } from 'node:dns/promises';
import { PlantroomError } from '../../base/errors.ts';
import { endpointOf, type ModbusBus } from '../../model/bus.ts';
import type { PlantView } from '../../model/plant.ts';
import { type Endpoint, fitsLine, formatEndpoint } from './endpoint.ts';
import { realPath } from './serial-ports.ts';

/** The bus of the daemon's site that uses the same port or the same socket, whatever its name. */
export async function findOwner({ buses }: PlantView, endpoint: Endpoint): Promise<ModbusBus | undefined> {
  if (endpoint.kind === 'rtu') {
    const path = realPath(endpoint.path) ?? endpoint.path;
    return buses.find(bus => bus.protocol === 'modbus-rtu' && (realPath(bus.path) ?? bus.path) === path);
  }
  const host = await addressOf(endpoint.host);
  for (const bus of buses) {
    if (bus.protocol === 'modbus-rtu' || bus.port !== endpoint.port) continue;
    if ((await addressOf(bus.host)) === host) return bus;
  }
  return undefined;
}

/**
 * A bus that the daemon owns can only be asked the way the daemon asks it.
 *
 * @throws PlantroomError `refused` when the endpoint says another protocol, or another speed
 */
export function checkSameWay(bus: ModbusBus, endpoint: Endpoint): void {
  const isSameProtocol = bus.protocol === `modbus-${endpoint.kind}`;
  const isSameLine = endpoint.kind === 'tcp' || bus.protocol === 'modbus-tcp' || fitsLine(endpoint.line, bus.line);
  if (isSameProtocol && isSameLine) return;
  throw heldOtherwise(bus, formatEndpoint(endpoint));
}

export function heldOtherwise(bus: ModbusBus, place: string): PlantroomError {
  const how = bus.protocol === 'modbus-tcp' ? 'as Modbus TCP' : `as ${endpointOf(bus)}`;
  return new PlantroomError(`the daemon uses ${place} ${how} (bus ${bus.id})`, {
    kind: 'refused',
    hint: `give the name of the bus instead, ${bus.id}, or stop the daemon to try another way`,
  });
}

/** One spelling for every name of a host; a name that is not known stays as it is. */
async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch {
    return host.toLowerCase();
  }
}
