import type { Priority } from './alarm.ts';

/** What people owe an alarm, each within a time of its own. In the order in which it is to be done. */
export const deadlines = ['acknowledge', 'arrive', 'restore'] as const;
export type Deadline = (typeof deadlines)[number];

/** What people report of their work on one occurrence of an alarm. */
export const progressSteps = ['dispatched', 'arrived', 'restored', 'closed'] as const;
export type ProgressStep = (typeof progressSteps)[number];

/** How alarms of one priority are dealt with. Times count from the raise; undefined: there is no such deadline. */
export interface PriorityPolicy extends Readonly<Record<Deadline, number | undefined>> {
  /** Whether an alarm of this priority may be shelved. */
  readonly canShelve: boolean;
  /** False: the alarm counts as acknowledged when it is raised, unless its own rule says otherwise. */
  readonly needsAcknowledge: boolean;
}

export type PriorityPolicies = Readonly<Record<Priority, PriorityPolicy>>;

/** Of a site file that says nothing. Times in ms. */
export const usualPolicies: PriorityPolicies = {
  urgent: { acknowledge: 180_000, arrive: 900_000, restore: 3_600_000, canShelve: false, needsAcknowledge: true },
  high: { acknowledge: 900_000, arrive: 3_600_000, restore: 28_800_000, canShelve: true, needsAcknowledge: true },
  medium: { acknowledge: undefined, arrive: undefined, restore: undefined, canShelve: true, needsAcknowledge: true },
  low: { acknowledge: undefined, arrive: undefined, restore: undefined, canShelve: true, needsAcknowledge: false },
};
