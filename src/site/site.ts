import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf } from '../base/errors.ts';
import type { Site } from '../model/site.ts';
import { buildRules } from './alarm.ts';
import type { Build } from './build.ts';
import { buildBuses, selfBus } from './bus.ts';
import { buildBusAlarms } from './bus-alarm.ts';
import { buildComputedPoints } from './computed.ts';
import { crossChecks } from './cross-checks.ts';
import { buildDevices, selfProfileName } from './device.ts';
import { buildExpressions } from './expressions.ts';
import { siteLimits } from './limits.ts';
import type { LoadResult } from './load-result.ts';
import { languageOf, localize } from './localize.ts';
import { createNumbering, type Numbering } from './numbering.ts';
import { buildOutputs } from './output.ts';
import { buildGroups, buildPolicies } from './priorities.ts';
import { type Place, Problems, type SiteProblem } from './problem.ts';
import { createProfileShelf, type ProfileText, type ReadProfile } from './profile.ts';
import { expandRuleSets } from './rule-set-expansion.ts';
import { parseScenario, type ScenarioNames, type ScenarioResult } from './scenario.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { buildStore } from './store.ts';
import { placeOf, type Tree, readText as textOf } from './tree.ts';
import { buildGateway, buildUplinks } from './uplink.ts';
import { parseYaml } from './yaml.ts';

export type { LoadResult } from './load-result.ts';
export { createNumbering, type Numbering } from './numbering.ts';
export { formatProblem, type Place, type SiteProblem } from './problem.ts';
export type { ScenarioEvent, ScenarioNames, ScenarioResult } from './scenario.ts';
export { addItems } from './site-edit.ts';

export interface ParseOptions {
  readonly readProfile: ReadProfile;
  readonly numbering: Numbering;
  /** Makes a path of the site file absolute. */
  readonly resolvePath: (path: string) => string;
}

/** The profiles that come with plantroom. */
const shippedProfiles = fileURLToPath(new URL('../../config/profiles', import.meta.url));

/**
 * Reads a site file and its profiles, synchronously: for tools that have nothing else to do. A running gateway loads its
 * site through site-loader.ts.
 */
export function loadSite(path: string, options: { readonly numbering?: Numbering } = {}): LoadResult {
  const file = readText(path);
  if (file.kind === 'unreadable') {
    return { kind: 'wrong', problems: [unreadable(path, file)] };
  }
  const folder = dirname(resolve(path));
  return parseSite(file.text, path, {
    readProfile: createProfileReader(join(folder, 'profiles')),
    numbering: options.numbering ?? createNumbering(),
    resolvePath: written => resolve(folder, written),
  });
}

function unreadable(path: string, { message, hint }: { readonly message: string; readonly hint: string }): SiteProblem {
  return { file: path, line: 1, column: 1, text: '', message, hint, severity: 'error' };
}

/** Reads what is to happen to a simulated plant. */
export function loadScenario(path: string, names: ScenarioNames): ScenarioResult {
  const file = readText(path);
  if (file.kind === 'unreadable') return { kind: 'wrong', problems: [unreadable(path, file)] };
  return parseScenario(file.text, path, names);
}

/** Who made the devices of a profile, and which models it fits; undefined where the profile cannot be read. */
export function loadMaker(
  sitePath: string,
  profile: string,
): Pick<Raw<'modbusProfile'>, 'vendor' | 'model'> | undefined {
  const read = createProfileReader(join(dirname(resolve(sitePath)), 'profiles'));
  const nowhere = { file: sitePath, line: 1, column: 1, text: '' };
  const settings = createProfileShelf(read, new Problems(), 'en').take(profile, nowhere)?.settings;
  return settings && { vendor: settings.vendor, model: settings.model };
}

/** The text of a site file → the site, or every problem at once. Reads nothing but profiles, by the function given. */
export function parseSite(text: string, file: string, options: ParseOptions): LoadResult {
  const problems = new Problems();
  const written = checkText(text, file, problems) ? parseYaml(text, file, problems) : undefined;
  const language = written ? languageOf(written) : 'en';
  const profiles = createProfileShelf(options.readProfile, problems, language);
  const { numbering, resolvePath } = options;
  const built =
    written && buildSite(localize(written, language), { problems, profiles, language, numbering, resolvePath });
  if (!built || problems.hasErrors) return { kind: 'wrong', problems: problems.list() };
  return { kind: 'ok', ...built, warnings: problems.list(), files: [file, ...profiles.files] };
}

interface BuiltSite {
  readonly site: Site;
  readonly busPlaces: ReadonlyMap<string, Place>;
}

function buildSite(written: Tree, build: Build): BuiltSite | undefined {
  if (!readShape('site', 'the site file', written, build.problems) && written.kind !== 'map') return undefined;
  const gateway = buildGateway(written, build);
  const uplinks = buildUplinks(written, gateway?.id ?? '', build);
  const store = buildStore(written, build);
  const buses = buildBuses(written, build);
  const bare = buildDevices(written, buses, build);
  const { tree, reports, off } = expandRuleSets(written, bare, build);
  const computed = buildComputedPoints(tree, bare, build);
  const { devices } = computed;
  const policies = buildPolicies(tree, build);
  const groups = buildGroups(tree, build);
  const outputs = buildOutputs(tree, build);
  const rules = buildRules(tree, devices, { ...build, policies, off });
  for (const check of crossChecks) check({ tree, buses, devices, rules, groups }, build.problems);
  const built = [...devices.built.values()].map(({ device }) => device);
  const wires = [...buses.built.values()].map(({ bus }) => bus);
  const ofDevices = rules.map(({ rule }) => rule);
  const allRules = [...ofDevices, ...buildBusAlarms(wires, built, ofDevices, build.language)];
  const expressions = buildExpressions(tree, computed, rules, allRules, build);
  if (!gateway) return undefined;
  const site = {
    gateway,
    uplinks,
    store,
    buses: [...wires, selfBus],
    devices: built,
    points: built.flatMap(device => device.points),
    rules: allRules,
    ...expressions,
    ruleSets: reports,
    policies,
    groups: [...groups.built.values()],
    outputs,
  };
  return { site, busPlaces: new Map([...buses.built].map(([id, draft]) => [id, placeOf(draft.tree)])) };
}

/** What no YAML reader should ever see. */
function checkText(text: string, file: string, problems: Problems): boolean {
  const start = { file, line: 1, column: 1, text: '' };
  if (Buffer.byteLength(text) > siteLimits.maxFileBytes) {
    problems.error(start, tooLong(Buffer.byteLength(text)), 'is this the site file?');
  } else if (text.trim() === '') {
    problems.error(start, 'the file is empty', 'config/demo.yaml of plantroom is a model of a site file');
  } else {
    // Tab, line feed and carriage return are the only control characters of a text file.
    const binary = /[^\P{Cc}\t\n\r\u0085]|\uFFFD/u.exec(text);
    if (!binary) return true;
    const before = text.slice(0, binary.index).split('\n');
    const place = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, text: '' };
    problems.error(place, 'this is not text in UTF-8', 'save the file as UTF-8; is it the site file at all?');
  }
  return false;
}

function tooLong(bytes: number): string {
  return `the file has ${bytes} bytes; a site file has at most ${siteLimits.maxFileBytes}`;
}

type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly message: string; readonly hint: string; readonly code: string | undefined };

function readText(path: string): FileText {
  try {
    const stat = statSync(path);
    const { size } = stat;
    // Reading a pipe or a device may never end.
    if (!stat.isFile() && !stat.isDirectory()) {
      return { kind: 'unreadable', message: 'this is not an ordinary file', hint: 'check the path', code: undefined };
    }
    // Before it is read: a file of many gigabytes would take the memory with it.
    if (size > siteLimits.maxFileBytes) {
      return { kind: 'unreadable', message: tooLong(size), hint: 'is this the site file?', code: undefined };
    }
    return { kind: 'text', text: readFileSync(path, 'utf8') };
  } catch (thrown) {
    const code = codeOf(thrown);
    const known: Record<string, readonly [string, string]> = {
      ENOENT: ['there is no such file', 'check the path'],
      EISDIR: ['this is a folder', 'give the path of the site file in it'],
      EACCES: ['the file may not be read', 'check its owner and its rights'],
    };
    const [message, hint] = known[code ?? ''] ?? [`the file cannot be read: ${messageOf(thrown)}`, 'check the path'];
    return { kind: 'unreadable', message, hint, code };
  }
}

/** Looks for a profile beside the site file first, then among those that come with plantroom. */
function createProfileReader(siteFolder: string): ReadProfile {
  return name => {
    // The gateway's own profile describes this very program: nothing beside a site file can know better.
    const folders = name === selfProfileName ? [shippedProfiles] : [siteFolder, shippedProfiles];
    for (const folder of folders) {
      const path = join(folder, `${name}.yaml`);
      const file = relative('.', path).startsWith('..') ? path : relative('.', path);
      const found = readText(path);
      if (found.kind === 'text') return { kind: 'found', file, text: found.text };
      if (found.code !== 'ENOENT' && found.code !== 'ENOTDIR') {
        return { kind: 'unreadable', file, message: found.message };
      }
    }
    const known = new Set(folders.flatMap(folder => listProfiles(join(folder, dirname(name)))));
    return { kind: 'missing', known: [...known].sort() } satisfies ProfileText;
  };
}

/** What the profiles that come with plantroom say of the devices they fit; those that cannot be read are left out. */
export function readProfileHeads(): { readonly name: string; readonly vendor: string; readonly model: string }[] {
  return listProfiles(shippedProfiles).flatMap(name => {
    const file = readText(join(shippedProfiles, `${name}.yaml`));
    if (file.kind !== 'text') return [];
    // The points are the long part of a profile, and nobody asks for them here.
    const [head = ''] = file.text.split(/^points:/m);
    const tree = parseYaml(head, name, new Problems());
    const [vendor, model] = tree ? [textOf(tree, 'vendor'), textOf(tree, 'model')] : [];
    return vendor !== undefined && model !== undefined ? [{ name, vendor, model }] : [];
  });
}

function listProfiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(name => name.endsWith('.yaml'));
    return names.map(name => name.slice(0, -'.yaml'.length)).filter(name => name !== selfProfileName);
  } catch {
    // Most sites have no profiles of their own.
    return [];
  }
}
