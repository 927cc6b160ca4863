import { parseDuration } from '../base/duration.ts';
import { type BacnetIpBus, type Bus, bacnetPort, type ModbusBus, type PlantBus } from '../model/bus.ts';
import type { SerialLine } from '../model/serial-line.ts';
import type { Build } from './build.ts';
import { selfId } from './reserved-ids.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { itemsOf, placeOfValue, readText, type Tree } from './tree.ts';

export interface BusDrafts {
  /** By id, with where each is written. The gateway's own bus is not among them. */
  readonly built: ReadonlyMap<string, { readonly bus: PlantBus; readonly tree: Tree }>;
  /** Ids of buses whose description is wrong: devices on them are not told that there is no such bus. */
  readonly broken: ReadonlySet<string>;
}

export const selfBus: Bus = { protocol: 'self', id: 'self' };

export function buildBuses(siteTree: Tree, build: Build): BusDrafts {
  const built = new Map<string, { bus: PlantBus; tree: Tree }>();
  const broken = new Set<string>();
  for (const tree of itemsOf(siteTree, 'buses')) {
    const id = readText(tree, 'id');
    if (id === selfId) {
      build.problems.error(
        placeOfValue(tree, 'id'),
        '"self" is the bus of the gateway itself',
        'give the bus another id',
      );
    } else if (id !== undefined && (built.has(id) || broken.has(id))) {
      build.problems.error(placeOfValue(tree, 'id'), `a second bus "${id}"`, 'give each bus its own id');
    } else {
      const bus = buildBus(tree, build);
      if (bus) built.set(bus.id, { bus, tree });
      else if (id !== undefined) broken.add(id);
    }
  }
  return { built, broken };
}

function buildBus(tree: Tree, build: Build): PlantBus | undefined {
  switch (readText(tree, 'protocol')) {
    case 'modbus-rtu':
      return buildRtuBus(tree, build);
    case 'modbus-rtu-over-tcp':
      return buildRtuOverTcpBus(tree, build);
    case 'bacnet-ip':
      return buildBacnetBus(tree, build);
    default:
      return buildTcpBus(tree, build);
  }
}

function buildTcpBus(tree: Tree, build: Build): ModbusBus | undefined {
  const raw = readShape('tcpBus', 'a bus', tree, build.problems)?.raw;
  return (
    raw && {
      protocol: 'modbus-tcp',
      ...basicsOf(raw),
      ...socketOf(raw),
      requestsInFlight: raw['requests-in-flight'] ?? 1,
    }
  );
}

function buildRtuBus(tree: Tree, build: Build): ModbusBus | undefined {
  const raw = readShape('rtuBus', 'a bus', tree, build.problems)?.raw;
  return (
    raw && {
      protocol: 'modbus-rtu',
      ...basicsOf(raw),
      path: raw.path,
      ...lineOf(raw),
      rs485: { direction: raw.rs485?.direction ?? 'adapter', echo: raw.rs485?.echo ?? 'auto' },
    }
  );
}

function buildRtuOverTcpBus(tree: Tree, build: Build): ModbusBus | undefined {
  const raw = readShape('rtuOverTcpBus', 'a bus', tree, build.problems)?.raw;
  return (
    raw && {
      protocol: 'modbus-rtu-over-tcp',
      ...basicsOf(raw),
      ...socketOf(raw),
      ...lineOf(raw),
      rs485: { echo: raw.rs485?.echo ?? 'auto' },
    }
  );
}

function buildBacnetBus(tree: Tree, build: Build): BacnetIpBus | undefined {
  const raw = readShape('bacnetBus', 'a bus', tree, build.problems)?.raw;
  return (
    raw && {
      protocol: 'bacnet-ip',
      ...basicsOf(raw, '3s'),
      address: raw.address ?? '0.0.0.0',
      port: raw.port ?? bacnetPort,
      broadcast: raw.broadcast,
      foreign: raw.foreign && {
        host: raw.foreign.host,
        port: raw.foreign.port ?? bacnetPort,
        ttlMs: parseDuration(raw.foreign.ttl ?? '5m') ?? 0,
      },
      retries: raw.retries ?? 2,
      requestsInFlight: raw['requests-in-flight'] ?? 32,
    }
  );
}

function basicsOf(raw: Raw<'tcpBus' | 'rtuBus' | 'rtuOverTcpBus' | 'bacnetBus'>, timeout = '1s') {
  return {
    id: raw.id,
    timeoutMs: parseDuration(raw.timeout ?? timeout) ?? 0,
    deadDeviceShare: (raw['dead-device-share'] ?? 10) / 100,
  };
}

function socketOf(raw: Raw<'tcpBus' | 'rtuOverTcpBus'>) {
  return {
    host: raw.host,
    port: raw.port ?? 502,
    connectTimeoutMs: parseDuration(raw['connect-timeout'] ?? '3s') ?? 0,
  };
}

function lineOf(raw: Raw<'rtuBus' | 'rtuOverTcpBus'>): { line: SerialLine; turnaroundMs: number } {
  return {
    line: { baudRate: raw['baud-rate'], parity: raw.parity, stopBits: raw['stop-bits'] ?? 1 },
    turnaroundMs: parseDuration(raw.turnaround ?? '0s') ?? 0,
  };
}
