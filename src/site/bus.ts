import { parseDuration } from '../base/duration.ts';
import type { Bus, ModbusTcpBus } from '../model/bus.ts';
import type { Build } from './build.ts';
import { selfId } from './device.ts';
import { readShape } from './shape.ts';
import { itemsOf, placeOfValue, readText, type Tree } from './tree.ts';

export interface BusDrafts {
  /** By id, with where each is written. The gateway's own bus is not among them. */
  readonly built: ReadonlyMap<string, { readonly bus: ModbusTcpBus; readonly tree: Tree }>;
  /** Ids of buses whose description is wrong: devices on them are not told that there is no such bus. */
  readonly broken: ReadonlySet<string>;
}

export const selfBus: Bus = { protocol: 'self', id: 'self' };

export function buildBuses(siteTree: Tree, build: Build): BusDrafts {
  const built = new Map<string, { bus: ModbusTcpBus; tree: Tree }>();
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

function buildBus(tree: Tree, build: Build): ModbusTcpBus | undefined {
  const raw = readShape('bus', 'a bus', tree, build.problems)?.raw;
  if (!raw) return undefined;
  return {
    protocol: 'modbus-tcp',
    id: raw.id,
    host: raw.host,
    port: raw.port ?? 502,
    connectTimeoutMs: parseDuration(raw['connect-timeout'] ?? '3s') ?? 0,
    timeoutMs: parseDuration(raw.timeout ?? '1s') ?? 0,
  };
}
