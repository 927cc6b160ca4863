import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './process.ts';

/** Programs of test/fixtures in C, compiled for the time of a benchmark. */
export interface Programs extends Disposable {
  path(name: string): string;
}

export function compilePrograms(...names: readonly string[]): Programs {
  return compile(names, ['-I/usr/include/modbus'], ['-lmodbus', '-lpthread']);
}

/** Libraries of test/fixtures in C, to be put in front of a program with LD_PRELOAD. */
export function compileLibraries(...names: readonly string[]): Programs {
  return compile(names, ['-shared', '-fPIC'], ['-ldl', '-lpthread']);
}

function compile(names: readonly string[], flags: readonly string[], libraries: readonly string[]): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-bench-'));
  for (const name of names) {
    const source = join(root, `test/fixtures/${name}.c`);
    const args = ['-O2', '-Wall', ...flags, source, '-o', join(folder, name), ...libraries];
    const { error, status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
    if (error || status !== 0) throw new Error(`cannot compile ${name}: ${error?.message ?? stderr}`);
  }
  return {
    path: name => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
