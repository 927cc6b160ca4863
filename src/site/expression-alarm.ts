import { parseDuration } from '../base/duration.ts';
import type { Rule } from '../model/alarm.ts';
import type { Point } from '../model/point.ts';
import { communicationId } from './alarm-checks.ts';
import { lifeOf } from './alarm-life.ts';
import type { Build, RuleBuild } from './build.ts';
import { findOwner, isComplete } from './computed.ts';
import type { DeviceDraft, DeviceDrafts } from './device.ts';
import { hidingOf } from './hiding.ts';
import type { RuleDraft } from './rule-draft.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { placeOfValue, type Tree } from './tree.ts';

/** An alarm of the site file whose condition is an expression. */
export function buildSiteExpressionAlarm(tree: Tree, devices: DeviceDrafts, build: RuleBuild): RuleDraft | undefined {
  const raw = readShape('siteExpressionAlarm', 'an alarm with an expression', tree, build.problems)?.raw;
  const owner = raw && findOwner(raw.device, tree, tree, devices, build);
  return raw && owner && buildExpressionAlarm(owner, raw, tree, undefined, build);
}

/** The same of a profile, for one of its devices; none where `only` leaves out what it needs. */
export function buildProfileExpressionAlarm(
  device: DeviceDraft,
  raw: Raw<'profileExpressionAlarm'>,
  tree: Tree,
  build: RuleBuild,
): RuleDraft[] {
  const draft = isComplete(device, raw) && buildExpressionAlarm(device, raw, tree, device.id, build);
  return draft ? [draft] : [];
}

/**
 * The rule stands on a point of its own that nobody sees: 1 while the expression holds, else 0. So the detector knows
 * delays and quality of it as of every other point, and nothing of expressions.
 */
function buildExpressionAlarm(
  owner: DeviceDraft,
  raw: Raw<'siteExpressionAlarm'>,
  tree: Tree,
  device: string | undefined,
  build: RuleBuild,
): RuleDraft | undefined {
  if (raw.id === communicationId) {
    const message = `the alarm id "${communicationId}" is the gateway's own`;
    build.problems.error(placeOfValue(tree, 'id'), message, 'give the alarm another id');
    return undefined;
  }
  const priority = raw.priority ?? 'medium';
  const group = ('group' in raw ? raw.group : undefined) ?? owner.raw.group;
  const key = `${owner.id}/${raw.id}`;
  const point = hiddenPoint(`${owner.id}/alarm:${raw.id}`, raw.id, owner, build);
  const rule: Rule = {
    kind: 'state',
    key,
    device: owner.device.number,
    point: point.number,
    priority,
    message: raw.message,
    onDelayMs: parseDuration(raw['on-delay'] ?? '0s') ?? 0,
    offDelayMs: parseDuration(raw['off-delay'] ?? '0s') ?? 0,
    life: { ...lifeOf(build.policies, priority, { ...raw, group }), ...hidingOf(raw, tree, build) },
    states: [1],
  };
  return {
    rule,
    point: undefined,
    tree,
    expression: { target: { kind: 'alarm', point }, name: key, raw, tree, device },
  };
}

/** Its key cannot be that of a point of a site file. */
function hiddenPoint(key: string, id: string, { device }: DeviceDraft, build: Build): Point {
  return {
    number: build.numbering.point(key),
    key,
    id,
    name: id,
    device: device.number,
    unit: '',
    intervalMs: 1_000,
    address: { protocol: 'computed' },
    scale: 1,
    offset: 0,
    invalidValues: [],
    states: undefined,
    isCounter: false,
    recording: undefined,
  };
}
