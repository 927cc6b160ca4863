import { writeToStream } from 'mqtt-packet';

/** A pool that small buffers are cut from, 64 KiB unless somebody says otherwise. */
const poolBytes = 512;

/**
 * mqtt.js's packets keep a buffer for each of 65,536 numbers, 7 MB from the first connection on, and one for each length of
 * message below 16 KiB that was ever sent. The latter are four bytes each, but hold the whole pool that they were cut from:
 * with pools of 64 KiB a drain of some minutes left 15 MB behind, and years of it would fill the machine.
 */
export function keepPacketsSmall(): void {
  writeToStream.cacheNumbers = false;
  Buffer.poolSize = poolBytes;
}
