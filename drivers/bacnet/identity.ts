import { isSamePeer, type Peer } from './peer.ts';
import type { PropertyAnswer } from './property-reader.ts';
import type { PropertyReference } from './values.ts';

/*
 * Whether the one that answers at a place is still the device that was looked for. Addresses are given anew by DHCP, and
 * mistyped: another device there answers for objects of the same numbers, and its values look as good as any. Only its Device
 * object has a number of its own, so that is read along now and then.
 */

/** For so long a device that was asked is believed to be there, unless it is silent or moves before. */
const believedMs = 60_000;

const deviceType = 8;
const objectIdentifier = 75;
/** Error class of what is about objects: there is no such Device object. */
const objectErrorClass = 1;

/** What only the device of this instance has. */
export function identityOf(instance: number): PropertyReference {
  return { objectType: deviceType, instance, property: objectIdentifier, index: undefined };
}

/** Whether the answer to `identityOf` is that of another device. One that does not say is believed. */
export function isOtherDevice(instance: number, answer: PropertyAnswer | undefined): boolean {
  if (answer?.kind === 'error') return answer.errorClass === objectErrorClass;
  const [value] = answer?.kind === 'values' ? answer.values : [];
  return value?.kind === 'object' && (value.type !== deviceType || value.instance !== instance);
}

/** Where each device itself was met: one place for each instance. */
export interface Acquaintance {
  isBelieved(instance: number, peer: Peer, nowMono: number): boolean;
  believe(instance: number, peer: Peer, nowMono: number): void;
  forget(instance: number): void;
}

export function createAcquaintance(): Acquaintance {
  const met = new Map<number, { readonly peer: Peer; readonly untilMono: number }>();
  return {
    isBelieved(instance, peer, nowMono) {
      const last = met.get(instance);
      return last !== undefined && nowMono < last.untilMono && isSamePeer(last.peer, peer);
    },
    believe(instance, peer, nowMono) {
      met.set(instance, { peer, untilMono: nowMono + believedMs });
    },
    forget(instance) {
      met.delete(instance);
    },
  };
}
