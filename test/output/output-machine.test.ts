import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callReasons, type OutputSettings, outputPatterns } from '../../src/model/output.ts';
import {
  callersAt,
  calmMs,
  type OutputInput,
  type OutputState,
  outputAt,
  quietOutput,
  stepOutput,
} from '../../src/output/output-machine.ts';
import type { StandingAlarm } from '../../src/output/standing-alarm.ts';

const longestMs = 600_000;

const siren: OutputSettings = {
  id: 'siren',
  name: 'Siren',
  kind: 'siren',
  pin: { kind: 'bcm', line: 17 },
  active: 'high',
  isOnWhenStopped: false,
  longestMs,
  rules: [
    { priorities: ['urgent'], while: 'unacknowledged', pattern: 'fast' },
    { priorities: ['high', 'urgent'], while: 'unacknowledged', pattern: 'slow' },
  ],
};

const beacon: OutputSettings = {
  ...siren,
  id: 'beacon',
  kind: 'beacon',
  longestMs: undefined,
  rules: [
    { priorities: ['urgent'], while: 'overdue', pattern: 'fast' },
    { priorities: ['urgent', 'high'], while: 'unacknowledged', pattern: 'slow' },
    { priorities: ['urgent', 'high'], while: 'active', pattern: 'steady' },
  ],
};

function alarm(name: string, changes: Partial<StandingAlarm> = {}): StandingAlarm {
  return {
    alarm: `pump/${name}`,
    call: `${name}-1`,
    comebacks: 0,
    priority: 'urgent',
    reasons: ['unacknowledged', 'active'],
    isQuiet: false,
    ...changes,
  };
}

/** Inputs with their times → the state after the last. */
function play(settings: OutputSettings, ...inputs: readonly (readonly [number, OutputInput])[]): OutputState {
  return inputs.reduce((state, [atMono, input]) => stepOutput(settings, state, input, atMono), quietOutput);
}

function alarms(...standing: readonly StandingAlarm[]): OutputInput {
  return { kind: 'alarms', alarms: standing };
}

function patternAt(settings: OutputSettings, state: OutputState, atMono: number): string {
  return outputAt(settings, state, atMono).pattern;
}

describe('the rules of an output', () => {
  test.each([
    ['an urgent alarm that nobody has answered for', alarm('low'), 'slow', 'fast'],
    ['a high one', alarm('low', { priority: 'high' }), 'slow', 'slow'],
    ['a medium one', alarm('low', { priority: 'medium' }), 'off', 'off'],
    ['one that is acknowledged and stands', alarm('low', { reasons: ['active'] }), 'steady', 'off'],
    ['one that has returned before anyone came', alarm('low', { reasons: ['unacknowledged'] }), 'slow', 'fast'],
    ['one that is acknowledged and overdue', alarm('low', { reasons: ['active', 'overdue'] }), 'fast', 'off'],
    ['one that is shelved', alarm('low', { isQuiet: true }), 'off', 'off'],
    ['one whose condition is gone, and that only waits for its reset', alarm('low', { reasons: [] }), 'off', 'off'],
  ])('%s', (_, standing, ofBeacon, ofSiren) => {
    expect(patternAt(beacon, play(beacon, [0, alarms(standing)]), 0)).toBe(ofBeacon);
    expect(patternAt(siren, play(siren, [0, alarms(standing)]), 0)).toBe(ofSiren);
  });

  test('of several alarms the one with the first rule decides, in whatever order they came', () => {
    const [low, high] = [alarm('low'), alarm('high', { priority: 'high' })];
    expect(patternAt(siren, play(siren, [0, alarms(high, low)]), 0)).toBe('fast');
    expect(patternAt(siren, play(siren, [0, alarms(low, high)]), 0)).toBe('fast');
  });
});

describe('a siren that is silenced', () => {
  const silenced = play(siren, [0, alarms(alarm('low'))], [5_000, { kind: 'silence' }]);

  test('is off, also when the list of alarms is told again', () => {
    expect(patternAt(siren, silenced, 5_000)).toBe('off');
    expect(patternAt(siren, stepOutput(siren, silenced, alarms(alarm('low')), 6_000), 6_000)).toBe('off');
  });

  test('sounds again for another alarm, and then for that one only', () => {
    const more = stepOutput(siren, silenced, alarms(alarm('low'), alarm('dry', { priority: 'high' })), 6_000);
    expect(patternAt(siren, more, 6_000)).toBe('slow');
    expect(callersAt(siren, more, 6_000)).toEqual({ alarms: ['pump/low', 'pump/dry'], silenced: 1 });
  });

  test('sounds again for the next occurrence of the same alarm, and when it is announced again', () => {
    for (const call of ['low-2', 'low-1+1']) {
      expect(patternAt(siren, stepOutput(siren, silenced, alarms(alarm('low', { call })), 6_000), 6_000)).toBe('fast');
    }
  });

  test('sounds again for one that nobody has acknowledged and that comes back hours later', () => {
    const gone = stepOutput(siren, silenced, alarms(alarm('low', { reasons: ['unacknowledged'] })), 60_000);
    const back = stepOutput(siren, gone, alarms(alarm('low', { comebacks: 1 })), 9 * 3_600_000);
    expect(patternAt(siren, back, 9 * 3_600_000)).toBe('fast');
    expect(patternAt(siren, back, 9 * 3_600_000 + longestMs)).toBe('off');
  });

  test('stays off for one that chatters, however long it does', () => {
    let state = silenced;
    for (let comebacks = 1; comebacks < 50; comebacks += 1) {
      const nowMono = comebacks * (calmMs - 1);
      state = stepOutput(siren, state, alarms(alarm('low', { comebacks })), nowMono);
      expect(patternAt(siren, state, nowMono)).toBe('off');
    }
    expect(patternAt(siren, stepOutput(siren, state, alarms(alarm('low', { comebacks: 50 })), 1e9), 1e9)).toBe('fast');
  });

  test('is not called by one that comes back while another calls in its place', () => {
    const hidden = stepOutput(siren, silenced, alarms(alarm('low', { isQuiet: true, comebacks: 1 })), 1e9);
    expect(callersAt(siren, hidden, 1e9).alarms).toEqual([]);
    expect(patternAt(siren, stepOutput(siren, hidden, alarms(alarm('low', { comebacks: 1 })), 2e9), 2e9)).toBe('fast');
  });

  test('stays off for an alarm that was hidden meanwhile and comes back', () => {
    const hidden = stepOutput(siren, silenced, alarms(alarm('low', { isQuiet: true })), 6_000);
    expect(callersAt(siren, hidden, 6_000).alarms).toEqual([]);
    expect(patternAt(siren, stepOutput(siren, hidden, alarms(alarm('low')), 7_000), 7_000)).toBe('off');
  });

  test('sounds for an alarm that was hidden when it was silenced and had never called', () => {
    const hidden = stepOutput(siren, quietOutput, alarms(alarm('low', { isQuiet: true })), 0);
    const after = stepOutput(siren, stepOutput(siren, hidden, { kind: 'silence' }, 1), alarms(alarm('low')), 2);
    expect(patternAt(siren, after, 2)).toBe('fast');
  });
});

test('a beacon is not silenced: it shows what stands', () => {
  expect(patternAt(beacon, play(beacon, [0, alarms(alarm('low'))], [1, { kind: 'silence' }]), 2)).toBe('slow');
});

test('a siren falls silent after its longest time for each alarm, a beacon never', () => {
  const later = alarm('dry', { priority: 'high' });
  const both = [0, alarms(alarm('low'))] as const;
  const state = play(siren, both, [60_000, alarms(alarm('low'), later)]);
  expect(outputAt(siren, state, longestMs - 1)).toEqual({ pattern: 'fast', why: 'alarm', untilMono: longestMs });
  expect(outputAt(siren, state, longestMs)).toEqual({ pattern: 'slow', why: 'alarm', untilMono: longestMs + 60_000 });
  expect(patternAt(siren, state, longestMs + 60_000)).toBe('off');
  expect(callersAt(siren, state, longestMs + 60_000).silenced).toBe(2);
  expect(patternAt(beacon, play(beacon, both), 1e9)).toBe('slow');
});

test('a test switches an output on, whatever the alarms say, until it is over or ended', () => {
  const tested = play(siren, [0, { kind: 'test', durationMs: 3_000 }]);
  expect(outputAt(siren, tested, 2_999)).toEqual({ pattern: 'steady', why: 'test', untilMono: 3_000 });
  expect(patternAt(siren, tested, 3_000)).toBe('off');
  expect(patternAt(siren, stepOutput(siren, tested, { kind: 'test', durationMs: 0 }, 1_000), 1_000)).toBe('off');
  const withAlarm = stepOutput(siren, tested, alarms(alarm('low')), 1_000);
  expect(patternAt(siren, withAlarm, 3_000)).toBe('fast');
});

/*
 * The model: written the slow way, from the whole history each time. A call sounds when nobody has silenced since it was
 * first heard, and its time is not over.
 */
const standingAlarms = fc.uniqueArray(
  fc.record({
    alarm: fc.constantFrom('a/1', 'a/2'),
    occurrence: fc.integer({ min: 1, max: 2 }),
    priority: fc.constantFrom('high' as const, 'urgent' as const),
    reasons: fc.subarray([...callReasons]),
    isQuiet: fc.boolean(),
  }),
  { selector: ({ alarm }) => alarm },
);
const inputs = fc.array(
  fc.record({
    waitMs: fc.constantFrom(0, 1_000, longestMs / 2, longestMs - 1_000),
    input: fc.oneof(
      standingAlarms.map(list =>
        alarms(...list.map(one => ({ ...one, call: `${one.alarm}-${one.occurrence}`, comebacks: 0 }))),
      ),
      fc.constant<OutputInput>({ kind: 'silence' }),
    ),
  }),
  { maxLength: 30 },
);
const anySettings = fc.record({
  kind: fc.constantFrom('siren' as const, 'beacon' as const),
  rules: fc.array(
    fc.record({
      priorities: fc.subarray(['high' as const, 'urgent' as const], { minLength: 1 }),
      while: fc.constantFrom(...callReasons),
      pattern: fc.constantFrom(...outputPatterns),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

test('in any history an output does what a naive reading of all that happened says', () => {
  fc.assert(
    fc.property(anySettings, inputs, (shape, history) => {
      const settings = { ...siren, ...shape, longestMs: shape.kind === 'siren' ? longestMs : undefined };
      let state = quietOutput;
      let nowMono = 0;
      const past: { atMono: number; input: OutputInput }[] = [];
      for (const { waitMs, input } of history) {
        nowMono += waitMs;
        state = stepOutput(settings, state, input, nowMono);
        past.push({ atMono: nowMono, input });
        for (const atMono of [nowMono, nowMono + longestMs / 2, nowMono + longestMs]) {
          expect(patternAt(settings, state, atMono)).toBe(naivePattern(settings, past, atMono));
        }
      }
    }),
    { numRuns: 5_000 },
  );
});

function naivePattern(
  settings: OutputSettings,
  past: readonly { readonly atMono: number; readonly input: OutputInput }[],
  atMono: number,
): string {
  const lists = past.flatMap(({ atMono: at, input }, index) =>
    input.kind === 'alarms' ? [{ at, index, alarms: input.alarms }] : [],
  );
  const rankOf = ({ isQuiet, priority, reasons }: StandingAlarm) =>
    settings.rules.findIndex(rule => !isQuiet && rule.priorities.includes(priority) && reasons.includes(rule.while));
  const isCalling = (one: StandingAlarm | undefined) => one !== undefined && rankOf(one) >= 0;
  const sounding = (lists.at(-1)?.alarms ?? []).filter(one => {
    if (!isCalling(one)) return false;
    // Since when it has stood without a break, and when it first called in that time.
    const isIn = (list: (typeof lists)[number]) => list.alarms.find(({ call }) => call === one.call);
    const gap = lists.findLastIndex(list => !isIn(list));
    const first = lists.slice(gap + 1).find(list => isCalling(isIn(list)));
    if (!first || settings.kind === 'beacon') return true;
    if (atMono >= first.at + longestMs) return false;
    // Silenced while it called.
    return !past.some(({ input }, index) => {
      if (input.kind !== 'silence' || index < first.index) return false;
      const shown = lists.findLast(list => list.index < index);
      return shown !== undefined && isCalling(isIn(shown));
    });
  });
  return settings.rules[Math.min(...sounding.map(rankOf))]?.pattern ?? 'off';
}
