// Makes sure that the packages of package-lock.json are there, on any Node from 20 on and without a compiler.
// Plain JavaScript without a package: it runs before there is any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The Node that plantroom runs on: carried by a package, so that every gateway runs the same one. */
export const pinnedNode = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');

/**
 * Runs npm ci when package-lock.json has changed since the last time, and warms the compile cache when the sources have.
 * Ends the process when npm fails.
 *
 * @param {'all' | 'to-run'} wanted a gateway has no use for what tests, lints and measures
 */
export function ensureInstalled(wanted = 'all') {
  const lock = digestOf(['package-lock.json']);
  const isWhole = existsSync(pinnedNode) && stampOf('installed') === `${lock} all`;
  if (!isWhole) once('installed', `${lock} ${wanted}`, existsSync(pinnedNode), () => installPackages(wanted));
  // Also after an update that brought no new package: a cache of the old sources is as good as none.
  const warmed = [
    ...['src', 'drivers'].flatMap(sourcesBelow),
    ...['install.mjs', 'warm.ts'].map(name => join('scripts', name)),
  ];
  once('warmed', digestOf(warmed), true, () => warmCompileCache());
}

/** Does what was not done yet for these contents, as a stamp in node_modules tells. */
function once(what, wanted, isThere, work) {
  if (isThere && stampOf(what) === wanted) return;
  work();
  writeFileSync(stampPath(what), wanted);
}

function stampOf(what) {
  return existsSync(stampPath(what)) ? readFileSync(stampPath(what), 'utf8') : undefined;
}

function stampPath(what) {
  return join(root, 'node_modules', `.plantroom-${what}`);
}

function sourcesBelow(folder) {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter(name => name.endsWith('.ts'))
    .sort()
    .map(name => join(folder, name));
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function installPackages(wanted) {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    fail(`plantroom runs on 64-bit Linux (x64 or arm64), not on ${process.platform} ${process.arch}`);
  }
  console.error('installing the packages of package-lock.json …');
  // The npm that started us, if one did: it may not be the one on the PATH.
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const only = wanted === 'to-run' ? ['--omit=dev'] : [];
  const args = [...first, 'ci', ...only, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error || result.status !== 0) {
    fail(`npm ci failed${result.error ? `: ${result.error.message}` : ''}; is the package registry reachable?`);
  }
  if (!existsSync(pinnedNode)) fail('npm left out the pinned Node; run: npm ci --include=optional');
}

/** The folder is the one that src/bin/plantroom.mjs uses. A cold cache costs memory, so a failure here is no failure. */
export function warmCompileCache(folder = join(root, 'node_modules', '.cache', 'plantroom')) {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder };
  // The cache is kept apart by the flags of V8: the daemon's (src/bin/plantroom.mjs) and those of the other verbs, none.
  for (const flags of [['--optimize-for-size', '--expose-gc', '--heap-growing-percent=10'], []]) {
    spawnSync(pinnedNode, [...flags, 'scripts/warm.ts'], { cwd: root, stdio: 'ignore', env });
  }
}

/** Runs a program of ours on the pinned Node and hands on its exit code. */
export function runPinned(args) {
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` };
  const result = spawnSync(pinnedNode, args, { cwd: root, stdio: 'inherit', env });
  return result.status ?? 1;
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
