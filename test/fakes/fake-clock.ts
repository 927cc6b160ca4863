import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A wall clock of its own for a daemon, which can be set while it runs; the monotonic clock stays the true one. Made by
 * libfaketime, which stands between the program and the kernel.
 */
export interface FakeClock {
  /** For `startDaemon`: begins at `date` (UTC) when the process does. */
  env(dataFolder: string): Readonly<Record<string, string>>;
  /** From now on it is right. */
  setRight(): void;
}

/** False, and told once, where faketime is not installed. */
export function hasFakeClock(): boolean {
  const isThere = spawnSync('faketime', ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!isThere) process.stderr.write('faketime is not installed: the tests that set the clock do not run\n');
  return isThere;
}

export function createFakeClock(date: string): FakeClock {
  const library = execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  let file: string | undefined;
  return {
    env(dataFolder) {
      file ??= join(dataFolder, '../clock');
      writeFileSync(file, `@${date}\n`);
      return {
        LD_PRELOAD: library,
        TZ: 'UTC',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        FAKETIME_NO_CACHE: '1',
        FAKETIME_TIMESTAMP_FILE: file,
      };
    },
    setRight() {
      if (file === undefined) throw new Error('nobody has this clock yet');
      writeFileSync(file, '+0\n');
    },
  };
}
