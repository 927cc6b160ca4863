import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createNumbering } from '../../src/site/numbering.ts';
import { classJsonSchema, profileJsonSchema, scenarioJsonSchema, siteJsonSchema } from '../../src/site/schema.ts';
import { formatProblem, loadSite, parseSite } from '../../src/site/site.ts';

const config = fileURLToPath(new URL('../../config', import.meta.url));
const text = (path: string) => readFileSync(`${config}/${path}`, 'utf8');
const namesIn = (folder: string) =>
  readdirSync(`${config}/${folder}`).flatMap(name => (name.endsWith('.yaml') ? name.replace(/\.yaml$/, '') : []));
const profiles = namesIn('profiles');
const sites = ['demo.yaml', 'demo-rule-sets.yaml', 'demo-bacnet.yaml', 'example-pump-room.yaml', 'example-tower.yaml'];

describe('the JSON Schemas that editors read are those of the code: npm run schema', () => {
  test.each([
    ['site.schema.json', siteJsonSchema],
    ['profile.schema.json', profileJsonSchema],
    ['class.schema.json', classJsonSchema],
    ['scenario.schema.json', scenarioJsonSchema],
  ])('%s', (path, make) => {
    expect(JSON.parse(text(path))).toEqual(JSON.parse(JSON.stringify(make())));
  });
});

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const checkSite = ajv.compile(JSON.parse(text('site.schema.json')));
const checkClass = ajv.compile(JSON.parse(text('class.schema.json')));
const checkProfile = ajv.compile(JSON.parse(text('profile.schema.json')));

test('an editor explains every key', () => {
  const dumb: string[] = [];
  const visit = (schema: Record<string, unknown>, path: string) => {
    for (const [key, value] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
      if (value.description === undefined) dumb.push(`${path}/${key}`);
      visit(value, `${path}/${key}`);
    }
    const inner = [schema.items, ...((schema.anyOf ?? []) as unknown[])].filter(part => typeof part === 'object');
    for (const part of inner) visit(part as Record<string, unknown>, path);
  };
  visit(siteJsonSchema() as Record<string, unknown>, 'site');
  visit(classJsonSchema() as Record<string, unknown>, 'class');
  visit(profileJsonSchema() as Record<string, unknown>, 'profile');
  expect(dumb).toEqual([]);
});

describe('the site files that come with plantroom are right', () => {
  test.each(sites)('%s', path => {
    const result = loadSite(`${config}/${path}`);
    expect(result.kind === 'ok' ? result.warnings.map(formatProblem) : result.problems.map(formatProblem)).toEqual([]);
    checkSite(parse(text(path)));
    expect(checkSite.errors ?? []).toEqual([]);
    expect(text(path).split('\n')[0]).toBe('# yaml-language-server: $schema=./site.schema.json');
  });

  test('the demo stays short enough to be read', () => {
    expect(text('demo.yaml').split('\n').length).toBeLessThan(120);
  });
});

describe('every profile that comes with plantroom loads', () => {
  test.each(profiles)('%s', name => {
    checkProfile(parse(text(`profiles/${name}.yaml`)));
    expect(checkProfile.errors ?? []).toEqual([]);
    expect(text(`profiles/${name}.yaml`).split('\n')[0]).toBe('# yaml-language-server: $schema=../profile.schema.json');
    if (name === 'gateway-self') return;
    const { protocol, points, computed = [] } = parse(text(`profiles/${name}.yaml`));
    const isBacnet = protocol === 'bacnet';
    const site = `
gateway: { id: test }
buses: [{ id: wire, protocol: ${isBacnet ? 'bacnet-ip' : 'modbus-tcp, host: 192.0.2.7'} }]
devices: [{ id: device, bus: wire, profile: ${name} ${isBacnet ? ', instance: 1001, object-offset: 3' : ''} }]
`;
    const result = parseSite(site, 'site.yaml', {
      readProfile: wanted => ({ kind: 'found', file: `${wanted}.yaml`, text: text(`profiles/${wanted}.yaml`) }),
      numbering: createNumbering(),
      resolvePath: path => path,
    });
    expect(result.kind === 'ok' ? result.warnings : result.problems.map(formatProblem)).toEqual([]);
    const listed = points.length + computed.length;
    expect(result.kind === 'ok' && result.site.devices[0]?.points.length).toBe(listed);
  });
});

test.each(namesIn('profiles/classes'))('the rule set %s is one for editors, too', name => {
  const written = text(`profiles/classes/${name}.yaml`);
  checkClass(parse(written));
  expect(checkClass.errors ?? []).toEqual([]);
  expect(written.split('\n')[0]).toBe('# yaml-language-server: $schema=../../class.schema.json');
});

test('each profile says where its facts come from and names its points in both languages', () => {
  for (const name of profiles) {
    const profile = parse(text(`profiles/${name}.yaml`));
    expect(profile.source.length, name).toBeGreaterThan(0);
    for (const point of profile.points) {
      expect(point.name, `${name}/${point.id}`).toBeTruthy();
      expect(point['name-zh'], `${name}/${point.id}`).toBeTruthy();
    }
  }
});
