import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CelType, celLimits, compileCel } from '../../src/compute/cel.ts';

const types = new Map<string, CelType>([
  ['p', 'double'],
  ['dp', 'double'],
  ['run', 'string'],
  ['dead', 'bool'],
]);
const values = { p: 4, dp: -0.5, run: 'off', dead: true };

function evaluate(text: string, given: Record<string, number | string | boolean> = values) {
  const compiled = compileCel(text, types);
  if (compiled.kind === 'wrong') throw new Error(`${text}: ${compiled.message}`);
  return compiled.evaluate(given);
}

function wrong(text: string) {
  const compiled = compileCel(text, types);
  if (compiled.kind === 'compiled') throw new Error(`${text} was let through`);
  return { ...compiled, part: text.slice(compiled.start, compiled.end) };
}

test.each([
  ['p ? 1.0 : 0.0', 'a measured number does not say yes or no: p', 'compare it'],
  ['p && dead', 'a measured number does not say yes or no', 'compare it'],
  ['!p', '!p does not fit', '! stands before what says yes or no'],
  ['p % 2.0', '"%" cannot join a measured number and a measured number', 'int(a) % 2'],
  ['1 < p < 3', '"<" cannot join a yes or no and a whole number', '1.0 < p && p < 3.0'],
  ['dead ? 1 : p', 'one side of the : is a whole number, the other a measured number', '100.0'],
  ['dead ? run : p', 'one side of the : is a text, the other a measured number', 'two texts'],
  ['p > 1.0 and dead', '"and" cannot stand here', '&& for and'],
  ['if dead then p', '"if" cannot stand here', 'CONDITION ? ONE : OTHER'],
  ['p => 3.0', '"=" cannot stand here', '>='],
  ['p = 3.0', '"=" cannot stand here', '=='],
  ['p > 1,5', '"," cannot stand here', 'decimal point'],
  ['p > 3 bar', '"bar" cannot stand here', '{value: 3 bar}'],
  ['p > 50%', 'ends too early', '{value: 3 bar}'],
  ['run == “off”', '"“" cannot stand here', 'English keyboard'],
  ['(p > 1.0', 'ends too early', 'a bracket'],
  ['p >', 'ends too early', 'a value'],
  ["run == 'off", '"\'off" cannot stand here', 'the quote'],
  ['max(p)', 'max(p) does not fit', 'two or three'],
])('of %s people are told what is wrong with it, and what to write', (text, message, hint) => {
  expect(wrong(text).message).toContain(message);
  expect(wrong(text).hint).toContain(hint);
});

describe('an expression', () => {
  test.each([
    ['p < 5.0 && dp < 0.0', true],
    ["run == 'off'", true],
    ["run in ['off', 'fault']", true],
    ["run.startsWith('o') && size(run) == 3", true],
    ['dead && !(p > 5.0)', true],
    ['dead ? 1.0 : 0.0', 1],
    ['p * 100.0 / 8.0', 50],
    ['max(p, 1.0, 9.0) - min(p, 1.0)', 8],
    ['abs(dp)', 0.5],
    ['sqrt(p)', 2],
    ['7 / 2', 3],
    ["p > 3.0 ? 'high' : 'normal'", 'high'],
    // A measured value may be compared with a whole number.
    ['p > 3', true],
  ])('%s gives %s', (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  test.each(['p / (dp + 0.5)', '(dp + 0.5) / (dp + 0.5)', 'sqrt(dp)', '1 / 0', '1 % 0', 'double(run)'])(
    '%s has no value',
    text => {
      expect(evaluate(text)).toBeUndefined();
    },
  );
});

describe('a wrong expression is refused when the site is loaded, at its place', () => {
  test.each([
    ['p > ', /no expression in CEL/, ''],
    ['p > 3.0 && q > 1.0', /"q" is no input/, 'q'],
    ['run == off', /"off" is no input/, 'off'],
    ['p * 100 / 3.0', /cannot join a measured number and a whole number/, 'p * 100'],
    ['p > run', /cannot join a measured number and a text/, 'p > run'],
    ['p && dead', /./, 'p && dead'],
    ['max(p, 1)', /does not fit/, 'max(p, 1)'],
    ["run.matches('(a+)+$')", /no method "matches"/, "run.matches('(a+)+$')"],
    ['[1, 2].all(x, x > 0)', /no method "all"/, '[1, 2].all(x, x > 0)'],
    ["timestamp('2026-01-01T00:00:00Z')", /no function "timestamp"/, "timestamp('2026-01-01T00:00:00Z')"],
    ['run.constructor', /no parts/, 'run.constructor'],
    ['p.toString()', /no method "toString"/, 'p.toString()'],
    ['constructor', /"constructor" is no input/, 'constructor'],
    ['__proto__', /./, '__proto__'],
    ["{'a': p}", /too large/, ''],
    ['[p, 1.0]', /gives a list/, '[p, 1.0]'],
    ['', /./, ''],
  ])('%s', (text, message, part) => {
    const found = wrong(text);
    expect(found.message).toMatch(message);
    expect(found.hint).not.toBe('');
    if (part !== '') expect(found.part).toBe(part);
  });

  test('one that is too long, too deep or has too many parts', () => {
    expect(wrong('1'.padEnd(celLimits.maxLength + 1, ' ')).hint).toMatch(/1000/);
    expect(wrong(`${'('.repeat(400)}p${')'.repeat(400)}`).message).toMatch(/too large/);
    expect(wrong(`p${' + p'.repeat(150)}`).message).toMatch(/too large/);
    expect(wrong(`${'!'.repeat(900)}dead`).message).not.toBe('');
  });

  test('whatever is written, the answer is a value or a reason, and nothing leaks into objects', () => {
    const piece = fc.constantFrom(
      ...['p', 'dp', 'run', 'dead', '1', '2.0', "'off'", '(', ')', '+', '-', '*', '/', '%', '<', '==', '&&', '||', '!'],
      ...['?', ':', '[', ']', '{', '}', '.', ',', 'in', 'size', 'max', 'map', 'all', 'has', '__proto__', 'constructor'],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join(' ')),
      fc.string({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(text, written => {
        const compiled = compileCel(written, types);
        if (compiled.kind === 'compiled') {
          expect(['number', 'string', 'boolean', 'undefined']).toContain(typeof compiled.evaluate(values));
        } else {
          expect(compiled.start).toBeGreaterThanOrEqual(0);
          expect(compiled.end).toBeLessThanOrEqual(written.length);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
