// npm test [-- FILTER]: installs what is missing, then types, lint, unused code, and every test.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureInstalled, fail, runPinned } from './install.mjs';
import { ensureGpio } from './install-gpio.mjs';

/** Debian packages that the integration tests need, each with a file that shows it is there. */
const counterparts = [
  { package: 'mosquitto', program: 'mosquitto' },
  { package: 'mosquitto-clients', program: 'mosquitto_sub' },
  { package: 'sqlite3', program: 'sqlite3' },
  { package: 'gcc', program: 'gcc' },
  { package: 'g++', program: 'g++' },
  { package: 'make', program: 'make' },
  { package: 'python3', program: 'python3' },
  { package: 'libc6-dev', file: '/usr/include/stdio.h' },
  { package: 'libmodbus-dev', file: '/usr/include/modbus/modbus.h' },
  { package: 'mbpoll', program: 'mbpoll' },
  { package: 'openssl', program: 'openssl' },
  { package: 'socat', program: 'socat' },
  { package: 'iproute2', program: 'ip' },
  { package: 'strace', program: 'strace' },
  { package: 'tmux', program: 'tmux' },
  { package: 'protobuf-compiler', program: 'protoc' },
  { package: 'e2fsprogs', program: 'mkfs.ext4' },
  { package: 'faketime', program: 'faketime' },
  { package: 'tshark', program: 'tshark' },
];

ensureInstalled();
ensureCounterparts();
ensureGpio();

const filters = process.argv.slice(2);
const steps = [
  { name: 'types', args: [bin('typescript/bin/tsc')] },
  { name: 'lint', args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings'] },
  { name: 'unused code and packages', args: [bin('knip/bin/knip.js')] },
  { name: 'tests', args: [bin('vitest/vitest.mjs'), 'run', ...filters] },
];
const failed = [];
for (const { name, args } of filters.length > 0 ? steps.slice(-1) : steps) {
  console.log(`\n== ${name}`);
  if (runPinned(args) !== 0) failed.push(name);
}
if (failed.length > 0) fail(`\nfailed: ${failed.join(', ')}`);

function bin(path) {
  return join('node_modules', path);
}

function ensureCounterparts() {
  const missing = counterparts.filter(({ program, file }) => !(file ? existsSync(file) : isOnPath(program)));
  if (missing.length === 0) return;
  const names = missing.map(one => one.package);
  const byHand = `install what the tests need: sudo apt-get install ${names.join(' ')}`;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0) fail(byHand);
  console.error(`installing what the tests need: ${names.join(' ')} …`);
  const apt = args => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const [command, ...rest] = [...(isRoot ? [] : ['sudo', '-n']), 'apt-get', '-qq', ...args];
    return spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
  };
  if (!apt(['update']) || !apt(['install', '-y', '--no-install-recommends', ...names])) fail(byHand);
}

function isOnPath(program) {
  const folders = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/usr/bin`.split(delimiter);
  return folders.some(folder => existsSync(join(folder, program)));
}
