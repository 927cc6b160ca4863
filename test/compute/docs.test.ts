import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createNumbering, loadSite, parseSite } from '../../src/site/site.ts';

const root = join(import.meta.dirname, '../..');

test('the site file of docs/computed.md is right, and its numbers are what it says', () => {
  const text = readFileSync(join(root, 'docs/computed.md'), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block);
  expect(blocks.length).toBe(4);
  const loaded = parseSite(blocks.join(''), 'computed.md', {
    numbering: createNumbering(),
    readProfile: name => ({
      kind: 'found',
      file: name,
      text: readFileSync(join(root, `config/profiles/${name}.yaml`), 'utf8'),
    }),
    resolvePath: path => path,
  });
  expect(loaded.kind === 'wrong' ? loaded.problems : []).toEqual([]);
  if (loaded.kind === 'wrong') return;
  const { points, rules, suppressions, expressions } = loaded.site;
  expect(points.filter(({ address }) => address.protocol === 'computed').map(({ key }) => key)).toEqual([
    ...['booster/specific-energy', 'booster/standby-imbalance', 'feeder/unbalance', 'computed/supply'],
  ]);
  expect(suppressions.map(({ id }) => id)).toEqual([
    'pump-off',
    'feeder-dead',
    'outside mon+tue+wed+thu+fri 22:00-06:00',
  ]);
  expect(rules.find(({ key }) => key === 'drive/communication')?.life.suppressedBy).toEqual(['feeder-dead']);
  expect(expressions.length).toBe(7);
});

test('the example site has a computed point and a suppression', () => {
  const loaded = loadSite(join(root, 'config/example-pump-room.yaml'));
  expect(loaded.kind).toBe('ok');
  if (loaded.kind === 'ok') expect(loaded.site.expressions.length).toBeGreaterThan(2);
});
