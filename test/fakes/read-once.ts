import type { OpenBus, Read, ReadOutcome } from '../../src/driver.ts';

/** Makes a read, fills its readings and resolves with its outcome. */
export function readOnce(bus: OpenBus, read: Read): Promise<ReadOutcome> {
  return new Promise(resolve => {
    bus.read(read, outcome => {
      if (outcome.kind === 'answered') bus.decode(read);
      resolve(outcome);
    });
  });
}
