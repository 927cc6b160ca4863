import { execFileSync, spawnSync } from 'node:child_process';

/** Asks the sqlite3 shell, which nobody here wrote. */
export function askShell(path: string, sql: string): string {
  return execFileSync('sqlite3', [path, sql], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Tells, once, why a test cannot run on this machine. */
export function hasProgram(name: string): boolean {
  const isThere = spawnSync(name, ['-V'], { stdio: 'ignore' }).error === undefined;
  if (!isThere) process.stderr.write(`${name} is not installed: the tests that need it do not run\n`);
  return isThere;
}
