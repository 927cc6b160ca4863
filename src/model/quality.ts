/**
 * How far a value can be trusted. The hot path carries one word per sample: `good`, or the reason why the value is bad.
 * A bad sample is data: it is recorded and shown, and it freezes the process alarms of its point. The reasons stand in
 * order, the worst first: a value that is computed from several has the quality of the worst.
 */
export const badReasons = [
  /** Nothing was read since the gateway started. */
  'not-read',
  /** The connection to the device could not be made, or broke. */
  'no-connection',
  /** The device did not answer in time. */
  'timeout',
  /** The device answered with a protocol exception: it is alive, but this point cannot be read. */
  'refused',
  /** The answer was damaged, foreign, late or of the wrong length. */
  'bad-reply',
  /** The device does not answer; it was not asked this time, only probed now and then. */
  'offline',
  /** The bus had no time left to read the point before it was due again. */
  'overrun',
  /** The device sent one of its "not available" numbers. */
  'invalid-value',
  /** The device sent a float that is no number, or what cannot be a number at all. */
  'not-a-number',
  /** The device itself says that the value is not reliable: a sensor that is open, a controller that lost it. */
  'device-fault',
  /** Somebody took the object out of service: its value is not that of the plant. */
  'out-of-service',
  /** The expression of a computed point has no value: a division by zero, a text that is none of its states. */
  'not-computed',
  /** Too little of a window was under good quality to tell what an expression asks of it. */
  'too-little-data',
] as const;

export type BadReason = (typeof badReasons)[number];

export type Quality = 'good' | BadReason;

/** Reasons that say nothing about the device's measurement but that the device could not be heard. */
export function isCommunicationLoss(quality: Quality): boolean {
  return quality === 'no-connection' || quality === 'timeout' || quality === 'bad-reply' || quality === 'offline';
}

/** The reason of the worse of two qualities. */
export function worseQuality(one: Quality, other: Quality): Quality {
  return rankOf(one) <= rankOf(other) ? one : other;
}

const ranks = new Map<Quality, number>(badReasons.map((reason, rank) => [reason, rank]));

function rankOf(quality: Quality): number {
  return ranks.get(quality) ?? badReasons.length;
}
