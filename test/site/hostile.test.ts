import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNumbering } from '../../src/site/numbering.ts';
import { loadSite, parseSite } from '../../src/site/site.ts';

/** Files that nobody writes by mistake. What counts: an answer that is an error, and nothing else that happens. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function firstProblem(text: string): string {
  const path = join(folder, 'site.yaml');
  writeFileSync(path, text);
  const result = loadSite(path);
  return result.kind === 'ok' ? 'ok' : (result.problems[0]?.message ?? 'no problem');
}

const count = 150_000;

describe('junk is refused with one clear error', () => {
  test.each([
    ['20 MB of letters', 'x'.repeat(20_000_000), /^the file has 20000000 bytes; a site file has at most 1048576$/],
    ['brackets without end', '['.repeat(count), /levels of mappings and lists/],
    ['braces without end', '{a: '.repeat(count), /levels of mappings and lists/],
    ['dashes without end', `${'- '.repeat(count)}x`, /levels of mappings and lists/],
    ['question marks without end', '? '.repeat(count), /levels of mappings and lists/],
    ['a list of nothing', '-\n'.repeat(420_000), /more than 400000 values/],
    ['commas', `[${','.repeat(count)}`, /nobody expects this here/],
    ['quotes', '"'.repeat(count), /nobody expects this here/],
    ['anchors', '&a '.repeat(count), /this is not YAML/],
    ['a hundred thousand keys', Array.from({ length: 100_000 }, (_, i) => `k${i}:`).join('\n'), /needs the key/],
    ['a long key', `${'k'.repeat(1_000_000)}: 1`, /./],
    ['control characters', 'gateway: \u0007\u001b[31m', /not text in UTF-8/],
    ['a byte order mark and nothing', '\uFEFF', /the file is empty/],
  ])('%s', (_, text, message) => {
    expect(firstProblem(text)).toMatch(message);
  });

  test('a file of many gigabytes is never read', () => {
    const path = join(folder, 'sparse.yaml');
    writeFileSync(path, '');
    truncateSync(path, 50e9);
    const result = loadSite(path);
    expect(result.kind === 'wrong' && result.problems[0]?.message).toMatch(/^the file has 50000000000 bytes/);
  });

  test('a folder, a path that leads nowhere, and a device that never ends', () => {
    for (const [path, message] of [
      [folder, 'this is a folder'],
      [join(folder, 'nowhere.yaml'), 'there is no such file'],
      ['/dev/zero', 'this is not an ordinary file'],
    ] as const) {
      const result = loadSite(path);
      expect(result.kind === 'wrong' && result.problems.map(problem => problem.message)).toEqual([message]);
    }
  });
});

test('keys that reach for the prototype change nothing', () => {
  const text = `
__proto__: { isPolluted: true }
constructor: { prototype: { isPolluted: true } }
gateway: { id: plant, __proto__: { isPolluted: true }, toString: x }
buses: []
devices:
  - { id: a, bus: b, points: [{ id: p, coil: 0, states: { __proto__: x, constructor: y } }] }
`;
  expect(firstProblem(text)).toContain('__proto__');
  expect(({} as Record<string, unknown>).isPolluted).toBeUndefined();
});

test('a profile name cannot lead out of the folders for profiles', () => {
  const asked: string[] = [];
  const text = `
gateway: { id: plant }
buses: [{ id: b, protocol: modbus-tcp, host: localhost }]
devices:
  - { id: a, bus: b, profile: ../../etc/passwd }
  - { id: c, bus: b, profile: /etc/passwd }
`;
  const result = parseSite(text, 'site.yaml', {
    readProfile: name => {
      asked.push(name);
      return { kind: 'missing', known: [] };
    },
    numbering: createNumbering(),
    resolvePath: path => path,
  });
  expect(result.kind).toBe('wrong');
  expect(asked).toEqual(['gateway-self']);
});

test('whatever the text, the answer is a result with places inside the file, never an exception', () => {
  const readProfile = () => ({ kind: 'missing', known: [] }) as const;
  const pieces = fc.constantFrom(
    'gateway:',
    'id',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '&a ',
    '*a',
    '!!str ',
    '|',
    '>',
    '#',
    '?',
    '\t',
    'buses:',
    'devices:',
    'alarms:',
    'points:',
    'x',
    '1',
    '0x',
    '~',
    '<<',
    '%',
    '@',
    '---\n',
    '...\n',
    '\u2028',
    '😀',
    '\r',
  );
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 60 }).map(parts => parts.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, written => {
      const result = parseSite(written, 'site.yaml', {
        readProfile,
        numbering: createNumbering(),
        resolvePath: path => path,
      });
      if (result.kind === 'ok') return;
      expect(result.problems.length).toBeGreaterThan(0);
      const lines = written.split('\n').length;
      for (const { line, column, file } of result.problems) {
        expect(file).toBe('site.yaml');
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 500 },
  );
});
