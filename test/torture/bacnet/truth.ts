import type { BacnetAddress } from '../../../src/model/point.ts';
import { objectTypes, propertyIds } from '../../../src/sim/bacnet/ids.ts';
import {
  analog,
  array,
  createObject,
  healthy,
  list,
  multistate,
  one,
  type SimObject,
} from '../../../src/sim/bacnet/object.ts';
import { bits, enumerated, real, type SimValue, tagged, text, unsigned } from '../../../src/sim/bacnet/value.ts';
import { bacnetAddress } from '../../drivers/bacnet/driver-rig.ts';

export type Expected = number | string;

/** A property that changes, and what of it each point must say. */
export interface Spot {
  readonly object: SimObject;
  readonly points: readonly { readonly address: BacnetAddress; readonly expected: (version: number) => Expected }[];
  /** Puts the version into the object; not well: the object says that its sensor is broken. */
  apply(version: number, isWell: boolean): void;
  /** Whether it may be broken. */
  readonly mayBreak: boolean;
}

const { lift, device } = objectTypes;
const flags = propertyIds['status-flags'];
/** Of reliabilities. */
const noSensor = 1;
const presentValue = propertyIds['present-value'];

/** Exact in a float: 12 bits of whose it is, 12 bits of which version. */
function stamp(owner: number, version: number): number {
  return owner * 4_096 + (version % 4_096);
}

function setFlags(object: SimObject, isWell: boolean): void {
  object.properties.set(flags, one(bits(false, !isWell, false, false)));
  object.properties.set(propertyIds.reliability, one(enumerated(isWell ? 0 : noSensor)));
}

/** A spot of one value that is a point as it is. */
function whole(
  object: SimObject,
  changes: Partial<BacnetAddress>,
  make: (version: number) => SimValue,
  expected: (version: number) => Expected,
  mayBreak = false,
): Spot {
  const { type, instance } = object;
  const address = bacnetAddress({ objectType: type, instance, ...changes });
  return {
    object,
    points: [{ address, expected }],
    mayBreak,
    apply(version, isWell) {
      object.properties.set(address.property, one(make(version)));
      if (mayBreak) setFlags(object, isWell);
    },
  };
}

export function analogSpot(owner: number, instance: number, cov: BacnetAddress['cov']): Spot {
  const number = (version: number) => stamp(owner, version);
  const object = analog(instance, `input ${instance}`, 0);
  return whole(object, { cov }, version => real(number(version)), number, owner % 3 === 0);
}

export function stateSpot(owner: number, instance: number, cov: BacnetAddress['cov']): Spot {
  const number = (version: number) => owner * 65_536 + (version % 65_536);
  const object = multistate(instance, `mode ${instance}`, 0, ['off', 'on', 'auto']);
  return whole(object, { cov }, version => unsigned(number(version)), number, true);
}

export function textSpot(owner: number, instance: number): Spot {
  const words = (version: number) => `text ${owner}.${version} höher`;
  const object = analog(instance, `described ${instance}`, 0);
  const address = { property: propertyIds.description, part: { kind: 'text' } } as const;
  return whole(object, address, version => text(words(version), 'ucs-2'), words);
}

/** A long list of texts: one element of it, and how many there are. */
export function longListSpot(owner: number, instance: number, count: number): Spot {
  const object = multistate(instance, `states ${instance}`, 1, []);
  const property = propertyIds['state-text'];
  const at = { objectType: object.type, instance, property };
  const word = (version: number, place: number) => `${owner}.${version}.${place}`;
  return {
    object,
    mayBreak: false,
    points: [
      {
        address: bacnetAddress({ ...at, index: count, part: { kind: 'text' } }),
        expected: version => word(version, count),
      },
      { address: bacnetAddress({ ...at, part: { kind: 'count' } }), expected: () => count },
      {
        address: bacnetAddress({ ...at, part: { kind: 'text' } }),
        expected: version => cut(Array.from({ length: count }, (_, place) => word(version, place + 1)).join(', ')),
      },
    ],
    apply(version) {
      const words = Array.from({ length: count }, (_, place) => text(word(version, place + 1)));
      object.properties.set(property, array(...words));
    },
  };
}

/** A text is shown up to 250 characters. */
function cut(words: string): string {
  return words.length <= 250 ? words : `${words.slice(0, 249)}…`;
}

/** A lift with its lists; the number of each list's items and one item follow from the version. */
export function liftSpots(owner: number, instance: number): Spot[] {
  const object = createObject(lift, instance, `lift ${instance}`, { ...healthy });
  const cov = { increment: undefined };
  const position = { property: propertyIds['car-position'], cov };
  const faults = { objectType: lift, instance, property: propertyIds['fault-signals'] };
  const calls = { objectType: lift, instance, property: propertyIds['landing-calls'] };
  const number = (version: number) => owner * 65_536 + (version % 65_536);
  const many = (version: number) => version % 20;
  return [
    whole(object, position, version => unsigned(number(version)), number),
    {
      object,
      mayBreak: false,
      points: [
        { address: bacnetAddress({ ...faults, part: { kind: 'count' }, cov }), expected: many },
        {
          address: bacnetAddress({ ...faults, part: { kind: 'contains', value: 6 }, cov }),
          expected: version => Number(many(version) > 6),
        },
      ],
      apply(version) {
        const items = Array.from({ length: many(version) }, (_, item) => enumerated(item));
        object.properties.set(faults.property, list(...items));
      },
    },
    {
      object,
      mayBreak: false,
      points: [
        { address: bacnetAddress({ ...calls, part: { kind: 'count' } }), expected: many },
        {
          address: bacnetAddress({ ...calls, part: { kind: 'contains', value: 4 } }),
          expected: version => Number(many(version) > 4),
        },
      ],
      apply(version) {
        const items = Array.from({ length: many(version) }, (_, floor) => [
          tagged(0, unsigned(floor)),
          tagged(1, enumerated(3)),
        ]);
        object.properties.set(calls.property, list(...items.flat()));
      },
    },
  ];
}

export function bitsSpot(instance: number): Spot {
  const object = createObject(39, instance, `flags ${instance}`, { ...healthy });
  const at = { objectType: 39, instance, property: presentValue };
  const flag = (version: number, bit: number) => (version & (1 << bit)) !== 0;
  return {
    object,
    mayBreak: false,
    points: [
      { address: bacnetAddress({ ...at, part: { kind: 'bit', bit: 2 } }), expected: v => Number(flag(v, 2)) },
      { address: bacnetAddress(at), expected: version => version & 0xfff },
    ],
    apply(version) {
      const all = Array.from({ length: 12 }, (_, bit) => flag(version, bit));
      object.properties.set(presentValue, one(bits(...all)));
    },
  };
}

/** The name of the device itself; it does not change. */
export function nameAddress(instance: number): BacnetAddress {
  return bacnetAddress({ objectType: device, instance, property: propertyIds['object-name'], part: { kind: 'text' } });
}
