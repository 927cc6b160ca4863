import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

/*
 * The rules of the house (ARCHITECTURE.md), held by reading the sources. A failure names the file, the rule and why
 * the rule is there.
 */

const root = join(import.meta.dirname, '..');

interface Source {
  /** Path from the project's root: src/poll/poller.ts */
  readonly path: string;
  readonly text: string;
  /** Project files that it imports, as paths from the root. */
  readonly imports: readonly string[];
  /** npm packages that it imports as values. */
  readonly packages: readonly string[];
}

// import … from 'x'; export … from 'x'; import 'x'; import('x'); new URL('./x.ts', import.meta.url)
const importPattern =
  /(?:^(?:import|export)\s+(type\s+)?[^;]*?from\s+|^import\s+|\bimport\(\s*|new URL\(\s*)'([^']+\.(?:ts|mjs)|[a-z@][^']*)'/gm;

const sources = [...filesBelow('src'), ...filesBelow('drivers')].map(readSource);

/** Who may import whom, by room: a room is the first folder (or file) below src, or a driver. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  'driver.ts': ['base', 'model'],
  // The compiler of expressions: they are checked by what runs them.
  site: ['base', 'model', 'compute'],
  compute: ['base', 'model'],
  poll: ['base', 'model', 'driver.ts'],
  detect: ['base', 'model'],
  // Conditions, expressions and lives of alarms together: the gateway and a replay judge by the same.
  judge: ['base', 'model', 'detect', 'compute'],
  // The recorded past through the same judge.
  replay: ['base', 'model', 'judge'],
  summary: ['base', 'model'],
  history: ['base', 'model'],
  store: ['base', 'model', 'history'],
  uplink: ['base', 'model'],
  output: ['base', 'model'],
  live: ['base', 'model', 'summary', 'history', 'store', 'uplink'],
  drivers: ['base', 'model', 'driver.ts'],
  'gateway.ts': [
    ...['base', 'model', 'driver.ts', 'site', 'poll', 'judge', 'store', 'uplink', 'output', 'live'],
    'drivers',
  ],
  api: ['base', 'model', 'driver.ts', 'gateway.ts'],
  sim: ['base', 'model', 'site'],
  // The other end of the line: it reads what the uplink writes, without the code that writes it.
  receive: ['base', 'model', 'uplink'],
  // Drivers through their registry: they plan the reads that bus-load.ts forecasts from, and without a daemon the command
  // line asks devices itself, with the same driver.
  cli: [
    'base',
    'model',
    'driver.ts',
    'site',
    'poll',
    'gateway.ts',
    'api',
    'sim',
    'drivers',
    'receive',
    'uplink',
    'store',
    'replay',
  ],
  bin: ['cli'],
};

/** The only files of a room that other rooms may import. Rooms that are not listed are open. */
const faces: Readonly<Record<string, readonly string[]>> = {
  site: ['src/site/site.ts', 'src/site/site-loader.ts'],
  poll: ['src/poll/poller.ts', 'src/poll/bus-load.ts'],
  detect: ['src/detect/detector.ts', 'src/detect/life/watched-book.ts', 'src/detect/life/alarm-orders.ts'],
  compute: ['src/compute/computer.ts', 'src/compute/cel.ts', 'src/compute/inputs.ts', 'src/compute/schedule-watch.ts'],
  judge: ['src/judge/judge.ts'],
  summary: ['src/summary/summarizer.ts'],
  store: [
    'src/store/store.ts',
    'src/store/archive.ts',
    'src/store/restore.ts',
    'src/store/audit-reader.ts',
    'src/store/alarm-log-reader.ts',
    'src/store/history/history.ts',
    'src/store/history/reader.ts',
  ],
  uplink: ['src/uplink/uplink.ts', 'src/uplink/uplinks.ts', 'src/uplink/inbox.ts'],
  drivers: ['drivers/registry.ts'],
  api: ['src/api/server.ts', 'src/api/client.ts'],
};

describe('the house', () => {
  test('has rooms that this test knows', () => {
    expect([...new Set(sources.map(({ path }) => roomOf(path)))].filter(room => !(room in mayImport))).toEqual([]);
  });

  test('is built so that data flows one way: a room imports only what stands below it', () => {
    const wrong = crossings().filter(({ from, to }) => !mayImport[from.room]?.includes(to.room));
    expect(wrong.map(({ from, to }) => `${from.path} imports ${to.path}`)).toEqual([]);
  });

  test('is entered through its doors: other rooms import only the face of a room', () => {
    const wrong = crossings().filter(({ to }) => faces[to.room] && !faces[to.room]?.includes(to.path));
    expect(wrong.map(({ from, to }) => `${from.path} imports ${to.path}; use ${faces[to.room]?.join(' or ')}`)).toEqual(
      [],
    );
  });

  test('keeps its drivers strangers to each other', () => {
    const driverOf = (path: string) => path.split('/')[1];
    const wrong = sources
      .filter(({ path }) => path.startsWith('drivers/') && path !== 'drivers/registry.ts')
      .flatMap(({ path, imports }) =>
        imports
          .filter(to => to.startsWith('drivers/') && driverOf(to) !== driverOf(path))
          .map(to => `${path} imports ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  test('touches each library in exactly one file, so that its traps are met in one place', () => {
    const users = new Map<string, string[]>();
    for (const { path, packages } of sources)
      for (const name of packages) users.set(name, [...(users.get(name) ?? []), path]);
    // The uplink only tells it to keep less in memory.
    const packets = users.get('mqtt-packet') ?? [];
    users.set(
      'mqtt-packet',
      packets.filter(path => path !== 'src/uplink/packet-memory.ts'),
    );
    expect([...users].filter(([, files]) => files.length > 1)).toEqual([]);
  });

  test('has no circle of imports', () => {
    expect(findCircle()).toEqual([]);
  });
});

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly except: readonly string[];
  readonly why: string;
}

const bans: readonly Ban[] = [
  {
    what: 'the time or a timer',
    pattern: /\b(Date\.now|performance\.now|process\.hrtime|set(Timeout|Interval|Immediate))\b|new Date\(\)/,
    except: ['src/base/clock.ts'],
    why: 'take a Clock: tests and replays decide what time it is',
  },
  {
    what: 'chance',
    pattern: /Math\.random/,
    except: ['src/base/random.ts'],
    why: 'take a Random: jitter and noise must be replayable',
  },
  {
    what: 'a shell',
    pattern: /\bexec(Sync)?\(\s*['"`]|shell:\s*true|from 'node:child_process'.*\bexec\b/,
    except: [],
    why: 'a name from a site file must never reach a shell; spawn a program with a list of arguments',
  },
  {
    what: 'a write to the plant',
    pattern:
      /write(Coil|Register|File Record)s?\b|writeMultiple|maskWrite|WriteProperty|ReinitializeDevice|DeviceCommunicationControl/i,
    except: [],
    why: 'the plant is read-only: a compromised gateway must not be able to stop a fire pump',
  },
  {
    what: 'a debt marker',
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    except: [],
    why: 'do it, or write an issue',
  },
  {
    what: 'an event bus',
    pattern: /^import (?!type).*from 'node:events'/,
    except: ['drivers/modbus/'],
    why: 'stages call each other in the open; only a port handed to modbus-serial has to be an emitter',
  },
  {
    what: 'an import of http',
    pattern: /^import (?!type).*from 'node:https?'/,
    except: ['src/sim/'],
    why: 'it loads a web client and HTTP/2 along, 10 MB that a gateway keeps for nothing; see src/api/http.ts',
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.(env|exit|cwd|argv)\b/,
    except: ['src/cli/', 'src/bin/', 'src/site/secret.ts'],
    why: 'settings come through the site file and the command line',
  },
  {
    what: 'any',
    pattern: /\bas any\b|: any\b|<any>|@ts-(ignore|nocheck)/,
    except: [],
    why: 'types are the cheapest test we have',
  },
];

describe('the sources', () => {
  test.each(bans)('never use $what ($why)', ({ pattern, except }) => {
    const found = sources
      .filter(({ path }) => !except.some(place => path.startsWith(place)))
      .flatMap(({ path, text }) =>
        withoutComments(text)
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });

  test('have names that say what a thing is', () => {
    const refused = /(manager|helper|util|common|service|impl|misc|index)\b/;
    expect(sources.filter(({ path }) => refused.test(path.split('/').at(-1) ?? '')).map(({ path }) => path)).toEqual(
      [],
    );
  });

  test('keep base a closed list', () => {
    const base = sources
      .filter(({ path }) => path.startsWith('src/base/'))
      .map(({ path }) => path.slice('src/base/'.length));
    expect(base.sort()).toEqual([
      'assert.ts',
      'backoff.ts',
      'bounded-queue.ts',
      'clock.ts',
      'duration.ts',
      'errors.ts',
      'log.ts',
      'random.ts',
      'sliding-window.ts',
    ]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => /\.(ts|mjs)$/.test(path))
    .map(path => join(folder, path).split(sep).join('/'));
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const imports: string[] = [];
  const packages: string[] = [];
  for (const [, typeOnly, specifier = ''] of text.matchAll(importPattern)) {
    if (specifier.startsWith('.'))
      imports.push(
        relative(root, join(root, dirname(path), specifier))
          .split(sep)
          .join('/'),
      );
    else if (!specifier.startsWith('node:') && !typeOnly) packages.push(packageOf(specifier));
  }
  return { path, text, imports, packages: [...new Set(packages)] };
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'drivers' ? 'drivers' : second;
}

/** Every import that leaves its room. */
function crossings() {
  return sources.flatMap(({ path, imports }) =>
    imports
      .map(to => ({ from: { path, room: roomOf(path) }, to: { path: to, room: roomOf(to) } }))
      .filter(({ from, to }) => from.room !== to.room && to.path.match(/^(src|drivers)\//)),
  );
}

function findCircle(): string[] {
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of sources.find(source => source.path === path)?.imports ?? []) {
      const circle = visit(next, [...way, path]);
      if (circle.length > 0) return circle;
    }
    done.add(path);
    return [];
  };
  return sources.map(({ path }) => visit(path, [])).find(circle => circle.length > 0) ?? [];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/.*$/gm, '$1');
}
