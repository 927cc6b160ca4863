import { bacnetPort } from '../model/bus.ts';
import type { BacnetDevice } from '../model/device.ts';
import type { Build } from './build.ts';
import type { BusDrafts } from './bus.ts';
import type { Profile } from './profile.ts';
import type { Raw } from './schema.ts';
import { placeOf, placeOfKey, placeOfValue, type Tree } from './tree.ts';

type Protocol = 'modbus' | 'bacnet';

const words: Readonly<Record<Protocol, string>> = { modbus: 'Modbus', bacnet: 'BACnet' };

/** Keys of a device that have a meaning with one protocol only. */
const ownKeys: Readonly<Record<Protocol, readonly (keyof Raw<'device'>)[]>> = {
  modbus: ['unit-id', 'max-registers', 'max-gap', 'barriers'],
  bacnet: ['instance', 'address', 'network', 'object-offset', 'cov'],
};

/** What the device speaks: that is its bus's; where the bus is wrong or missing, what the device itself looks like. */
export function protocolOf(raw: Raw<'device'>, buses: BusDrafts, profile: Profile | undefined): Protocol {
  const bus = buses.built.get(raw.bus)?.bus;
  const isBacnet = bus
    ? bus.protocol === 'bacnet-ip'
    : raw.instance !== undefined || profile?.settings.protocol === 'bacnet';
  return isBacnet ? 'bacnet' : 'modbus';
}

/** Reports what belongs to the other protocol. @returns whether the profile is one of this protocol, or there is none */
export function checkProtocol(
  raw: Raw<'device'>,
  tree: Tree,
  protocol: Protocol,
  profile: Profile | undefined,
  { problems }: Build,
): boolean {
  const bus = `the bus "${raw.bus}" speaks ${words[protocol]}`;
  for (const key of ownKeys[protocol === 'bacnet' ? 'modbus' : 'bacnet']) {
    if (raw[key] === undefined) continue;
    problems.error(placeOfKey(tree, key), `"${key}" has no meaning here: ${bus}`, 'remove it, or check the bus');
  }
  const profiled = profile?.settings.protocol;
  if (profiled === undefined || profiled === 'self' || profiled === protocol) return true;
  const message = `the profile "${profile?.name}" is of ${words[profiled]} devices, and ${bus}`;
  problems.error(placeOfValue(tree, 'profile'), message, 'check bus and profile');
  return false;
}

/** Undefined, with the reason among the problems, when it does not say who it is. */
export function buildBacnetDevice(
  raw: Raw<'device'>,
  tree: Tree,
  isWhole: boolean,
  buses: BusDrafts,
  { problems }: Build,
): BacnetDevice | undefined {
  if (raw.instance === undefined) {
    const hint = 'add instance: with the number of its Device object; it stands in the settings of the device';
    if (isWhole) problems.error(placeOf(tree), `the BACnet device "${raw.id}" needs the key "instance"`, hint);
    return undefined;
  }
  if (raw.network && raw.address === undefined) {
    const hint =
      'add address: with the IP address of the router, or remove network: the gateway looks for the device then';
    problems.error(
      placeOfKey(tree, 'network'),
      'a device behind a router is reached at the address of the router',
      hint,
    );
  }
  const [host = '', port] = raw.address?.split(':') ?? [];
  const bus = buses.built.get(raw.bus)?.bus;
  const usualPort = bus?.protocol === 'bacnet-ip' ? bus.port : bacnetPort;
  return {
    instance: raw.instance,
    address: raw.address === undefined ? undefined : { host, port: port === undefined ? usualPort : Number(port) },
    routed: raw.network && { network: raw.network.number, mac: raw.network.mac.toLowerCase() },
  };
}
