// Compiles epoll, the one native addon that comes without binaries: onoff, which switches GPIO pins, needs it. Only where
// it is asked for: a gateway without beacon and siren needs no compiler.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, pinnedNode, root } from './install.mjs';

const epoll = join(root, 'node_modules', 'epoll');

/** Ends the process when it cannot be done. */
export function ensureGpio() {
  if (!existsSync(join(root, 'node_modules', 'onoff'))) fail('npm left out onoff; run: npm ci --include=optional');
  if (loads()) {
    console.error('GPIO: the addon is there');
    return;
  }
  const missing = ['g++', 'make', 'python3'].filter(tool => spawnSync(tool, ['--version']).error);
  if (missing.length > 0) {
    fail(`GPIO needs ${missing.join(', ')} to compile an addon: sudo apt-get install g++ make python3, then again`);
  }
  const nodeGyp = findNodeGyp();
  if (!nodeGyp) fail('GPIO: npm came without node-gyp; start this by npm: npm run setup -- --gpio');
  console.error('GPIO: compiling the addon of onoff …');
  // The headers of the Node that will load it: those of the Node that npm runs on may be others.
  const env = { ...process.env, npm_config_nodedir: dirname(dirname(pinnedNode)) };
  const result = spawnSync(process.execPath, [nodeGyp, 'rebuild', '-C', epoll], { cwd: root, env, encoding: 'utf8' });
  if (result.status !== 0 || !loads()) fail(`GPIO: the addon does not compile:\n${result.stdout}${result.stderr}`);
  console.error('GPIO: the addon is compiled');
}

/** Whether the pinned Node can load it, as the gateway will. */
function loads() {
  return spawnSync(pinnedNode, ['-e', "require('onoff')"], { cwd: root, stdio: 'ignore' }).status === 0;
}

/** npm carries it, and tells the scripts that it runs where. */
function findNodeGyp() {
  const npm = process.env.npm_execpath;
  const places = [
    process.env.npm_config_node_gyp,
    npm && join(dirname(npm), '..', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'),
  ];
  return places.find(place => place && existsSync(place));
}
