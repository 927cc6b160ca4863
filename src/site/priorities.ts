import { formatDuration, parseDuration } from '../base/duration.ts';
import { type Deadline, deadlines, type Priority } from '../model/alarm.ts';
import { type FirstOutGroup, type PriorityPolicies, type PriorityPolicy, usualPolicies } from '../model/deadline.ts';
import type { Build } from './build.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { descend, itemsOf, placeOfValue, type Tree } from './tree.ts';

type RawPolicy = NonNullable<Raw<'policies'>[Priority]>;

/** What is not written of a priority is as usual. */
export function buildPolicies(siteTree: Tree, build: Build): PriorityPolicies {
  const tree = descend(siteTree, ['priorities']);
  const raw = tree && readShape('policies', '"priorities"', tree, build.problems)?.raw;
  if (!raw) return usualPolicies;
  const policyOf = (priority: Priority): PriorityPolicy => {
    const policy = buildPolicy(raw[priority] ?? {}, usualPolicies[priority]);
    checkOrder(policy, priority, tree, build);
    return policy;
  };
  return { urgent: policyOf('urgent'), high: policyOf('high'), medium: policyOf('medium'), low: policyOf('low') };
}

function buildPolicy(raw: RawPolicy, usual: PriorityPolicy): PriorityPolicy {
  const msOf = (deadline: Deadline) => {
    const written = raw[deadline];
    if (written === undefined) return usual[deadline];
    return written === 'off' ? undefined : parseDuration(written);
  };
  const by = raw['acknowledge-by'];
  return {
    acknowledge: msOf('acknowledge'),
    arrive: msOf('arrive'),
    restore: msOf('restore'),
    canShelve: raw.shelve === undefined ? usual.canShelve : raw.shelve === 'yes' || raw.shelve === true,
    needsAcknowledge: by === undefined ? usual.needsAcknowledge : by === 'person',
  };
}

/** Nobody can have restored before anybody had to be there. */
function checkOrder(policy: PriorityPolicy, priority: Priority, tree: Tree, build: Build): void {
  let before: Deadline | undefined;
  for (const deadline of deadlines) {
    const ms = policy[deadline];
    if (ms === undefined) continue;
    const earlier = before && policy[before];
    if (before && earlier !== undefined && ms < earlier) {
      const message = `${priority}: ${deadline} after ${formatDuration(ms)} is before ${before} after ${formatDuration(earlier)}`;
      const hint = 'the order is acknowledge, arrive, restore; what is not written is as usual, and off is none';
      build.problems.error(placeOfValue(tree, priority, deadline), message, hint);
    }
    before = deadline;
  }
}

export interface GroupDrafts {
  readonly built: ReadonlyMap<string, FirstOutGroup>;
  readonly places: ReadonlyMap<string, Tree>;
  /** Some could not be read: a group that is not known may be one of them. */
  readonly isIncomplete: boolean;
}

const usualWindowMs = 3_000;

export function buildGroups(siteTree: Tree, build: Build): GroupDrafts {
  const built = new Map<string, FirstOutGroup>();
  const places = new Map<string, Tree>();
  let isIncomplete = false;
  for (const tree of itemsOf(siteTree, 'groups')) {
    const raw = readShape('firstOutGroup', 'a group', tree, build.problems)?.raw;
    if (!raw) {
      isIncomplete = true;
    } else if (built.has(raw.id)) {
      build.problems.error(placeOfValue(tree, 'id'), `a second group "${raw.id}"`, 'give each group its own id');
    } else {
      const windowMs = raw.window === undefined ? usualWindowMs : (parseDuration(raw.window) ?? usualWindowMs);
      built.set(raw.id, { id: raw.id, windowMs });
      places.set(raw.id, tree);
    }
  }
  return { built, places, isIncomplete };
}
