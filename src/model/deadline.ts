import type { Deadline, Priority } from './alarm.ts';

/** How alarms of one priority are dealt with. Times in ms from the raise; undefined: there is no such deadline. */
export interface PriorityPolicy extends Readonly<Record<Deadline, number | undefined>> {
  /** Whether an alarm of this priority may be shelved. */
  readonly canShelve: boolean;
  /** False: the alarm counts as acknowledged when it is raised, unless its own rule says otherwise. */
  readonly needsAcknowledge: boolean;
}

export type PriorityPolicies = Readonly<Record<Priority, PriorityPolicy>>;

/** Of a site file that says nothing. */
export const usualPolicies: PriorityPolicies = {
  urgent: { acknowledge: 180_000, arrive: 900_000, restore: 3_600_000, canShelve: false, needsAcknowledge: true },
  high: { acknowledge: 900_000, arrive: 3_600_000, restore: 28_800_000, canShelve: true, needsAcknowledge: true },
  medium: { acknowledge: undefined, arrive: undefined, restore: undefined, canShelve: true, needsAcknowledge: true },
  low: { acknowledge: undefined, arrive: undefined, restore: undefined, canShelve: true, needsAcknowledge: false },
};

/** Alarms that have a common cause when they come together. */
export interface FirstOutGroup {
  readonly id: string;
  /** How long after the first one an alarm is secondary to it. */
  readonly windowMs: number;
}
