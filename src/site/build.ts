import type { PriorityPolicies } from '../model/deadline.ts';
import type { Language } from '../model/texts.ts';
import type { Numbering } from './numbering.ts';
import type { Problems } from './problem.ts';
import type { ProfileShelf } from './profile.ts';

/** What the builders of a site share. */
export interface Build {
  readonly problems: Problems;
  readonly numbering: Numbering;
  readonly profiles: ProfileShelf;
  /** Of the messages and names that people read. */
  readonly language: Language;
  /** A path of the site file as an absolute one. */
  resolvePath(path: string): string;
}

/** What the builders of rules share. */
export interface RuleBuild extends Build {
  readonly policies: PriorityPolicies;
  /** Keys of alarms of profiles that the site file switches off. */
  readonly off: ReadonlySet<string>;
}
