import type { BacnetAddress } from '../../src/model/point.ts';
import { encodeSubscribeCov, encodeSubscribeCovProperty } from './codec.ts';
import { lifetimeMs } from './cov.ts';
import { describeRefusal } from './property-reader.ts';
import type { Outcome } from './request.ts';
import { requestServices } from './services.ts';

/**
 * Ours at every device, also after a restart of the gateway: what is left of a subscription is then replaced by the new one,
 * and does not fill the table of the device. Other gateways have other addresses.
 */
export const processId = 1_887_792;

const presentValue = 85;

/** A present value without an increment of its own: what every device with COV knows. */
function isPlain({ property, index, cov }: BacnetAddress): boolean {
  return property === presentValue && index === undefined && cov?.increment === undefined;
}

/** Points with the same share a subscription. */
export function subscriptionKey(address: BacnetAddress): string {
  const { objectType, instance, property, index, cov } = address;
  return isPlain(address)
    ? `${objectType} ${instance}`
    : `${objectType} ${instance} ${property} ${index ?? ''} ${cov?.increment ?? ''}`;
}

/** What asks a device to tell this. */
export function requestOf(address: BacnetAddress) {
  const { objectType, instance, property, index, cov } = address;
  const subscription = {
    processId,
    objectType,
    instance,
    isConfirmed: true,
    lifetimeSeconds: lifetimeMs / 1_000,
  };
  return isPlain(address)
    ? { service: requestServices.subscribeCov, payload: encodeSubscribeCov(subscription) }
    : {
        service: requestServices.subscribeCovProperty,
        payload: encodeSubscribeCovProperty({ ...subscription, property, index, increment: cov?.increment }),
      };
}

/** Why it did not agree. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'error':
    case 'reject':
    case 'abort':
      return describeRefusal(outcome);
    case 'no-connection':
    case 'bad-reply':
      return outcome.detail;
    default:
      return 'no answer';
  }
}
