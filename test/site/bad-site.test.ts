import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatProblem, loadSite } from '../../src/site/site.ts';

/** Wrong site files and what is said of each. `UPDATE_GOLDEN=1` rewrites what is said: read the difference. */
const folder = fileURLToPath(new URL('../fixtures/bad-site', import.meta.url));
const names = readdirSync(folder)
  .filter(name => name.endsWith('.yaml'))
  .map(name => name.slice(0, -'.yaml'.length));

function say(name: string): string {
  const result = loadSite(join(folder, `${name}.yaml`));
  const problems = result.kind === 'ok' ? result.warnings : result.problems;
  const lines = problems.map(problem => formatProblem(problem));
  return `${[result.kind, ...lines].join('\n')}\n`
    .replaceAll(`${folder}/`, '')
    .replaceAll(`${relative('.', folder)}/`, '');
}

describe('a wrong site file gets exactly these problems', () => {
  test.each(names)('%s', name => {
    const golden = join(folder, `${name}.txt`);
    const said = say(name);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, said);
    expect(said).toBe(existsSync(golden) ? readFileSync(golden, 'utf8') : '');
  });
});

test('there are enough wrong files to call the messages tested', () => {
  expect(names.length).toBeGreaterThanOrEqual(45);
});

test('no message repeats a secret', () => {
  for (const name of names) expect(say(name)).not.toContain('swordfish');
});

test('every problem has a place and says what to do', () => {
  for (const name of names) {
    const result = loadSite(join(folder, `${name}.yaml`));
    for (const problem of result.kind === 'ok' ? result.warnings : result.problems) {
      expect(problem.line, name).toBeGreaterThan(0);
      expect(problem.column, name).toBeGreaterThan(0);
      expect(problem.hint, `${name}: ${problem.message}`).not.toBe('');
      expect(`${problem.message}${problem.hint}`, name).not.toMatch(
        /undefined|NaN|\[object|invalid (input|string)|too small|expected/i,
      );
    }
  }
});
