import { readFileSync } from 'node:fs';

/**
 * What this thread has made the system write to its disks so far, bytes. Undefined where the system does not say, as in
 * a container that hides it. What a file system writes for itself is not in it.
 */
export function writtenBytes(): number | undefined {
  try {
    const found = /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/thread-self/io', 'utf8'));
    return found ? Number(found[1]) : undefined;
  } catch {
    return undefined;
  }
}
