import fc from 'fast-check';
import type { Change, Happening, Rule, RuleLife } from '../../../src/model/alarm.ts';
import { BookRig, liWei, ruleOf } from './book-rig.ts';
import { type Input, type Moment, type Picture, tell } from './naive-book.ts';

/** A walk through the life of one alarm, with everything that must not matter: restarts, batches, the wall clock. */
export interface Walk {
  readonly life: Pick<RuleLife, 'needsAcknowledge' | 'isLatching'>;
  readonly steps: readonly {
    readonly waitMs: number;
    readonly input: Input;
    readonly isRestartBefore: boolean;
    readonly wallJumpMs: number;
  }[];
}

const plainKinds = [
  'met',
  'gone',
  'acknowledge',
  'reset',
  'unshelve',
  'put-back',
  're-alarm',
  'suppress',
  'release',
] as const;
const anyInput: fc.Arbitrary<Input> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('met' as const, 'gone' as const).map(kind => ({ kind })) },
  { weight: 6, arbitrary: fc.constantFrom(...plainKinds).map(kind => ({ kind })) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('shelve' as const, 'take-out' as const),
      lastsMs: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'removed' as const }) },
);

const tenYearsMs = 10 * 365 * 86_400_000;

export const anyWalk: fc.Arbitrary<Walk> = fc.record({
  life: fc.record({ needsAcknowledge: fc.boolean(), isLatching: fc.boolean() }),
  steps: fc.array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 12 }),
      input: anyInput,
      isRestartBefore: fc.boolean(),
      wallJumpMs: fc.constantFrom(0, 0, 0, tenYearsMs, -tenYearsMs),
    }),
    { maxLength: 24, size: 'max' },
  ),
});

const suppression = 'pump-off';

/** What the real book makes of it. Throws where something is told at a time before the last one. */
export function live(walk: Walk, isDisturbed: boolean): Picture & { readonly log: readonly Happening[] } {
  const rule = ruleOf('pump/low', { ...walk.life, suppressedBy: [suppression] });
  const rig = new BookRig([rule], [suppression]);
  for (const { waitMs, input, isRestartBefore, wallJumpMs } of walk.steps) {
    rig.wait(waitMs);
    if (isDisturbed) rig.wall += wallJumpMs;
    if (isDisturbed && isRestartBefore) rig.restart();
    give(rig, rule, input);
  }
  const log = rig.log.filter(({ alarm }) => alarm === rule.key);
  return { shown: rig.phase(rule.key), told: log.map(({ kind }) => kind), log };
}

/** What the naive model makes of it. */
export function tellWalk({ steps, life }: Walk): Picture {
  let mono = 0;
  const moments = steps.map(({ waitMs, input }): Moment => {
    mono += waitMs;
    return { mono, input };
  });
  return tell(moments, life);
}

function give(rig: BookRig, rule: Rule, input: Input): void {
  switch (input.kind) {
    case 'met':
    case 'gone':
      rig.detect(input.kind, rule, 1);
      return;
    case 'removed':
      rig.reload([]);
      rig.reload([rule]);
      return;
    case 'suppress':
    case 'release':
      rig.suppress(suppression, input.kind === 'suppress');
      return;
    case 'shelve':
    case 'take-out':
      rig.act(rule.key, { kind: input.kind, by: liWei, reason: 'because', lastsMs: input.lastsMs });
      return;
    default:
      rig.act(rule.key, { kind: input.kind, by: liWei });
  }
}

/** Several alarms whose conditions change at once, in batches of any size. */
export const anyChanges = fc.record({
  keys: fc.array(fc.tuple(fc.nat({ max: 4 }), fc.constantFrom<Change['kind']>('met', 'gone')), { maxLength: 30 }),
  cuts: fc.array(fc.nat({ max: 30 }), { maxLength: 6 }),
});
