import { createBusyMeter } from './busy-meter.ts';

/**
 * What devices that do not answer may take of their bus. Each request that one of them lets run into its timeout is paid
 * for by a pause in which no other is made to any of them, as long as it takes until the share is kept: at 10 % a request
 * of 200 ms is followed by 1.8 s for the others. So the share holds from every such request to the next, and two of them
 * never come together, however many devices are dead.
 */
export interface DeadShare {
  /** The next request to an absent device may begin then, or at any time before. */
  readonly freeMono: number;
  /** A request to an absent device was in vain. */
  spend(fromMono: number, toMono: number): void;
  /** A request was in vain that hurt nobody: seen, but not paid for. */
  note(fromMono: number, toMono: number): void;
  /** Share of the last minute that requests in vain have taken, 0 to 1. */
  share(nowMono: number): number;
}

/** @param limit the most that dead devices may take of the bus, above 0; more than 1 where several requests go beside each other */
export function createDeadShare(limit: number, startMono: number): DeadShare {
  const meter = createBusyMeter(startMono);
  let freeMono = startMono;
  return {
    get freeMono() {
      return freeMono;
    },
    spend(fromMono, toMono) {
      meter.add(fromMono, toMono);
      freeMono = Math.max(freeMono, fromMono) + (toMono - fromMono) / limit;
    },
    note: meter.add,
    share: meter.share,
  };
}
