import { assert } from '../../src/base/assert.ts';
import { createReadings, type Read } from '../../src/driver.ts';
import { formatBacnetAddress } from '../../src/model/bacnet-names.ts';
import type { Device } from '../../src/model/device.ts';
import type { BacnetAddress, Point } from '../../src/model/point.ts';
import { mostApduBytes } from './apdu.ts';
import { answerBytes, headBytes, keyOf, type Learned, mostPropertiesAtOnce } from './learned.ts';
import { dependsOnState, mayTrustFault } from './quality.ts';
import type { PropertyReference } from './values.ts';

/** Points of one device that are read together; how many requests that takes follows from what the device takes. */
export interface BacnetRead extends Read {
  readonly protocol: 'bacnet';
  /** One for each point. */
  readonly addresses: readonly BacnetAddress[];
  /** What the answers of each point are known by. */
  readonly keys: readonly PointKeys[];
  /** What is asked for, so long as the device is known to have the same. */
  asked: Asked | undefined;
  /** What was refused the last time, so that it is told once, not at every poll. */
  lastRefusal: string;
}

export interface PointKeys {
  readonly value: string;
  readonly statusFlags: string;
  readonly reliability: string;
  readonly outOfService: string;
}

interface Asked {
  readonly properties: readonly PropertyReference[];
  readonly learned: Learned;
  readonly missingVersion: number;
}

const statusFlags = 111;
const reliability = 103;
const outOfService = 81;

export const stateProperties = { statusFlags, reliability, outOfService } as const;

/**
 * The points in the order of their objects, cut where an answer would be longer than one datagram: a read that is lost
 * costs as few points as another one. Points of one object stay together where they can, since it says its state once.
 */
export function planReads(device: Device, points: readonly Point[], learned: Learned): BacnetRead[] {
  const addressed = points.map(point => ({ point, address: addressOf(point) }));
  addressed.sort((one, other) => compare(one.address, other.address));
  const blocks: { point: Point; address: BacnetAddress }[][] = [];
  for (const one of addressed) {
    const block = blocks.at(-1);
    if (block && fitsOneRead([...block, one], learned)) block.push(one);
    else blocks.push([one]);
  }
  return blocks.map(block => createRead(device, block));
}

/** What a device takes is only known when it was heard. */
function fitsOneRead(block: readonly { address: BacnetAddress }[], learned: Learned): boolean {
  const asked = propertiesOf(
    block.map(({ address }) => address),
    learned,
  );
  if (asked.length > mostPropertiesAtOnce) return false;
  const bytes = asked.reduce((sum, one, at) => sum + answerBytes(one, asked[at - 1]), 0);
  return bytes <= (learned.maxApdu ?? mostApduBytes) - headBytes;
}

function createRead(device: Device, block: readonly { point: Point; address: BacnetAddress }[]): BacnetRead {
  const points = block.map(({ point }) => point);
  const addresses = block.map(({ address }) => address);
  return {
    protocol: 'bacnet',
    device,
    label: labelOf(addresses),
    points,
    readings: createReadings(points),
    // A datagram takes no time that counts.
    wireMs: 0,
    addresses,
    keys: addresses.map(keysOf),
    asked: undefined,
    lastRefusal: '',
  };
}

function keysOf(address: BacnetAddress): PointKeys {
  const { objectType, instance } = address;
  const ofState = (property: number) => keyOf({ objectType, instance, property, index: undefined });
  return {
    value: keyOf(address),
    statusFlags: ofState(statusFlags),
    reliability: ofState(reliability),
    outOfService: ofState(outOfService),
  };
}

/** What has to be asked for a read; made anew only when the device was found to have less, or may have more. */
export function askedFor(read: BacnetRead, learned: Learned): readonly PropertyReference[] {
  const { asked } = read;
  if (asked?.learned === learned && asked.missingVersion === learned.missingVersion) return asked.properties;
  const properties = propertiesOf(read.addresses, learned);
  read.asked = { properties, learned, missingVersion: learned.missingVersion };
  return properties;
}

/** `analog-input 3 present-value`, or from the first to the last of several. */
function labelOf(addresses: readonly BacnetAddress[]): string {
  const [first] = addresses;
  const last = addresses.at(-1);
  if (!first || !last) return '';
  if (addresses.length === 1) return formatBacnetAddress(first);
  return `${formatBacnetAddress(first)} to ${formatBacnetAddress(last)} (${addresses.length} points)`;
}

/**
 * What has to be asked for these points: each property once, however many points are parts of it, and behind those of an
 * object what it says of its own state, so far as it is known to have that.
 */
export function propertiesOf(addresses: readonly BacnetAddress[], learned: Learned): PropertyReference[] {
  const wanted = new Map<string, PropertyReference>();
  const add = (one: PropertyReference) => {
    const key = keyOf(one);
    if (!wanted.has(key)) wanted.set(key, { ...one, key });
  };
  let last: BacnetAddress | undefined;
  const closeObject = () => {
    if (last) for (const one of stateOf(last, learned)) add(one);
  };
  let needsState = false;
  for (const address of addresses) {
    if (last && !isOfObject(last, address)) {
      if (needsState) closeObject();
      needsState = false;
    }
    const { objectType, instance, property, index } = address;
    add({ objectType, instance, property, index });
    needsState ||= dependsOnState(objectType, property);
    last = address;
  }
  if (needsState) closeObject();
  return [...wanted.values()];
}

function stateOf({ objectType, instance }: BacnetAddress, { missing }: Learned): PropertyReference[] {
  const reference = (property: number) => ({ objectType, instance, property, index: undefined });
  const has = (property: number) => !missing.has(keyOf(reference(property)));
  const hasFlags = has(statusFlags);
  return [
    ...(hasFlags ? [reference(statusFlags)] : []),
    ...((mayTrustFault(objectType) || !hasFlags) && has(reliability) ? [reference(reliability)] : []),
    ...(!hasFlags && has(outOfService) ? [reference(outOfService)] : []),
  ];
}

export function isStateProperty(property: number): boolean {
  return property === statusFlags || property === reliability || property === outOfService;
}

export function addressOf({ address, key }: Point): BacnetAddress {
  assert(address.protocol === 'bacnet', `${key} has no BACnet address`);
  return address;
}

function isOfObject(one: BacnetAddress, other: BacnetAddress): boolean {
  return one.objectType === other.objectType && one.instance === other.instance;
}

function compare(one: BacnetAddress, other: BacnetAddress): number {
  return (
    one.objectType - other.objectType ||
    one.instance - other.instance ||
    one.property - other.property ||
    (one.index ?? -1) - (other.index ?? -1)
  );
}
