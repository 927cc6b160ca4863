import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseScenario } from '../../src/site/scenario.ts';
import { formatProblem } from '../../src/site/site.ts';

const names = {
  buses: ['pump-room', 'line-1'],
  faults: new Map([
    ['booster', ['pump-trip', 'silent', 'noise-before']],
    ['tank', ['silent']],
  ]),
};

function read(...lines: readonly string[]) {
  return parseScenario(`events:\n${lines.map(line => `  - ${line}\n`).join('')}`, 'bad-day.yaml', names);
}

function problemsOf(result: ReturnType<typeof parseScenario>): string[] {
  return result.kind === 'wrong' ? result.problems.map(formatProblem) : [];
}

test('a scenario says what happens, when, for how long and how often', () => {
  expect(
    read(
      '{ at: 10s, device: booster, fault: silent, for: 20s }',
      '{ at: 1m, unplug: line-1, for: 500ms, every: 2m }',
      '{ at: 0s, plug: pump-room }',
      '{ at: 90s, clear: tank }',
    ),
  ).toEqual({
    kind: 'ok',
    events: [
      {
        atMs: 10_000,
        everyMs: undefined,
        forMs: 20_000,
        happening: { kind: 'fault', device: 'booster', fault: 'silent' },
      },
      { atMs: 60_000, everyMs: 120_000, forMs: 500, happening: { kind: 'unplug', bus: 'line-1' } },
      { atMs: 0, everyMs: undefined, forMs: undefined, happening: { kind: 'plug', bus: 'pump-room' } },
      { atMs: 90_000, everyMs: undefined, forMs: undefined, happening: { kind: 'clear', device: 'tank' } },
    ],
  });
});

describe('a wrong scenario is explained, with the place of each mistake', () => {
  test.each([
    [
      '{ at: 10s, device: boster, fault: silent }',
      '2:24: error: the simulated plant has no device "boster"\n  did you mean booster?',
    ],
    ['{ at: 10s, device: tank, fault: pump-trip }', '2:37: error: tank has no fault "pump-trip"\n  its faults: silent'],
    ['{ at: 10s, unplug: line-2 }', '2:24: error: the simulated plant has no bus "line-2"\n  did you mean line-1?'],
    ['{ at: 10, unplug: line-1 }', '2:11: error: "10" is not a valid value for at\n  write a duration from 0s to 7d'],
    ['{ unplug: line-1 }', '2:5: error: an event needs the key "at"'],
    ['{ at: 1s, unplug: line-1, evry: 2m }', '2:31: error: an event has no key "evry"\n  did you mean every?'],
    ['{ at: 1s, device: tank }', '2:5: error: an event is one thing that happens\n  write device: and fault:'],
    ['{ at: 1s, unplug: line-1, plug: line-1 }', '2:5: error: an event is one thing that happens'],
    ['{ at: 1s, plug: line-1, for: 2s }', '2:29: error: "plug" has no end\n  leave out for:'],
    ['{ at: 1s, unplug: line-1, for: 2s, every: 2s }', '2:36: error: it ends after it begins again'],
  ])('%s', (line, problem) => {
    const [first, ...others] = problemsOf(read(line));
    expect(first).toContain(`bad-day.yaml:${problem}`);
    expect(others).toEqual([]);
  });

  test('all of its mistakes at once', () => {
    expect(problemsOf(read('{ at: 1s, clear: x }', '{ at: 1s, plug: y }', '{ at: 1s }'))).toHaveLength(3);
  });

  test.each(['', 'events: []', 'events: [', '- at: 1s'])('%j', text => {
    expect(problemsOf(parseScenario(text, 'bad-day.yaml', names))).toHaveLength(1);
  });
});

test('the example is right for an editor too', () => {
  const config = join(import.meta.dirname, '..', '..', 'config');
  const text = readFileSync(join(config, 'scenario.yaml'), 'utf8');
  const check = new Ajv().compile(JSON.parse(readFileSync(join(config, 'scenario.schema.json'), 'utf8')));
  check(parse(text));
  expect(check.errors ?? []).toEqual([]);
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./scenario.schema.json');
});
