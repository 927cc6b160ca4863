import type { Quality } from '../../src/model/quality.ts';
import { numberOf } from './point-value.ts';
import type { PropertyResult } from './values.ts';

/** What an object says of itself beside its values; undefined where it does not say. */
export interface ObjectState {
  readonly statusFlags: PropertyResult | undefined;
  readonly reliability: PropertyResult | undefined;
  readonly outOfService: PropertyResult | undefined;
}

/** Bits of status-flags. */
const faultBit = 1;
const outOfServiceBit = 3;

/**
 * Faults that are about what the value says, not about whether it is right: a multi-state object that is in one of its
 * fault states, a lift that has faults in its list. Such a value is just what people must be told.
 */
const trustedReliabilities: readonly number[] = [0, 9, 23];

/** Whether the values of an object are good; `unknown` where it says that there is a fault, and not yet which. */
export function qualityOf(state: ObjectState, mayTrustFault: boolean): Quality | 'unknown' {
  const flags = bitsOf(state.statusFlags);
  if (flags?.[outOfServiceBit] || numbersOf(state.outOfService)[0] === 1) return 'out-of-service';
  const [reliability] = numbersOf(state.reliability);
  if (reliability !== undefined) return trustedReliabilities.includes(reliability) ? 'good' : 'device-fault';
  if (!flags?.[faultBit]) return 'good';
  return mayTrustFault ? 'unknown' : 'device-fault';
}

/** Types with fault states or lists of faults, of which a fault says nothing until its reliability is known. */
const typesWithTrustedFaults: readonly number[] = [13, 14, 19, 57, 58, 59];

export function mayTrustFault(objectType: number): boolean {
  return typesWithTrustedFaults.includes(objectType);
}

/** Properties that are as true in an object with a fault: what it is called, and what it says of its state. */
const alwaysTrue: ReadonlySet<number> = new Set([4, 28, 36, 46, 74, 75, 76, 77, 79, 81, 103, 110, 111, 117]);

export function dependsOnState(objectType: number, property: number): boolean {
  return objectType !== deviceType && !alwaysTrue.has(property);
}

const deviceType = 8;

function bitsOf(result: PropertyResult | undefined): readonly boolean[] | undefined {
  const value = result?.kind === 'values' ? result.values[0] : undefined;
  return value?.kind === 'bits' ? value.bits : undefined;
}

function numbersOf(result: PropertyResult | undefined): readonly number[] {
  return result?.kind === 'values' ? result.values.map(numberOf) : [];
}
