import { readFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import type { TimeStamp } from '../model/time.ts';

/** Knows how good the wall clock is, and ties its times to the boot they belong to. */
export interface TimeKeeper {
  /** For a record made at this monotonic time of the process. */
  stampAt(mono: number): TimeStamp;
}

export function createTimeKeeper(clock: Clock): TimeKeeper {
  const bootId = readBootId();
  // The process began to count when the kernel had counted so far.
  const startedBootMs = clock.bootMs() - clock.monoMs();
  return { stampAt: mono => ({ clock: 'synchronised', bootId, bootMs: mono + startedBootMs }) };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
