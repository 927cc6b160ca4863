import { join, relative } from 'node:path';
import { PlantroomError } from '../base/errors.ts';

/** sun_path is 108 bytes with its closing zero (unix(7)). */
const longestSocketPathBytes = 107;

/**
 * Where the simulator of a folder listens: `sim.sock` in it, spelt from the current folder where the whole path is too
 * long for the system.
 *
 * @throws PlantroomError `usage` when both are too long
 */
export function controlSocketIn(folder: string): string {
  const path = join(folder, 'sim.sock');
  for (const spelling of [path, relative('', path)]) {
    if (Buffer.byteLength(spelling) <= longestSocketPathBytes) return spelling;
  }
  throw new PlantroomError(
    `the path of the simulator's socket is longer than ${longestSocketPathBytes} bytes: ${path}`,
    {
      kind: 'usage',
      hint: 'give a shorter folder with --data, or change into a folder nearer to it',
    },
  );
}
