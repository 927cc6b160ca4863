import type { OpenBus, Read, ReadOutcome } from '../../src/driver.ts';

/** Makes a read, fills its readings and resolves with its outcome. */
export function readOnce(bus: OpenBus, read: Read, timeoutMs = 1_000): Promise<ReadOutcome> {
  return new Promise(resolve => {
    bus.read(read, timeoutMs, outcome => {
      if (outcome.kind === 'answered') bus.decode(read);
      resolve(outcome);
    });
  });
}
