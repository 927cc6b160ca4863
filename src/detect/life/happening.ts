import type { Actor, Happening } from '../../model/alarm.ts';

/** What a happening has where there is nothing to say. */
export const noDetails = {
  value: undefined,
  by: undefined,
  reason: undefined,
  until: undefined,
  firstAlarm: undefined,
  overdue: undefined,
} as const;

/** When something happened. */
export type StepTime = Pick<Happening, 'sampledAt' | 'sampledAtMono'>;

/** What the gateway does by itself. */
export const gatewayActor: Actor = { who: 'gateway', from: 'gateway' };
