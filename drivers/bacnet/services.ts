/*
 * The numbers of the services (clause 21) that this program knows. Those that it sends are two closed lists: datagram.ts
 * lets nothing else onto the wire. None of them writes, switches, configures or sets a clock; a subscription only asks to
 * be told.
 */

/** What may be asked of a device. */
export const requestServices = {
  subscribeCov: 5,
  readProperty: 12,
  readPropertyMultiple: 14,
  subscribeCovProperty: 28,
} as const;

export type RequestService = (typeof requestServices)[keyof typeof requestServices];

/** The one thing that is sent without being an answer or asking for one. */
export const whoIsService = 8;

/** What devices send by themselves. */
export const iAmService = 0;
export const iHaveService = 1;
export const unconfirmedCovService = 2;
export const confirmedCovService = 1;

const sendable: ReadonlySet<number> = new Set(Object.values(requestServices));

export function isRequestService(service: number): service is RequestService {
  return sendable.has(service);
}
