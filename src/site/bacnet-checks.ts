import { objectTypeName, propertyOf } from '../model/bacnet-names.ts';
import type { BacnetIpBus } from '../model/bus.ts';
import type { Point } from '../model/point.ts';
import { isYes } from './bacnet-point.ts';
import type { BusDrafts } from './bus.ts';
import type { DeviceDrafts } from './device.ts';
import type { Problems } from './problem.ts';
import { placeOfKey, placeOfValue } from './tree.ts';

type BacnetCheck = (draft: { readonly buses: BusDrafts; readonly devices: DeviceDrafts }, problems: Problems) => void;

/** A UDP port of an address is had once; all interfaces are every one of them. */
const onePortPerBus: BacnetCheck = ({ buses }, problems) => {
  const taken: BacnetIpBus[] = [];
  for (const { bus, tree } of buses.built.values()) {
    if (bus.protocol !== 'bacnet-ip') continue;
    const all = '0.0.0.0';
    const other = taken.find(
      ({ address, port }) => port === bus.port && (address === bus.address || address === all || bus.address === all),
    );
    taken.push(bus);
    if (!other) continue;
    const message = `the buses "${other.id}" and "${bus.id}" both listen on ${bus.address === all ? other.address : bus.address}:${bus.port}`;
    const hint = 'make them one bus, or give each the address of its own interface (address:)';
    problems.error(placeOfValue(tree, bus.address === all ? 'id' : 'address'), message, hint);
  }
};

/** Two equipments of one BACnet device read different objects of it; a copy of a device whose offset was forgotten does not. */
const twinsReadDifferently: BacnetCheck = ({ buses, devices }, problems) => {
  const first = new Map<string, string>();
  for (const { id, device, tree } of devices.built.values()) {
    const { bacnet, bus } = device;
    if (!bacnet || !buses.built.has(bus)) continue;
    const reads = device.points.flatMap(({ address }) =>
      isOfEquipment(address) ? [JSON.stringify({ ...address, cov: undefined })] : [],
    );
    if (reads.length === 0) continue;
    const twin = JSON.stringify([bus, bacnet, reads.toSorted()]);
    const other = first.get(twin);
    if (other === undefined) {
      first.set(twin, id);
      continue;
    }
    const message = `the devices "${other}" and "${id}" read the very same objects of device ${bacnet.instance}`;
    const hint = 'is one of the instances wrong, or is object-offset missing?';
    problems.warn(placeOfValue(tree, 'instance'), message, hint);
  }
};

function isOfEquipment(address: Point['address']): boolean {
  return address.protocol === 'bacnet' && objectTypeName(address.objectType) !== 'device';
}

/** `cov` of a device is about present values, which lifts and escalators have not. */
const toldDevicesHaveValues: BacnetCheck = ({ devices }, problems) => {
  for (const { id, device, raw, tree, isIncomplete } of devices.built.values()) {
    if (!device.bacnet || !isYes(raw.cov) || isIncomplete || device.points.length === 0) continue;
    const isTold = ({ address }: Point) =>
      address.protocol === 'bacnet' && (address.cov !== undefined || address.property === presentValue);
    if (device.points.some(isTold)) continue;
    const message = `no point of the device "${id}" is a present value, and only those are told by "cov" of a device`;
    problems.warn(placeOfKey(tree, 'cov'), message, 'write cov: yes at the points that are to be told, or remove it');
  }
};

const presentValue = propertyOf('present-value');

/** What BACnet devices and buses of a site must not have in common, and what has no effect. */
export const bacnetCrossChecks: readonly BacnetCheck[] = [onePortPerBus, twinsReadDifferently, toldDevicesHaveValues];
