import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSite } from '../../src/site/site.ts';
import { createSiteLoader } from '../../src/site/site-loader.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-loader-'));
  path = join(folder, 'site.yaml');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...pointIds: string[]): void {
  const points = pointIds.map(id => `      - {id: ${id}, holding-register: 1, type: u16, states: {0: off, 1: on}}`);
  const head = 'gateway: {id: g, name: G}\nbuses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]\n';
  writeFileSync(path, `${head}devices:\n  - id: d\n    bus: b\n    points:\n${points.join('\n')}\n`);
}

test('a site that was read in a thread of its own is the same site', async () => {
  write('one', 'two');
  const apart = await createSiteLoader(path).load();
  expect(apart).toEqual(loadSite(path));
  if (apart.kind !== 'ok') throw new Error('the site is right');
  // What is one thing stays one thing: a point of a device is the point of the site.
  expect(apart.site.devices[0]?.points[0]).toBe(apart.site.points[0]);
});

test('a point keeps its number over reloads, and the number of one that went is not given to another', async () => {
  const loader = createSiteLoader(path);
  const numbers = async () => {
    const loaded = await loader.load();
    if (loaded.kind !== 'ok') throw new Error('the site is right');
    return new Map(loaded.site.points.map(({ key, number }) => [key, number]));
  };
  write('one', 'two');
  const first = await numbers();
  write('three', 'two');
  const second = await numbers();
  write('one', 'three');
  const third = await numbers();
  expect(second.get('d/two')).toBe(first.get('d/two'));
  expect([...first.values()]).not.toContain(second.get('d/three'));
  expect(third.get('d/one')).toBe(first.get('d/one'));
  expect(third.get('d/three')).toBe(second.get('d/three'));
});

test('a wrong file is told as it is elsewhere, and a missing one too', async () => {
  const loader = createSiteLoader(path);
  expect(await loader.load()).toEqual(loadSite(path));
  writeFileSync(path, 'gateway: [');
  expect(await loader.load()).toEqual(loadSite(path));
});
